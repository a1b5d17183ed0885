"""Every mutation at every system over HTTP, by the table kept by hand: the plan, the run, the calls, what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import pytest
from gateway import gateway_over
from operations.cells import CELLS, CHANGE, NEW, Calls, NotWritable
from stories.test_writes import writing_gateway
from vendors import VENDORS, WRITES, sandbox

from customer_gateway.documents import exact
from customer_gateway.documents.changes import value_at
from customer_gateway.documents.structs import graphql_name
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.model.ids import decode_id, encode_id
from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway import Gateway

    from customer_gateway.sandbox.store import Collection

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH: Final = [(kind, system) for kind, row in CELLS.items() for system in row]
WRITABLE: Final = [(kind, system) for kind, system in EACH if isinstance(CELLS[kind][system], Calls)]
REFUSED: Final = [(kind, system) for kind, system in EACH if isinstance(CELLS[kind][system], NotWritable)]
KINDS: Final = {vendor.kind.slug: vendor.kind for vendor in VENDORS}
PLANTED: Final = '{"xUnknown":{"price":1.10,"list":[1,null,{"of":2.50}]}}'
FIELDS: Final = {
    OperationKind.CREATE: ("customerCreate", "CustomerCreateInput"),
    OperationKind.UPDATE: ("customerUpdate", "CustomerUpdateInput"),
    OperationKind.ARCHIVE: ("customerArchive", "CustomerArchiveInput"),
    OperationKind.RESTORE: ("customerRestore", "CustomerArchiveInput"),
}
SHOWN: Final = "id name status version"
MUTATION: Final = """mutation ($input: %s!) { answer: %s(input: $input) { %s
  userErrors { code message field system }
  operation { id state replayed foreignChanges { field }
    writes { system key method path status verified error { code } changes { field before after redacted } } } } }"""


def cells(of: Sequence[tuple[OperationKind, str]]) -> Any:
    return pytest.mark.parametrize(("kind", "system"), of, ids=[f"{kind.value.lower()}-{slug}" for kind, slug in of])


def as_input(patch: Mapping[str, Any]) -> dict[str, Any]:
    """A patch of the model as a client sends it."""
    given: dict[str, Any] = {}
    for name, value in patch.items():
        *groups, last = name.split(".")
        inner = given
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[graphql_name(last)] = value.value if isinstance(value, Enum) else value
    return given


@dataclass
class Cell:
    """A mutation of one customer at one system, sent over HTTP to a gateway that speaks over HTTP to the vendors."""

    gateway: Gateway
    kind: OperationKind
    system: str

    def __post_init__(self) -> None:
        self.upstream = self.gateway.box.vendors[self.system]
        self.customers = self.upstream.customers
        self.key = None if self.kind is OperationKind.CREATE else self.customers.keys()[3]
        self.given: dict[str, Any] = {"system": self.system} if self.key is None else {"id": self.id_of(self.key)}
        if self.kind is OperationKind.CREATE:
            self.given["patch"] = as_input(NEW[self.system])
        elif self.kind is OperationKind.UPDATE:
            self.given["patch"] = as_input(CHANGE)

    def id_of(self, key: str) -> str:
        return encode_id("Customer", self.system, key)

    async def set_out(self) -> None:
        """Bring the customer to where the mutation has something to do, with members that nobody documents."""
        if self.key is None:
            return
        if self.kind is OperationKind.RESTORE:
            await self.ask(OperationKind.ARCHIVE, {"id": self.id_of(self.key), "force": True})
        writes = KINDS[self.system].writes
        if writes is not None and any(each.whole for each in writes.resources.values()):
            self.customers.plant(self.key, PLANTED)
        self.given["expectedVersion"] = (await self.shown(self.key))["version"]
        self.gateway.forget_calls()

    async def ask(self, kind: OperationKind, given: Mapping[str, Any], selection: str = "") -> dict[str, Any]:
        field, type_ = FIELDS[kind]
        answer = await self.gateway.ask(MUTATION % (type_, field, selection), {"input": given})
        return answer.data["answer"]

    async def shown(self, key: str) -> dict[str, Any]:
        document = f"query ($id: ID!) {{ customer(by: {{ id: $id }}) {{ {SHOWN} }} }}"
        return (await self.gateway.ask(document, {"id": self.id_of(key)})).data["customer"]

    def asked(self) -> list[str]:
        """The call log, to the letter; queries as they are read."""
        return [unquote(each) for each in self.gateway.log(self.system)]

    def spelled(self, calls: Sequence[str], key: str) -> list[str]:
        """Calls of the table with their keys."""
        writes = KINDS[self.system].writes
        assert writes is not None
        return [each.replace("{key}", writes.path_of(key)).replace("{id}", str(self.address_of(key))) for each in calls]

    def address_of(self, key: str) -> object:
        """The id of the invoice address, where that is a document of its own."""
        return next((found for _, found in self.beside(key).values()), "")

    def beside(self, key: str) -> Mapping[str, tuple[Collection, Any]]:
        """The parts of a customer that are documents of their own."""
        return WRITES[self.system].beside(self.upstream, key) if self.system in WRITES else {}

    def stored(self) -> dict[str, Any]:
        """Every customer as it is stored, with its invoice address; numbers with all of their digits."""
        return {key: self.one_stored(key) for key in self.customers.keys()}  # noqa: SIM118 - a collection is no dict

    def one_stored(self, key: str) -> Any:
        document = exact.decode(self.customers.text(key).encode())
        for part, (collection, found) in self.beside(key).items():
            document[part] = exact.decode(collection.text(found).encode())
        return document

    def sent(self) -> list[tuple[str, Any]]:
        """The calls that write, with their bodies."""
        entries = [each for each in self.upstream.log.entries if not each.login and each.body]
        return [
            (f"{each.method} {each.path}", exact.decode(each.body))
            for each in entries
            if not each.path.endswith("search")
        ]


def leaves(value: Any, without: set[str], place: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a document with its digits, but for those at or under some places."""
    if place in without or value is None:
        return
    if is_object(value):
        for name, inner in value.items():
            yield from leaves(inner, without, f"{place}.{name}".removeprefix("."))
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from leaves(inner, without, f"{place}[{index}]")
    else:
        yield place, str(value)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncGenerator[Gateway]:
    box = sandbox(customers=20)
    async with box.serving() as urls, writing_gateway(box, tmp_path, urls=urls, listening=True) as made:
        yield made
    box.close()


