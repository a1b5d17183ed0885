"""Names behind codes: a code list is read whole, whatever its rows are keyed by, and fails as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gateway import gateway_over
from picked import CONTACTS
from vendors import FACTS

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

LISTS = {
    (name, field): path
    for name, facts in FACTS.items()
    for path, lost in facts.lost
    for field in ("paymentTerms", "invoiceDelivery")
    if f"billing.{field}" in lost
}
"""The fields that are told by a code list, and where each is read."""

ALL = pytest.mark.parametrize(("system", "field"), LISTS)


def page(system: str, fields: str, size: int = 30) -> str:
    return (
        f'{{ system(name: "{system}") {{ customers(first: {size}) {{ nodes {{ name billing {{ {fields} }} }} }} }} }}'
    )


def values(data: Any, field: str) -> list[Any]:
    return [node["billing"][field] for node in data["system"]["customers"]["nodes"]]


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


async def test_each_field_of_the_document_has_its_own_error(box: Sandbox, executor: ExecutorName) -> None:
    first, *others = [system for system, field in LISTS if field == "paymentTerms"]
    page = 'system(name: "%s") { customers(first: 9) { nodes { billing { %s } } } }'
    fields = [
        f"a: {page % (first, 'terms: paymentTerms paymentTerms')}",
        *(f"of_{system}: {page % (system, 'paymentTerms')}" for system in (first, *others)),
    ]
    async with gateway_over(box, executor=executor) as gateway:
        for system in (first, *others):
            box.vendors[system].faults.set("status", status=503, path=LISTS[system, "paymentTerms"])
        answer = await gateway.ask(f"{{ {' '.join(fields)} }}")

    found = [(error["path"][0], error["path"][-1], error["extensions"]["system"]) for error in answer.errors]
    assert sorted(found) == sorted(
        [
            ("a", "paymentTerms", first),
            ("a", "terms", first),
            *((f"of_{system}", "paymentTerms", system) for system in (first, *others)),
        ]
    )


async def test_what_fails_for_its_own_row_is_told_for_each(box: Sandbox, executor: ExecutorName) -> None:
    system, path = next(iter(CONTACTS.items()))
    query = f'{{ system(name: "{system}") {{ customers(first: 3) {{ nodes {{ contacts {{ name }} }} }} }} }}'
    async with gateway_over(box, executor=executor) as gateway:
        box.vendors[system].faults.set("status", status=503, path=path)
        answer = await gateway.ask(query)

    assert [error["path"][3] for error in answer.errors] == [0, 1, 2]
