"""What a caller may not read is not asked of a system, and says why it is missing."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from named_callers import NamedKeys
from vendors import FACTS

from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.model.callers import EVERY_RIGHT, Rights

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

READER = Rights(frozenset({"customers:read"}))
CALLERS = {"reader": READER, "all": EVERY_RIGHT}
FIRST = SYSTEMS[0]


@asynccontextmanager
async def gateway_of(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor, authenticator=Authenticator(keys=NamedKeys(CALLERS))) as gateway:
        yield gateway


async def ask(gateway: Gateway, caller: str, query: str) -> Any:
    return await gateway.ask(query, headers={"authorization": f"Bearer cg_{caller}"})


def page(system: str, selected: str, first: int = 3) -> str:
    return f'{{ system(name: "{system}") {{ customers(first: {first}) {{ nodes {{ {selected} }} }} }} }}'


@pytest.mark.parametrize("system", SYSTEMS)
async def test_the_provenance_of_a_denied_field_is_redacted_and_costs_no_call(
    system: str, box: Sandbox, executor: ExecutorName
) -> None:
    async with gateway_of(box, executor) as gateway:
        await ask(gateway, "reader", page(system, 'provenance(fields: ["name"]) { field state record { key } }'))
        needed = gateway.log(system)
        gateway.forget_calls()
        fields = '"name", "invoices", "accounts", "billing"'
        selected = f"provenance(fields: [{fields}]) {{ field state record {{ key }} }}"
        answer = await ask(gateway, "reader", page(system, selected))
        made = gateway.log(system)

    assert [call for call in made if call not in needed] == []
    nodes = answer.data["system"]["customers"]["nodes"]
    redacted = [{"field": field, "state": "REDACTED", "record": None} for field in ("invoices", "accounts", "billing")]
    assert [node["provenance"][1:] for node in nodes] == [redacted] * len(nodes)


@pytest.mark.parametrize("system", [name for name in SYSTEMS if FACTS[name].batches])
async def test_a_denied_noun_is_refused_by_its_id_before_anything_is_read(
    system: str, box: Sandbox, executor: ExecutorName
) -> None:
    async with gateway_of(box, executor) as gateway:
        found = await ask(gateway, "all", page(system, "invoices(first: 1) { nodes { id } }", 20))
        nodes = found.data["system"]["customers"]["nodes"]
        invoice = next(each["id"] for node in nodes for each in node["invoices"]["nodes"])
        gateway.forget_calls()
        alone = await ask(gateway, "reader", f'{{ node(id: "{invoice}") {{ id }} }}')
        among = await ask(gateway, "reader", f'{{ nodes(ids: ["{invoice}"]) {{ id }} }}')
        calls = gateway.log(system)

    assert ([alone.codes, among.codes], calls) == ([["FORBIDDEN"], ["FORBIDDEN"]], [])
    assert (alone.partial, among.partial) == ({"node": None}, {"nodes": [None]})


async def test_a_denied_field_is_one_error_of_a_page_however_many_its_rows(
    box: Sandbox, executor: ExecutorName
) -> None:
    async with gateway_of(box, executor) as gateway:
        answer = await ask(gateway, "reader", page(FIRST, "name accounts { __typename } again: accounts { id }", 20))

    nodes = answer.partial["system"]["customers"]["nodes"]
    assert len(nodes) == 20
    assert all(node["accounts"] is node["again"] is None and node["name"] for node in nodes)
    assert [error["path"][-1] for error in answer.errors] == ["accounts", "again"]
    assert answer.errors[0]["message"].startswith("Customer.accounts needs the scope: billing:read; ")


@pytest.mark.vendors("autodns")
async def test_no_key_is_asked_of_autodns_for_a_denied_field_alone(box: Sandbox, executor: ExecutorName) -> None:
    record = "records { ... on AutodnsCustomer { pin card { type } payment } }"
    selected = f"name {record} accounts {{ id }} provenance {{ field }}"
    async with gateway_of(box, executor) as gateway:
        await ask(gateway, "reader", page("autodns", selected))
        denied = keys_of(gateway.log("autodns")[0])
        gateway.forget_calls()
        await ask(gateway, "all", page("autodns", selected))
        whole = keys_of(gateway.log("autodns")[0])

    guarded = {"pin", "card", "payment", "account", "sepa"}
    assert (whole & guarded, denied & guarded) == (guarded, set())


def keys_of(call: str) -> set[str]:
    return set(parse_qs(call.partition("?")[2]).get("keys[]", []))


async def test_names_of_the_schema_are_not_suggested_to_who_may_not_read_it(box: Sandbox) -> None:
    async with gateway_of(box, "breadth") as gateway:
        hidden = await ask(gateway, "reader", "{ systemz { name } }")
        shown = await ask(gateway, "all", "{ systemz { name } }")

    assert ["Did you mean" in answer.errors[0]["message"] for answer in (hidden, shown)] == [False, True]
