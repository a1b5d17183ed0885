"""Every field of every type, for callers of different rights: the table `rights_matrix.txt`, cell by cell.

A row is a type and a field (`*`: all that have no row of their own); a column is a caller; a cell says `read`, or
`F` where the answer has a FORBIDDEN error, or `401`.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, gateway_over
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_composite_type
from named_callers import NamedKeys
from vendors import FACTS

from customer_gateway.api.access import NEEDED
from customer_gateway.app import gateway_schema
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.model.callers import EVERY_SCOPE, Rights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway import Gateway

    from customer_gateway.sandbox import Sandbox

# Tried with the laws, without coverage: thousands of requests over fields that other tests reach, too.
pytestmark = [pytest.mark.anyio, pytest.mark.hypothesis]

SCHEMA = gateway_schema()
TABLE = Path(__file__).with_name("rights_matrix.txt")
ONE_SYSTEM = SYSTEMS[0]
CALLERS: Mapping[str, Rights] = {
    "nothing": Rights(frozenset()),
    "read": Rights(frozenset({"customers:read"})),
    "billing": Rights(frozenset({"customers:read", "billing:read"})),
    "raw": Rights(frozenset({"customers:read", "billing:read", "raw:read"})),
    "secrets": Rights(frozenset({"customers:read", "billing:read", "secrets:read"})),
    "write": Rights(frozenset({"customers:read", "customers:write", "schema:read"})),
    "admin": Rights(EVERY_SCOPE),
    "one": Rights(EVERY_SCOPE, frozenset({ONE_SYSTEM})),
}
ARGUMENTS = {"customers": "(first: SIZE)", "invoices": "(first: 1)", "provenance": '(fields: ["name"])'}
OF_QUERY = {
    "system": f'(name: "{ONE_SYSTEM}")',
    "node": '(id: "%s")',
    "nodes": '(ids: ["%s"])',
    "customer": '(by: { id: "%s" })',
    "__type": '(name: "Customer")',
}


def table() -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """The callers, and the cells of each row."""
    lines = [line.split() for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    return lines[0][1:], {(row[0].partition(".")[0], row[0].partition(".")[2]): row[1:] for row in lines[1:]}


def expected(type_name: str, field: str, caller: str) -> str:
    callers, rows = table()
    row = rows.get((type_name, field)) or rows.get((type_name, "*")) or rows["*", "*"]
    return row[callers.index(caller)]


def object_types() -> list[str]:
    """All types, but nouns that no vendor has."""
    node: Any = SCHEMA.type_map["Node"]
    lacking = {each.name for each in SCHEMA.get_possible_types(node)}.difference(
        *(each.nouns for each in FACTS.values())
    )
    return sorted(
        name
        for name, each in SCHEMA.type_map.items()
        if isinstance(each, GraphQLObjectType) and not name.startswith("__") and name not in {"Query", *lacking}
    )


def fields_of(type_name: str) -> Mapping[str, Any]:
    type_: Any = SCHEMA.type_map[type_name]
    return type_.fields


@cache
def ways() -> Mapping[str, tuple[str, str]]:
    """What stands before and after a selection on each type, from `system(name:)` on; past fields that need scopes
    only where there is no other way.
    """
    found: dict[str, tuple[str, str]] = {"System": ('{ system(name: "SYSTEM") { ', " } }")}
    for past_guarded in (False, True):
        waiting = deque(found)
        while waiting:
            name = waiting.popleft()
            for field_name, field in fields_of(name).items():
                if past_guarded or NEEDED not in field.extensions:
                    fresh = {
                        each: way for each, way in steps(found[name], field_name, field).items() if each not in found
                    }
                    found |= fresh
                    waiting += fresh
    return found


def steps(way: tuple[str, str], name: str, field: Any) -> Mapping[str, tuple[str, str]]:
    """The types that a field leads to, and what stands around a selection on each."""
    before, after = way
    opened = f"{before}{name}{ARGUMENTS.get(name, '')} {{ "
    named: Any = get_named_type(field.type)  # pyright: ignore[reportUnknownVariableType]  graphql-core leaves it open
    if isinstance(named, GraphQLInterfaceType):
        concrete = [each.name for each in SCHEMA.get_possible_types(named)]
        return {each: (f"{opened}... on {each} {{ ", f" }} }}{after}") for each in concrete}
    return {named.name: (opened, f" }}{after}")} if isinstance(named, GraphQLObjectType) else {}


def selection(name: str, field: Any) -> str:
    below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    arguments = ARGUMENTS.get(name, "").replace("SIZE", "1")
    return f"{name}{arguments}{below}"


async def ask(gateway: Gateway, caller: str, query: str) -> Any:
    return await gateway.ask(query, headers={"authorization": f"Bearer cg_{caller}"})


def is_forbidden(answer: Any) -> bool:
    return "FORBIDDEN" in answer.codes


async def way_to(gateway: Gateway, type_name: str) -> tuple[str, str, str]:
    """A system that has objects of the type among the nouns of its first customers, and what stands around a selection
    on them.
    """
    before, after = ways()[type_name]
    for size in (1, 20):
        for name in SYSTEMS:
            start = before.replace("SYSTEM", name).replace("SIZE", str(size))
            answer = await ask(gateway, "admin", f"{start}marked: __typename{after}")
            if f'"marked":"{type_name}"' in answer.text.decode():
                return name, start, after
    raise LookupError(f"no system has a {type_name}")


@pytest.mark.parametrize("type_name", object_types())
async def test_a_caller_reads_what_the_table_says(type_name: str, box: Sandbox) -> None:
    async with gateway_over(box, authenticator=Authenticator(keys=NamedKeys(CALLERS))) as gateway:
        system, before, after = await way_to(gateway, type_name)
        found: dict[tuple[str, str], str] = {}
        for caller in CALLERS:
            if caller == "one" and system != ONE_SYSTEM:
                continue
            for name, field in fields_of(type_name).items():
                answer = await ask(gateway, caller, before + selection(name, field) + after)
                found[name, caller] = "F" if is_forbidden(answer) else str(answer.status).replace("200", "read")
                if found[name, caller] == "F":
                    await assert_nothing_was_asked_for(gateway, caller, before, selection(name, field), after)

    assert found == {(name, caller): expected(type_name, name, caller) for name, caller in found}


async def assert_nothing_was_asked_for(gateway: Gateway, caller: str, before: str, field: str, after: str) -> None:
    """The calls for a forbidden field are those for the same query without it, if any."""
    gateway.forget_calls()
    await ask(gateway, caller, before + "__typename" + after)
    needed = [call for name in SYSTEMS for call in gateway.log(name)]
    gateway.forget_calls()
    await ask(gateway, caller, before + field + after)
    made = [call for name in SYSTEMS for call in gateway.log(name)]
    assert [call for call in made if call not in needed] == []


@pytest.mark.parametrize("field", ["node", "nodes", "customer", "systems", "system", "__schema", "__type"])
async def test_a_caller_asks_for_what_the_table_says(field: str, box: Sandbox) -> None:
    async with gateway_over(box, authenticator=Authenticator(keys=NamedKeys(CALLERS))) as gateway:
        some = await ask(
            gateway, "admin", f'{{ system(name: "{ONE_SYSTEM}") {{ customers(first: 1) {{ nodes {{ id }} }} }} }}'
        )
        known = OF_QUERY.get(field, "").replace("%s", some.data["system"]["customers"]["nodes"][0]["id"])
        found = {
            caller: "F"
            if is_forbidden(await ask(gateway, caller, f"{{ {field}{known} {{ __typename }} }}"))
            else "read"
            for caller in CALLERS
        }

    assert found == {caller: expected("Query", field, caller) for caller in CALLERS}


async def test_a_request_without_a_credential_is_401_or_anonymous(box: Sandbox) -> None:
    query = "{ systems { name } }"
    async with gateway_over(box, authenticator=Authenticator(keys=NamedKeys(CALLERS))) as closed:
        refused = await closed.ask(query)
        unknown = await ask(closed, "somebody", query)
    some = anonymous(frozenset({"customers:read"}), frozenset({ONE_SYSTEM}))
    async with gateway_over(box, authenticator=Authenticator(some, NamedKeys(CALLERS))) as opened:
        allowed = await opened.ask(query)
        still_unknown = await ask(opened, "somebody", query)

    assert [each.status for each in (refused, unknown, still_unknown)] == [401, 401, 401]
    assert refused.codes == ["UNAUTHENTICATED"]
    assert allowed.data == {"systems": [{"name": ONE_SYSTEM}]}
