"""Names behind codes: a code list is read whole, whatever its rows are keyed by, and fails as one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from gateway import gateway_over
from stories.test_odd_pages import Bent, with_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("lemonsoft", "pland")]

LISTS = {
    ("lemonsoft", "paymentTerms"): "/api/codelist/payment_term",
    ("lemonsoft", "invoiceDelivery"): "/api/codelist/description",
    ("pland", "paymentTerms"): "/paymentTerms/",
}
"""The fields that are told by a code list, and where each is read."""

ALL = pytest.mark.parametrize(("system", "field"), LISTS)


def page(system: str, fields: str, size: int = 30) -> str:
    return (
        f'{{ system(name: "{system}") {{ customers(first: {size}) {{ nodes {{ name billing {{ {fields} }} }} }} }} }}'
    )


def values(data: Any, field: str) -> list[Any]:
    return [node["billing"][field] for node in data["system"]["customers"]["nodes"]]


def as_number(row: dict[str, Any]) -> dict[str, Any]:
    return {"number": row.get("number", row.get("id")), "description": row["description"]}


def as_id(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row.get("number", row.get("id")), "description": row["description"]}


def as_both(row: dict[str, Any]) -> dict[str, Any]:
    return {**as_number(row), "id": 7}


def as_text(row: dict[str, Any]) -> dict[str, Any]:
    return {"number": str(row.get("number", row.get("id"))), "description": row["description"]}


def with_codes(change: Callable[[dict[str, Any]], dict[str, Any]], document: Any) -> Any:
    return with_rows(lambda rows: [change(row) if "description" in row else row for row in rows], document)


@pytest.mark.vendors("lemonsoft")
@pytest.mark.parametrize("change", [as_number, as_id, as_both, as_text])
@pytest.mark.parametrize("field", ["paymentTerms", "invoiceDelivery"])
async def test_codes_of_lemonsoft_are_known_by_number_or_by_id(
    box: Sandbox, field: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    async with gateway_over(box) as gateway:
        named = values((await gateway.ask(page("lemonsoft", field))).data, field)
    async with gateway_over(box, bent=partial(Bent, partial(with_codes, change))) as gateway:
        found = values((await gateway.ask(page("lemonsoft", field))).data, field)

    assert found == named
    assert any(name and not name.isdigit() for name in named)


@pytest.mark.vendors("lemonsoft")
async def test_a_row_without_number_and_id_costs_its_own_name(box: Sandbox) -> None:
    def first_unnumbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if "description" not in rows[0]:
            return rows
        return [{"description": rows[0]["description"]}, *rows[1:]]

    query = page("lemonsoft", "paymentTerms", 100)
    async with gateway_over(box) as gateway:
        named = values((await gateway.ask(query)).data, "paymentTerms")
    async with gateway_over(box, bent=partial(Bent, partial(with_rows, first_unnumbered))) as gateway:
        found = values((await gateway.ask(query)).data, "paymentTerms")

    others = [(before, after) for before, after in zip(named, found, strict=True) if before != after]
    assert len(set(others)) == 1
    assert others[0][1].isdigit()
    assert len(set(found)) == len(set(named))


@pytest.mark.vendors("lemonsoft")
async def test_a_list_of_which_no_row_has_a_code_is_no_code_list(box: Sandbox) -> None:
    change = partial(with_codes, lambda row: {"description": row["description"]})
    async with gateway_over(box, bent=partial(Bent, change)) as gateway:
        answer = await gateway.ask(page("lemonsoft", "paymentTerms"))

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert "number or id" in answer.errors[0]["message"]


@ALL
async def test_a_failed_code_list_is_one_error_at_the_first_row_that_needed_it(
    box: Sandbox, executor: ExecutorName, system: str, field: str
) -> None:
    async with gateway_over(box, executor=executor) as gateway:
        named = values((await gateway.ask(page(system, field))).data, field)
    async with gateway_over(box, executor=executor) as gateway:
        box.vendors[system].faults.set("status", status=503, path=LISTS[system, field])
        answer = await gateway.ask(page(system, field))

    first = next(row for row, name in enumerate(named) if name is not None)
    assert values(answer.partial, field) == [None] * 30
    assert [(error["path"], error["extensions"]["code"]) for error in answer.errors] == [
        (["system", "customers", "nodes", first, "billing", field], "UPSTREAM_UNAVAILABLE")
    ]


@pytest.mark.vendors("lemonsoft")
async def test_each_field_of_the_document_has_its_own_error(box: Sandbox, executor: ExecutorName) -> None:
    query = """{
        a: system(name: "lemonsoft") { customers(first: 9) { nodes { billing { terms: paymentTerms paymentTerms } } } }
        b: system(name: "lemonsoft") { customers(first: 9) { nodes { billing { paymentTerms } } } }
        c: system(name: "pland") { customers(first: 9) { nodes { billing { paymentTerms } } } }
    }"""
    async with gateway_over(box, executor=executor) as gateway:
        for system in ("lemonsoft", "pland"):
            box.vendors[system].faults.set("status", status=503, path=LISTS[system, "paymentTerms"])
        answer = await gateway.ask(query)

    fields = [(error["path"][0], error["path"][-1], error["extensions"]["system"]) for error in answer.errors]
    assert sorted(fields) == [
        ("a", "paymentTerms", "lemonsoft"),
        ("a", "terms", "lemonsoft"),
        ("b", "paymentTerms", "lemonsoft"),
        ("c", "paymentTerms", "pland"),
    ]


async def test_what_fails_for_its_own_row_is_told_for_each(box: Sandbox, executor: ExecutorName) -> None:
    query = '{ system(name: "pland") { customers(first: 3) { nodes { contacts { name } } } } }'
    async with gateway_over(box, executor=executor) as gateway:
        box.pland.faults.set("status", status=503, path="/contacts/")
        answer = await gateway.ask(query)

    assert [error["path"][3] for error in answer.errors] == [0, 1, 2]
