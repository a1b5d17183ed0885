"""The gateway's own schema: for any query both executors give the same data and the same errors."""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from catalog_index import index_of
from execution.operations import RULES, Writer
from execution.sameness import Case, assert_same
from gateway import SYSTEMS, in_process, settings_over
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vendors import FACTS, VENDORS, sandbox

from customer_gateway.api.engine import RequestScope
from customer_gateway.api.request_factory import request_factory
from customer_gateway.api.schema import unified_names
from customer_gateway.app import (
    build_federation,
    gateway_schema,
)
from customer_gateway.documents.record import is_list, is_object
from customer_gateway.execution import compile_operation
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog_index import FoundWorld
    from graphql import GraphQLField

    from customer_gateway.execution import Bound
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.sandbox import Sandbox

SCHEMA = gateway_schema(VENDORS)
FUZZ = bool(os.environ.get("FUZZ"))
"""Set by `make fuzz`: a fresh seed and many more operations."""

# graphql-core leaves coroutines of its own behind where an error ends an object before its fields were awaited.
# They are collected before the last of these tests has ended, or they would be an error of some other test.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SYSTEM_NAMES = [f'"{name}"' for name in (*SYSTEMS, "nobody")]
PLACEHOLDERS = 60
IDS = [*(f'"ID{number}"' for number in range(PLACEHOLDERS)), '"malformed"', '"Q3VzdG9tZXI6bmV4dDo5OTk5OTk"']
"""Ids of a page of everybody's customers, put in when the operation is executed; and two that name nothing."""

CUSTOMERS = ["(first: 3)", "(first: 2)", "(first: 1)", "(first: 0)", '(first: 2, after: "CURSOR")', "(first: $size)"]
FOUND = [
    "(first: 3)",
    "(last: 2)",
    "(first: 4, live: false)",
    '(first: 2, after: "FOUND")',
    '(last: 3, before: "FOUND")',
    '(first: 5, search: "mueller")',
    '(first: 3, search: "de", filter: { kind: [COMPANY], countryCode: ["DE"] })',
    f'(first: 2, filter: {{ systems: ["{SYSTEMS[1]}"] }})',
    f'(first: 2, filter: {{ systems: ["{SYSTEMS[3]}", "nobody"] }})',
    '(first: 2, filter: { name: { startsWith: "a" }, createdAt: { after: "2020-01-01T00:00:00Z" } })',
    f'(first: 2, filter: {{ isSupplier: true, systems: ["{SYSTEMS[1]}"] }})',
    "(first: 3, orderBy: { field: NUMBER, direction: DESC })",
    "(first: $size, orderBy: { field: UPDATED_AT })",
    '(first: 1, after: "CURSOR")',
    "",
    "(first: 1, last: 1)",
]
"""What `customers` of all systems is asked."""
ARGUMENTS: dict[tuple[str, ...], list[str]] = {
    ("id",): [f"(id: {each})" for each in IDS],
    ("ids",): [f"(ids: [{', '.join(IDS[start : start + 5])}])" for start in range(0, len(IDS), 3)],
    ("by",): [
        *(f"(by: {{ id: {each} }})" for each in IDS),
        *(f'(by: {{ record: {{ system: "{name}", key: "5001" }} }})' for name in (SYSTEMS[-2], SYSTEMS[0])),
        '(by: { record: { system: "nobody", key: "1" } })',
    ],
    ("names",): ["", "", "", *(f'(names: ["{SYSTEMS[2]}", "{name}"])' for name in (SYSTEMS[0], "nobody"))],
    ("name",): [f"(name: {each})" for each in SYSTEM_NAMES],
    ("after", "first"): CUSTOMERS,
    ("after", "customerId", "first", "state"): CUSTOMERS,
    ("after", "before", "filter", "first", "last", "live", "orderBy", "search"): FOUND,
    ("field",): ['(field: "kind")', '(field: "nothing")'],
    ("fields",): ["", '(fields: ["name", "contacts"])', '(fields: ["invoices"])', '(fields: ["nothing"])'],
}
"""What is asked, by the names of the arguments that a field takes."""


class GatewayWriter(Writer):
    """Asks for what is there, most of the time; and not for `reachable`, which depends on who was asked last, nor for
    `lagSeconds`, which grows meanwhile.
    """

    def field(self, parent: Any, depth: int, condition: str) -> str:
        written = super().field(parent, depth, condition)
        name = written.partition("{")[0]
        return "__typename" if "reachable" in name or "lagSeconds" in name else written

    def arguments(self, field: GraphQLField) -> str:
        names = tuple(sorted(field.args))
        return self.draw(st.sampled_from(ARGUMENTS[names])) if names else ""


