"""Every mutation at every system, by the table kept by hand: the plan, the calls, what is stored, the outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from operations.cells import CELLS, CHANGE, NEW, Calls, NotWritable
from operations.world import working
from systems.test_plans_at_the_sandbox import all_but
from vendors import SYSTEMS, WRITES, sandbox

from customer_gateway.documents import exact
from customer_gateway.documents.changes import shows, value_at
from customer_gateway.model.operations import OperationKind, OperationState, UserErrorCode, WriteStatus
from customer_gateway.operations.preparation import prepare
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH = [(kind, system) for kind, row in CELLS.items() for system in row]
WRITABLE = [(kind, system) for kind, system in EACH if isinstance(CELLS[kind][system], Calls)]
REFUSED = [(kind, system) for kind, system in EACH if isinstance(CELLS[kind][system], NotWritable)]
PLANTED = '{"xUnknown":{"price":1.10,"list":[1,null,{"of":2.50}]}}'


def cells(of: list[tuple[OperationKind, str]]) -> Any:
    return pytest.mark.parametrize(("kind", "system"), of, ids=[f"{kind.value.lower()}-{slug}" for kind, slug in of])


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


class Cell:
    """A mutation of one customer at one system; a customer to be restored is taken out of use before."""

    def __init__(self, worker: Worker, kind: OperationKind, system: str) -> None:
        self.worker, self.kind, self.system = worker, kind, system
        self.upstream = worker.box.vendors[system]
        self.calls = CELLS[kind][system]
        self.key = None if kind is OperationKind.CREATE else self.upstream.customers.keys()[3]
        self.patch: Mapping[str, Any] = {OperationKind.CREATE: NEW[system], OperationKind.UPDATE: CHANGE}.get(kind, {})
        self.how: dict[str, Any] = {}

    async def set_out(self) -> None:
        """Bring the customer to where the mutation has something to do, with members that nobody documents."""
        if self.key is None:
            return
        if self.kind is OperationKind.RESTORE:
            await self.worker.write(OperationKind.ARCHIVE, self.system, self.key, {}, force=True)
        if any(each.whole for each in self.writes.resources.values()):
            self.upstream.customers.plant(self.key, PLANTED)
        self.how = {"expected_version": await self.worker.version(self.system, self.key)}
        self.worker.forget_calls()

    @property
    def writes(self) -> Any:
        writer = self.worker.federation.systems[self.system].writer
        assert writer is not None
        return writer.writes

    async def run(self, *, dry_run: bool = False) -> Outcome:
        return await self.worker.write(self.kind, self.system, self.key, self.patch, dry_run=dry_run, **self.how)

    async def planned_bodies(self) -> list[bytes]:
        request = self.worker.request(self.kind, self.system, self.key, self.patch, dry_run=True, **self.how)
        prepared = await prepare(request, Deadline.after(5))
        return [exact.encode(each.body) for each in prepared.plan]

    async def document(self, key: str) -> Any:
        """The customer as a writer has it, with its invoice address."""
        writer = self.worker.federation.systems[self.system].writer
        assert writer is not None
        present = await writer.read(key, Deadline.after(5))
        assert present is not None
        return present.document

    async def address(self, key: str) -> object:
        """The id of the customer's invoice address, where that is a document of its own."""
        part = (await self.document(key)).get("InvoiceAddress")
        return part["Id"] if part else ""

    def stored(self) -> dict[str, Any]:
        """All customers as they are stored, numbers as they are spelled."""
        customers = self.upstream.customers
        return {key: json.loads(customers.text(key), parse_float=str) for key in customers.keys()}  # noqa: SIM118 - a collection is no dict

    def spelled(self, calls: Sequence[str], key: str, address: object = "") -> list[str]:
        """Calls of the table with their keys."""
        path = self.writes.path_of(key)
        return [each.replace("{key}", path).replace("{id}", str(address)) for each in calls]

    def asked(self) -> list[str]:
        """The call log, to the letter; queries as they are read."""
        return [unquote(each) for each in self.worker.calls(self.system)]

    def sent_bodies(self) -> list[bytes]:
        """The bodies of the calls that write."""
        entries = [each for each in self.upstream.log.entries if not each.login and each.body]
        return [each.body for each in entries if each.path != "/search"]