@cells(WRITABLE)
async def test_a_cell_is_planned_and_run_over_http(gateway: Gateway, kind: OperationKind, system: str) -> None:
    cell, calls = Cell(gateway, kind, system), CELLS[kind][system]
    await cell.set_out()
    assert isinstance(calls, Calls)
    before = cell.stored()

    planned = await cell.ask(kind, {**cell.given, "dryRun": True})
    reads, kept = cell.asked(), cell.stored()
    gateway.forget_calls()
    done = await cell.ask(kind, cell.given, f"customer {{ {SHOWN} }}")
    made, sent, after = cell.asked(), cell.sent(), cell.stored()
    key = decode_id(done["customer"]["id"]).key
    gateway.forget_calls()
    async with gateway_over(gateway.box) as other:  # it has read nothing yet
        again = await Cell(other, kind, system).shown(key)
        asked_again = Cell(other, kind, system).asked()

    assert (planned["userErrors"], planned["operation"]["id"], planned["operation"]["state"]) == ([], None, "PLANNED")
    assert (reads, kept) == (cell.spelled(calls.reads, cell.key or ""), before)
    confirming = cell.spelled(calls.after, key)
    assert made == [
        *cell.spelled((*calls.reads, *calls.searched, *calls.writes), key),
        *confirming,
        *(call for call in asked_again[1:] if call not in confirming),  # the rest of what is shown
    ]
    assert_answer(done, planned, again)
    assert_bodies(done, sent, before.get(key))
    assert_stored(cell, done, before, after, key)


def assert_answer(done: dict[str, Any], planned: dict[str, Any], shown: dict[str, Any]) -> None:
    """The run tells what was planned, applied, verified, and the customer as it is read then."""
    operation = done["operation"]
    assert (done["userErrors"], operation["state"], operation["replayed"]) == ([], "APPLIED", False)
    assert {(each["status"], each["verified"], each["error"]) for each in operation["writes"]} == {
        ("APPLIED", True, None)
    }
    assert operation["foreignChanges"] == []
    assert [each["changes"] for each in operation["writes"]] == [
        each["changes"] for each in planned["operation"]["writes"]
    ]
    assert done["customer"] == shown


def assert_bodies(done: dict[str, Any], sent: Sequence[tuple[str, Any]], before: Any) -> None:
    """Each call is sent as it is told, with the new values, and beside them what stood there to the digit."""
    writes = done["operation"]["writes"]
    assert [call for call, _ in sent] == [f"{each['method']} {each['path']}" for each in writes]
    for write, (call, body) in zip(writes, sent, strict=True):
        part = "InvoiceAddress." if "/addresses" in call else ""
        places = {change["field"].removeprefix(part): change["after"] for change in write["changes"]}
        standing: Any = {} if before is None else before["InvoiceAddress"] if part else before
        inline = {"Address": body.pop("Address")} if "Address" in body else {}
        for place, value in places.items():
            found = value_at(
                inline["Address"] if place.startswith("InvoiceAddress.") else body,
                place.rpartition("InvoiceAddress.")[2],
            )
            assert dict(leaves(found, set())) == dict(leaves(value, set())), place
        if before is not None:
            rest = dict(leaves(body, set(places)))
            assert rest == {place: value for place, value in leaves(standing, set(places)) if place in rest}


def assert_stored(cell: Cell, done: dict[str, Any], before: Any, after: Any, key: str) -> None:
    """The planned places of one customer have changed in the store, and nothing else has."""
    assert {each: after[each] for each in after if each != key} == {
        each: before[each] for each in before if each != key
    }
    if cell.key is None:
        return
    places = {change["field"] for write in done["operation"]["writes"] for change in write["changes"]}
    unseen = places | WRITES[cell.system].stamps | WRITES[cell.system].answered
    assert dict(leaves(after[key], unseen)) == dict(leaves(before[key], unseen))
    for write in done["operation"]["writes"]:
        for change in write["changes"]:
            assert dict(leaves(value_at(after[key], change["field"]), set())) == dict(leaves(change["after"], set()))


@cells(REFUSED)
@pytest.mark.parametrize("dry_run", [True, False], ids=["planned", "run"])
async def test_what_a_system_does_not_offer_is_refused_over_http_with_its_reason_and_no_call(
    gateway: Gateway, kind: OperationKind, system: str, *, dry_run: bool
) -> None:
    cell, refused = Cell(gateway, kind, system), CELLS[kind][system]
    assert isinstance(refused, NotWritable)
    forced = {} if cell.key is None else {"force": True}
    before = cell.stored()

    answer = await cell.ask(kind, {**cell.given, **forced, "dryRun": dry_run})

    reason = refused.reason.replace("{system}", system)
    assert answer == {
        "userErrors": [{"code": "NOT_WRITABLE", "message": reason, "field": None, "system": system}],
        "operation": None,
    }
    assert (cell.asked(), cell.stored()) == ([], before)
