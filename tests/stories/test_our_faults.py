"""A mistake of ours in one system's read costs that read's fields, in both executors, and is logged with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import CONTACTS
from stories.faulty import (
    MISTAKES,
    FaultyRoutes,
    Mistake,
    parts_of,
    raises_at_once,
    raises_when_awaited,
    vendors_with,
)
from stories.selections import CUSTOMER, NODE, nouns_in
from structlog.testing import capture_logs
from vendors import FACTS

from customer_gateway.api.error_formatting import MASK
from customer_gateway.documents.record import is_list, is_object
from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.ids import decode_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway import Answer

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

COUNTING = {name for name, facts in FACTS.items() if facts.page_calls[2] > 1 or not facts.counts}
RECORD = "... on BillbeeCustomer { address { id } }" if "billbee" in SYSTEMS else "__typename"
LISTS = f"""{{ systems {{
    name reachable customers(first: 2) {{ totalCount nodes {{ {CUSTOMER} records {{ {RECORD} }} }} }}
}} }}"""
NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }}"
IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


class Told:
    """What a gateway tells of two customers of each system and of their nouns, and what it logs meanwhile."""

    def __init__(self, lists: Answer, nodes: Answer, lines: list[Any]) -> None:
        self.data = {"lists": lists.partial, "nodes": nodes.partial}
        self.errors = [("lists", each) for each in lists.errors] + [("nodes", each) for each in nodes.errors]
        self.paths = {(of, *error["path"]) for of, error in self.errors}
        self.tracebacks = [line for line in lines if line.get("exc_info")]


async def told(gateway: Gateway, ids: list[str]) -> Told:
    with capture_logs() as lines:
        return Told(await gateway.ask(LISTS), await gateway.ask(NODES, {"ids": ids}), lines)


async def ids_of_nouns(gateway: Gateway) -> list[str]:
    """One of each noun of each system, the customers' last."""
    systems = (await gateway.ask(LISTS)).data["systems"]
    found = {(of, each["__typename"]): each["id"] for of, system in enumerate(systems) for each in nouns_in(system)}
    return [found[key] for key in sorted(found, key=lambda key: (key[1] == "Customer", key))]