def test_the_table_has_every_system_for_every_mutation() -> None:
    assert [set(row) for row in CELLS.values()] == [set(SYSTEMS)] * len(OperationKind)


@cells(WRITABLE)
async def test_a_dry_run_makes_its_reads_alone_and_answers_the_calls(
    worker: Worker, kind: OperationKind, system: str
) -> None:
    cell = Cell(worker, kind, system)
    await cell.set_out()
    assert isinstance(cell.calls, Calls)
    key = cell.key or ""
    address = await cell.address(key) if key else ""
    worker.forget_calls()
    before, kept = cell.stored(), await worker.journal.page(10)

    planned = await cell.run(dry_run=True)

    assert planned.operation is not None
    assert (planned.errors, planned.operation.id, planned.operation.state) == ([], None, OperationState.PLANNED)
    assert cell.asked() == cell.spelled(cell.calls.reads, key)
    assert [f"{each.method} {each.path}" for each in planned.operation.writes] == cell.spelled(
        cell.calls.writes, key, address
    )
    assert cell.stored() == before
    assert await worker.journal.page(10) == kept


@cells(WRITABLE)
async def test_the_run_makes_the_calls_of_the_table_with_the_planned_bodies(
    worker: Worker, kind: OperationKind, system: str
) -> None:
    cell = Cell(worker, kind, system)
    await cell.set_out()
    assert isinstance(cell.calls, Calls)
    planned = (await cell.run(dry_run=True)).operation
    bodies = await cell.planned_bodies()
    worker.forget_calls()

    done = await cell.run()

    assert done.operation is not None
    assert planned is not None
    assert done.key is not None
    made, sent = cell.asked(), cell.sent_bodies()
    calls = (*cell.calls.reads, *cell.calls.searched, *cell.calls.writes, *cell.calls.after)
    assert made == cell.spelled(calls, done.key, await cell.address(done.key))
    assert sent == bodies
    assert [each.changes for each in done.operation.writes] == [each.changes for each in planned.writes]


@cells(WRITABLE)
async def test_the_run_changes_the_planned_places_and_nothing_else(
    worker: Worker, kind: OperationKind, system: str
) -> None:
    cell = Cell(worker, kind, system)
    await cell.set_out()
    before = cell.stored()
    first = None if cell.key is None else await cell.document(cell.key)

    done = await cell.run()

    assert done.operation is not None
    after, key = cell.stored(), done.key
    assert key is not None
    assert {each: after[each] for each in before if each != key} == {
        each: before[each] for each in before if each != key
    }
    assert set(after) - set(before) == (set() if cell.key else {key})
    changes = {change.field: change.after for write in done.operation.writes for change in write.changes}
    document = await cell.document(key)
    for place, value in changes.items():
        assert shows(value_at(document, place), value), place
    if cell.key is not None:
        places = set(changes) | WRITES[system].answered | WRITES[system].stamps
        assert all_but(after[key], places) == all_but(before[key], places)
        assert all_but(document, places) == all_but(first, places)


@cells(WRITABLE)
async def test_the_run_is_applied_verified_and_without_foreign_changes(
    worker: Worker, kind: OperationKind, system: str
) -> None:
    cell = Cell(worker, kind, system)
    await cell.set_out()

    done = await cell.run()

    assert done.operation is not None
    assert (done.errors, done.operation.state) == ([], OperationState.APPLIED)
    assert {(each.status, each.verified) for each in done.operation.writes} == {(WriteStatus.APPLIED, True)}
    assert (list(done.operation.foreign_changes), done.operation.is_settled) == ([], True)
    assert (done.operation.kind, done.operation.key) == (kind, done.key)


@cells(REFUSED)
@pytest.mark.parametrize("dry_run", [True, False], ids=["planned", "run"])
async def test_what_a_system_does_not_offer_is_refused_with_its_reason_and_no_call(
    worker: Worker, kind: OperationKind, system: str, *, dry_run: bool
) -> None:
    cell = Cell(worker, kind, system)
    assert isinstance(cell.calls, NotWritable)
    reason = cell.calls.reason.replace("{system}", system)

    refused = await worker.write(kind, system, cell.key, cell.patch, force=True, dry_run=dry_run)

    assert [(each.code, each.message, each.system) for each in refused.errors] == [
        (UserErrorCode.NOT_WRITABLE, reason, system)
    ]
    assert (refused.operation, cell.asked()) == (None, [])
