"""Every field of every type, for callers of different rights: the table `rights_matrix.txt`, cell by cell.

A row is a type and a field (`*`: all that have no row of their own); a column is a caller. The rows of a vendor's own
types stand in its folder. A cell says `read`; `F` where the answer has a FORBIDDEN error, and no call is made for the
field; or `401`. `one` has every scope at one system: it reads of it what `admin` reads; for a type that is read of
another system, which does not exist for it, it is told so: `-`. No call at all is made for the last two.

Keys are made in a database, and found by what `serve` finds them by. `none` sends no credential to a gateway without
`anonymous`; `anonymous` sends none to one with it. Each cell is a request of its own, but for `-` and `401`, which are
the whole answer's: there one request has all fields of the type.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from catalog_index import Passes
from gateway import SYSTEMS, gateway_over
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_composite_type
from vendors import FACTS, WRITES

from customer_gateway.api.access import NEEDED
from customer_gateway.app import gateway_schema
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.model.callers import EVERY_SCOPE, ApiKey, Rights
from customer_gateway.model.key_text import digest_of, new_key, new_key_id
from customer_gateway.store.api_keys import ApiKeys
from customer_gateway.store.database import Database
from customer_gateway.store.key_source import KeySource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from gateway import Answer, Gateway

    from customer_gateway.federation.request import Federation
    from customer_gateway.sandbox import Sandbox

# Tried with the laws, without coverage: thousands of requests over fields that other tests reach, too.
pytestmark = [pytest.mark.anyio, pytest.mark.table]

SCHEMA = gateway_schema()
TABLE = Path(__file__).with_name("rights_matrix.txt")
SYSTEM_TESTS = Path(__file__).parent.parent / "systems"
ONE_SYSTEM = SYSTEMS[0]
KEYS: Mapping[str, Rights] = {
    "nothing": Rights(frozenset()),
    "read": Rights(frozenset({"customers:read"})),
    "billing": Rights(frozenset({"customers:read", "billing:read"})),
    "raw": Rights(frozenset({"customers:read", "billing:read", "raw:read"})),
    "secrets": Rights(frozenset({"customers:read", "billing:read", "secrets:read"})),
    "write": Rights(frozenset({"customers:read", "customers:write", "schema:read"})),
    "admin": Rights(EVERY_SCOPE),
    "one": Rights(EVERY_SCOPE, frozenset({ONE_SYSTEM})),
}
CALLERS = ("none", "anonymous", *KEYS)
ARGUMENTS = {
    "customers": "(first: SIZE)",
    "invoices": "(first: 1)",
    "provenance": '(fields: ["name"])',
    "users": "(first: 1)",
    "choices": '(field: "kind")',
}
OF_WRITES = {
    *("Mutation", "CustomerPayload", "OperationPayload", "UserError"),
    *("Operation", "OperationConnection", "OperationEdge", "Write", "FieldChange"),
}
"""Types that no read of a system leads to: tests/api/test_mutations.py says who reads what of them."""
OF_QUERY = {
    "system": f'(name: "{ONE_SYSTEM}")',
    "node": '(id: "%s")',
    "nodes": '(ids: ["%s"])',
    "customer": '(by: { id: "%s" })',
    "customers": "(first: 1)",
    "operation": '(id: "o1")',
    "operations": "(first: 1)",
    "__type": '(name: "Customer")',
}


@cache
def table() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """The cells of each row, by their callers."""
    rows: dict[tuple[str, str], Mapping[str, str]] = {}
    for path in (TABLE, *(SYSTEM_TESTS / slug / "rights.txt" for slug in SYSTEMS)):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        callers, *lines = [line.split() for line in text.splitlines() if line and line[0] != "#"] or [[]]
        for named, *cells in lines:
            type_name, _, field = named.partition(".")
            rows[type_name, field] = dict(zip(callers[1:], cells, strict=True))
    return rows


def expected(type_name: str, field: str, caller: str, system: str = ONE_SYSTEM) -> str:
    """The cell for a field of a type that is read of a system."""
    if caller == "one" and system != ONE_SYSTEM:
        return "-"
    type_: Any = SCHEMA.type_map[type_name]
    names = [type_name, *(each.name for each in type_.interfaces)]
    rows = table()
    found = [rows[key] for key in (*((name, field) for name in names), (type_name, "*")) if key in rows]
    return [*found, rows["*", "*"]][0]["admin" if caller == "one" else caller]


def object_types() -> list[str]:
    """All types of what is read of systems, but what no vendor has: nouns, or lists to choose from."""
    node: Any = SCHEMA.type_map["Node"]
    lacking = {each.name for each in SCHEMA.get_possible_types(node)}.difference(
        *(each.nouns for each in FACTS.values())
    )
    if not any(each.choices for each in WRITES.values()):
        lacking.add("Choice")
    return sorted(
        name
        for name, each in SCHEMA.type_map.items()
        if isinstance(each, GraphQLObjectType)
        and not name.startswith("__")
        and name not in {"Query", *lacking, *OF_WRITES}
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


@dataclass(frozen=True, slots=True)
class Stored:
    """A database with a key for each of `KEYS`, and their texts."""

    url: str
    texts: Mapping[str, str]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('keys') / 'gateway.db'}"
    texts = {name: new_key() for name in KEYS}

    async def make() -> None:
        database = Database(url)
        for name, text in texts.items():
            key = ApiKey(new_key_id(), name, digest_of(text), KEYS[name])
            assert await ApiKeys(database).add(key, datetime.now(UTC))
        await database.aclose()

    asyncio.run(make())
    return Stored(url, texts)


@dataclass(frozen=True, slots=True)
class Gateways:
    """One that takes requests without a credential, and one that does not, over the same vendors and keys."""

    opened: Gateway
    closed: Gateway
    texts: Mapping[str, str]

    async def ask(self, caller: str, query: str) -> Answer:
        gateway = self.closed if caller == "none" else self.opened
        headers = {"authorization": f"Bearer {self.texts[caller]}"} if caller in self.texts else {}
        return await gateway.ask(query, headers=headers)

    async def calls_of(self, caller: str, query: str) -> tuple[Answer, list[str]]:
        """The answer, and the calls to vendors that it took."""
        self.opened.forget_calls()
        answer = await self.ask(caller, query)
        return answer, [call for name in SYSTEMS for call in self.opened.log(name)]


def passed(federation: Federation) -> Federation:
    """The federation of a gateway whose index is filled."""
    return replace(federation, sync=Passes(SYSTEMS))


@asynccontextmanager
async def gateways_over(
    box: Sandbox, stored: Stored, anonymous_systems: frozenset[str] | None = None
) -> AsyncGenerator[Gateways]:
    some = anonymous(frozenset({"customers:read"}), anonymous_systems)
    database = Database(stored.url)
    keys = KeyCache(KeySource(database))
    try:
        async with (
            keys.following(),
            gateway_over(box, authenticator=Authenticator(some, keys), watched=passed) as opened,
            gateway_over(box, authenticator=Authenticator(keys=keys), watched=passed) as closed,
        ):
            yield Gateways(opened, closed, stored.texts)
    finally:
        await database.aclose()


def is_forbidden(answer: Answer) -> bool:
    return "FORBIDDEN" in answer.codes


async def way_to(gateways: Gateways, type_name: str) -> tuple[str, str, str]:
    """A system that has objects of the type among the nouns of its first customers, and what stands around a selection
    on them.
    """
    before, after = ways()[type_name]
    for size in (1, 20):
        for name in SYSTEMS:
            start = before.replace("SYSTEM", name).replace("SIZE", str(size))
            answer = await gateways.ask("admin", f"{start}marked: __typename{after}")
            if f'"marked":"{type_name}"' in answer.text.decode():
                return name, start, after
    raise LookupError(f"no system has a {type_name}")


@pytest.mark.parametrize("type_name", object_types())
async def test_a_caller_reads_what_the_table_says(type_name: str, box: Sandbox, stored: Stored) -> None:
    found: dict[tuple[str, str], str] = {}
    async with gateways_over(box, stored) as gateways:
        system, before, after = await way_to(gateways, type_name)
        everything = " ".join(selection(name, field) for name, field in fields_of(type_name).items())
        for caller in CALLERS:
            if caller == "none" or (caller == "one" and system != ONE_SYSTEM):
                answer, calls = await gateways.calls_of(caller, before + everything + after)
                assert calls == []
                found |= dict.fromkeys(((name, caller) for name in fields_of(type_name)), cell_without_data(answer))
                continue
            _, needed = await gateways.calls_of(caller, before + "__typename" + after)
            for name, field in fields_of(type_name).items():
                answer, calls = await gateways.calls_of(caller, before + selection(name, field) + after)
                found[name, caller] = "F" if is_forbidden(answer) else str(answer.status).replace("200", "read")
                # The calls for a forbidden field are those for the same query without it, if any.
                assert found[name, caller] != "F" or [call for call in calls if call not in needed] == []

    assert found == {(name, caller): expected(type_name, name, caller, system) for name, caller in found}


def cell_without_data(answer: Answer) -> str:
    """`-` where all that the answer says is that there is no such system."""
    if answer.status == 401:
        return "401"
    assert (answer.status, answer.partial, answer.codes) == (200, {"system": None}, ["BAD_USER_INPUT"])
    return "-"


@pytest.mark.parametrize("field", [*fields_of("Query"), "__schema", "__type"])
async def test_a_caller_asks_for_what_the_table_says(field: str, box: Sandbox, stored: Stored) -> None:
    async with gateways_over(box, stored) as gateways:
        some = await gateways.ask(
            "admin", f'{{ system(name: "{ONE_SYSTEM}") {{ customers(first: 1) {{ nodes {{ id }} }} }} }}'
        )
        known = OF_QUERY.get(field, "").replace("%s", some.data["system"]["customers"]["nodes"][0]["id"])
        found: dict[str, str] = {}
        for caller in CALLERS:
            answer, calls = await gateways.calls_of(caller, f"{{ {field}{known} {{ __typename }} }}")
            found[caller] = "F" if is_forbidden(answer) else str(answer.status).replace("200", "read")
            assert found[caller] == "read" or calls == []

    assert found == {caller: expected("Query", field, caller) for caller in CALLERS}


async def test_a_request_without_a_credential_is_401_or_anonymous(box: Sandbox, stored: Stored) -> None:
    query = "{ systems { name } }"
    unknown = {"authorization": f"Bearer {new_key()}"}
    async with gateways_over(box, stored, frozenset({ONE_SYSTEM})) as gateways:
        refused = await gateways.ask("none", query)
        closed_to_it = await gateways.closed.ask(query, headers=unknown)
        allowed = await gateways.ask("anonymous", query)
        opened_to_it = await gateways.opened.ask(query, headers=unknown)

    assert [each.status for each in (refused, closed_to_it, opened_to_it)] == [401, 401, 401]
    assert refused.codes == ["UNAUTHENTICATED"]
    assert allowed.data == {"systems": [{"name": ONE_SYSTEM}]}
