"""Code lists of Lemonsoft: whatever their rows are keyed by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from gateway import gateway_over
from stories.capped import with_rows
from stories.test_code_lists import page, values
from stories.test_odd_pages import Bent

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio


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


async def test_a_list_of_which_no_row_has_a_code_is_no_code_list(box: Sandbox) -> None:
    change = partial(with_codes, lambda row: {"description": row["description"]})
    async with gateway_over(box, bent=partial(Bent, change)) as gateway:
        answer = await gateway.ask(page("lemonsoft", "paymentTerms"))

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert "number or id" in answer.errors[0]["message"]