@st.composite
def operations(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    writer = GatewayWriter(draw, SCHEMA)
    assert SCHEMA.query_type is not None
    # Small operations reach as many kinds of field, and many more of them can be tried.
    body = writer.selection(SCHEMA.query_type, draw(st.sampled_from([2, 3, 3, 4, 5])))
    variables = "$skip: Boolean!, $include: Boolean = true, $size: Int! = 2"
    return f"query Generated({variables}) {body}\n{writer.fragments(3)}"


VARIABLES = st.fixed_dictionaries(
    {"skip": st.booleans()},
    optional={
        "include": st.sampled_from([True, False, True, False, None]),
        "size": st.sampled_from([1, 2, 3, 101, "x"]),
    },
)


class World:
    """A gateway over the sandbox, one of whose systems is down and two of which fail in part."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        box = sandbox()
        configured = settings_over(box, tables={"breaker": {"failures": 0}})
        wiring = Wiring(transport=in_process(box, configured), retry=Retry(attempts=1))
        self._opened = AsyncExitStack()
        index = self.runner.run(self._index(box))
        self.federation = index.given(build_federation(configured, wiring, VENDORS))
        self._scope_to_request = request_factory(self.federation, unified_names(SCHEMA))
        self._known = self.runner.run(self._ids_and_a_cursor())
        # One without logins: which of its calls is the first to fail would depend on when its token ends.
        down = [name for name, facts in FACTS.items() if facts.session is None][-1]
        box.vendors[down].faults.set("status", status=503)
        if "pland" in SYSTEMS:
            box.pland.faults.set("status", status=429, path="/contacts/")
        if "autodns" in SYSTEMS:
            box.autodns.faults.set("nan", path="/invoice/_search")

    def close(self) -> None:
        self.runner.run(self.federation.aclose())
        self.runner.run(self._opened.aclose())
        self.runner.close()

    async def _index(self, box: Sandbox) -> FoundWorld:
        """An index that knows customers who are gone, and that was never filled whole from one system."""
        folder = Path(self._opened.enter_context(TemporaryDirectory()))
        index = await self._opened.enter_async_context(index_of(box, folder))
        for place, name in enumerate(("pland", "lemonsoft")):
            if name in SYSTEMS:
                await index.put(name, {"key": str(9_000_000 + place), "name": f"A {place}", "number": f"{place}"})
        await index.complete(SYSTEMS[1:])
        return index

    def check(self, document: str, variables: dict[str, Any]) -> None:
        for placeholder, known in self._known.items():
            document = document.replace(placeholder, f'"{known}"')
        self.runner.run(self._check(document, variables))

    async def _check(self, document: str, variables: dict[str, Any]) -> None:
        bound = compile_operation(SCHEMA, document, None, RULES).bind(variables)
        await assert_same(Case(SCHEMA, document, variables, context=lambda: self._request(bound), rules=RULES))

    def _request(self, bound: Bound) -> RequestContext:
        scope = RequestScope(Deadline.after(30), "request", bound.fields_by_type, bound.fields_below, EVERY_RIGHT)
        return self._scope_to_request(scope)

    async def _ids_and_a_cursor(self) -> dict[str, str]:
        nouns = "contacts { id } accounts { id } agreements { id } invoices(first: 2) { nodes { id } } updater { id }"
        page = f"customers(first: 3) {{ pageInfo {{ endCursor }} nodes {{ id {nouns} }} }}"
        document = f"{{ systems {{ {page} }} customers(first: 9) {{ pageInfo {{ endCursor }} }} }}"
        compiled = compile_operation(SCHEMA, document, None, RULES)
        found = await compiled.execute({}, self._request(compiled.bind()), None)
        pages: list[Any] = [each["customers"] for each in (found.data or {})["systems"]]
        ids = sorted({noun["id"] for noun in nouns_in(pages)})
        spread = [ids[place * len(ids) // PLACEHOLDERS] for place in range(PLACEHOLDERS)]
        known = {f'"ID{place}"': each for place, each in enumerate(spread)}
        cursor = (found.data or {})["customers"]["pageInfo"]["endCursor"]
        return {**known, '"CURSOR"': pages[0]["pageInfo"]["endCursor"], '"FOUND"': cursor}


def nouns_in(value: Any) -> Iterator[dict[str, Any]]:
    if is_object(value):
        yield from [value] if "id" in value else []
        yield from nouns_in(list(value.values()))
    elif is_list(value):
        for each in value:
            yield from nouns_in(each)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()
    gc.collect()


@settings(
    max_examples=4_000 if FUZZ else 1_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
@given(operations(), VARIABLES)
def test_any_query_gives_what_graphql_core_gives(world: World, document: str, variables: dict[str, Any]) -> None:
    world.check(document, variables)
