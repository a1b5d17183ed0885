"""Every way in which a vendor may fail, at every vendor, over real sockets: one code, and whether to try again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS, gateway_over
from stories.mishaps import LISTS, MISHAPS
from vendors import FACTS

if TYPE_CHECKING:
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.table]

PAGE = "query ($system: String!) { system(name: $system) { name customers(first: 3) { nodes { name } } } }"


@pytest.mark.parametrize("mishap", MISHAPS)
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_failed_read_is_told_by_the_code_table(system: str, mishap: str, box: Sandbox) -> None:
    expected = MISHAPS[mishap]

    async with (
        box.serving() as urls,
        gateway_over(box, urls=urls, deadline_seconds=0.5 if expected.silent else 10) as gateway,
    ):
        await expected.befall(box, system, LISTS[system])
        answer = await gateway.ask(PAGE, {"system": system})

    assert answer.partial == {"system": {"name": system, "customers": None}}
    (error,) = answer.errors
    assert error["path"] == ["system", "customers"]
    assert error["extensions"]["system"] == system
    assert expected.told(error), error["extensions"]


NESTED = {name: facts.nested for name, facts in FACTS.items()}


@pytest.mark.parametrize("mishap", ["401", "429 with Retry-After", "503", "NaN", "truncated JSON", "hang"])
@pytest.mark.parametrize("system", NESTED)
async def test_a_failed_nested_read_costs_its_own_field_of_every_customer(
    system: str, mishap: str, box: Sandbox
) -> None:
    expected = MISHAPS[mishap]
    name, selection, path = NESTED[system]
    page = f"customers(first: 20) {{ nodes {{ name {selection} }} }}"
    query = f"query ($system: String!) {{ system(name: $system) {{ {page} }} }}"

    async with box.serving() as urls:
        async with gateway_over(box, urls=urls) as healthy:
            whole = (await healthy.ask(query, {"system": system})).data["system"]["customers"]["nodes"]
        await expected.befall(box, system, path)
        async with gateway_over(box, urls=urls, deadline_seconds=1 if expected.silent else 10) as gateway:
            answer = await gateway.ask(query, {"system": system})

    asking = [place for place, node in enumerate(whole) if node[name] is not None]
    assert answer.partial["system"]["customers"]["nodes"] == [{**node, name: None} for node in whole]
    assert [error["path"] for error in answer.errors] == [
        ["system", "customers", "nodes", place, name] for place in asking
    ]
    assert asking
    assert all(expected.told(error) and error["extensions"]["system"] == system for error in answer.errors)