def differences(whole: Any, found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths at which two answers differ, as high as one of them has nothing."""
    if is_object(whole) and is_object(found):
        for name in whole:
            yield from differences(whole[name], found[name], (*path, name))
    elif is_list(whole) and is_list(found) and len(whole) == len(found):
        for place, (one, other) in enumerate(zip(whole, found, strict=True)):
            yield from differences(one, other, (*path, place))
    elif whole != found:
        yield path


def wrong_with(told: Told, whole: Told, system: str) -> list[Any]:
    """What is not as it should be: differences without an error, other systems' fields, errors that say otherwise."""
    once = {without_places(path) for path in told.paths if path[-1] in {"paymentTerms", "invoiceDelivery"}}
    wrong: list[Any] = [
        path
        for path in differences(whole.data, told.data)
        if path not in told.paths and without_places(path) not in once  # a failed code list is told once for all rows
    ]
    wrong += [path for path in told.paths if path[:2] == ("lists", "systems") and path[2] != 0]
    wrong += [path for path in told.paths if len(path) < 3]
    for _, error in told.errors:
        code = {name: value for name, value in error["extensions"].items() if name != "requestId"}
        if code != {"code": "INTERNAL_SERVER_ERROR"} or error["message"] != MASK:
            wrong.append(error)
    return wrong + [line for line in told.tracebacks if line.get("system", system) != system]


def without_places(path: Sequence[str | int]) -> tuple[str, ...]:
    return tuple(part for part in path if isinstance(part, str))


def beside_another(system: str) -> list[tuple[str, str]]:
    """The system and another one, as they are configured."""
    return [(name, name) for name in (system, next(other for other in SYSTEMS if other != system))]


def failed_fields(told: Told) -> set[str]:
    """The names of the fields that have errors; of an item of a list, the list's."""
    return {next(str(name) for name in reversed(path) if not isinstance(name, int)) for path in told.paths}


def field_of(part: str) -> str:
    """The field that a part of a system tells, by its GraphQL name."""
    of, _, name = part.partition(" ")
    if of == "node_lookups":
        return "nodes"
    return graphql_name(name.rpartition(".")[2].lower() if name.startswith("record.") else name.rpartition(".")[2])


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_mistake_in_a_reader_or_finder_costs_its_field_only(
    system: str, executor: ExecutorName, box: Sandbox
) -> None:
    two = beside_another(system)
    async with gateway_over(box, systems=two) as gateway:
        ids = await ids_of_nouns(gateway)
        whole = await told(gateway, ids)

    # What a reader gives is looked at before either executor sees it: the other one meets one mistake of each part.
    mistakes = MISTAKES if executor == "breadth" else {"raises when awaited": raises_when_awaited}
    for part in parts_of(box, system):
        for name, mistake in mistakes.items():
            vendors = vendors_with(system, part, mistake)
            async with gateway_over(box, executor=executor, systems=two, vendors=vendors) as gateway:
                found = await told(gateway, ids)

            assert wrong_with(found, whole, system) == [], (part, name)
            assert failed_fields(found) == {field_of(part)}, (part, name)
            assert len(found.tracebacks) in {1, 2}, (part, name)  # one in each of the two requests


async def test_a_batch_that_has_nothing_beside_it_costs_its_own_ids(executor: ExecutorName, box: Sandbox) -> None:
    async with gateway_over(box) as gateway:
        contacts = [each for each in await ids_of_nouns(gateway) if decode_id(each).type == "Contact"]
    system = next(iter(CONTACTS))
    vendors = vendors_with(system, "node_lookups Contact", raises_when_awaited)
    lone, *_ = [each for each in contacts if decode_id(each).system == system]

    async with gateway_over(box, executor=executor, vendors=vendors) as gateway:
        with capture_logs() as lines:
            answer = await gateway.ask(IDS, {"ids": [lone, lone]})
            alone = await gateway.ask("query ($id: ID!) { node(id: $id) { id } other: __typename }", {"id": lone})

    assert answer.partial == {"nodes": [None, None]}
    assert [error["path"] for error in answer.errors] == [["nodes", 0], ["nodes", 1]]
    assert alone.partial == {"node": None, "other": "Query"}
    assert {*answer.codes, *alone.codes} == {"INTERNAL_SERVER_ERROR"}
    assert [type(line["exc_info"]) for line in lines if "exc_info" in line] == [Mistake, Mistake]


@pytest.mark.parametrize("part", ["page", "customers", "count"])
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_mistake_in_reading_a_list_costs_that_list_only(
    system: str, part: str, executor: ExecutorName, box: Sandbox
) -> None:
    two = beside_another(system)
    async with gateway_over(box, systems=two) as gateway:
        ids = await ids_of_nouns(gateway)
        whole = await told(gateway, ids)

    for mistake in [raises_at_once] if part == "customers" else [raises_at_once, raises_when_awaited]:
        vendors = vendors_with(system, part, mistake)
        async with gateway_over(box, executor=executor, systems=two, vendors=vendors) as gateway:
            found = await told(gateway, ids)

        assert wrong_with(found, whole, system) == []
        assert (
            failed_fields(found)
            <= {
                "page": {"customers"},
                "customers": {"customers", "customer", "nodes"},
                "count": {"totalCount"},
            }[part]
        )
        assert bool(found.errors) == (part != "count" or system in COUNTING)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_mistake_in_asking_for_a_sign_of_life_is_told_as_unreachable(
    system: str, executor: ExecutorName, box: Sandbox
) -> None:
    vendors = vendors_with(system, "reachable", raises_when_awaited)

    async with gateway_over(box, executor=executor, vendors=vendors) as gateway:
        with capture_logs() as lines:
            answer = await gateway.ask("{ systems { name reachable } }")

    assert answer.data["systems"] == [{"name": name, "reachable": name != system} for name in SYSTEMS]
    assert [type(line["exc_info"]) for line in lines if "exc_info" in line] == [Mistake]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_mistake_in_a_route_costs_what_it_reads(system: str, executor: ExecutorName, box: Sandbox) -> None:
    two, routes = beside_another(system), FaultyRoutes()
    async with gateway_over(box, systems=two, watched=routes.watch) as gateway:
        ids = await ids_of_nouns(gateway)
        whole = await told(gateway, ids)
    own = sorted(route for route in routes.used if route.startswith(f"{system}."))

    assert len(own) > 1
    assert f"{system}.customers" in own
    for route in own:
        broken = FaultyRoutes(route)
        async with gateway_over(box, executor=executor, systems=two, watched=broken.watch) as gateway:
            found = await told(gateway, ids)

        assert wrong_with(found, whole, system) == [], route
        assert found.errors, route
        assert found.tracebacks, route
        assert {line["read"] for line in found.tracebacks} == {route.partition(".")[2]}
