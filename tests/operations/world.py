"""Operations over the sandbox's vendors, with a journal in a SQLite file: what a worker process is made of."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway import in_process, settings_over
from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.documents.versions import version_of
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind
from customer_gateway.model.versions import version_of_record
from customer_gateway.operations import clock
from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.requests import WriteRequest
from customer_gateway.operations.service import Operations
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from customer_gateway.federation.request import Federation
    from customer_gateway.model.callers import Rights
    from customer_gateway.operations.requests import Outcome
    from customer_gateway.sandbox import Sandbox

ACTOR = "key:tests"


@dataclass
class Worker:
    """One process: its systems, its journal, its operations."""

    box: Sandbox
    federation: Federation
    journal: OperationJournal
    operations: Operations
    seconds: float = 10
    notified: list[tuple[str, str, datetime]] = field(default_factory=list[tuple[str, str, datetime]])
    """Of which records it was notified that they were written, and when."""

    async def version(self, system: str, key: str) -> str:
        """The customer's version as it is now."""
        writer = self.federation.systems[system].writer
        assert writer is not None
        present = await writer.read(key, Deadline.after(5))
        assert present is not None
        return version_of_record(system, key, version_of(writer.writes, present.document))

    async def update(self, system: str, key: str, patch: Mapping[str, Any], **otherwise: Any) -> Outcome:
        return await self.write(OperationKind.UPDATE, system, key, patch, **otherwise)

    async def create(self, system: str, patch: Mapping[str, Any], **otherwise: Any) -> Outcome:
        return await self.write(OperationKind.CREATE, system, None, patch, **otherwise)

    async def write(
        self,
        kind: OperationKind,
        system: str,
        key: str | None,
        patch: Mapping[str, Any],
        *,
        rights: Rights = EVERY_RIGHT,
        seconds: float | None = None,
        **otherwise: Any,
    ) -> Outcome:
        request = self.request(kind, system, key, patch, rights=rights, **otherwise)
        return await self.operations.carry_out(request, Deadline.after(seconds or self.seconds))

    def request(
        self,
        kind: OperationKind,
        system: str,
        key: str | None,
        patch: Mapping[str, Any],
        *,
        rights: Rights = EVERY_RIGHT,
        **otherwise: Any,
    ) -> WriteRequest:
        text = otherwise.pop("input_text", repr((kind, system, key, patch)))
        upstream = self.federation.systems[system]
        return WriteRequest(kind, upstream, key, patch, ACTOR, rights, input_text=text, **otherwise)

    async def settle(self, done: Outcome) -> Outcome:
        """Ask again what became of an operation, as `operationSettle` does."""
        assert done.operation is not None
        settled = await self.operations.settle(done.operation.id or "", ACTOR, EVERY_RIGHT, Deadline.after(5))
        assert settled is not None
        return settled

    def calls(self, system: str) -> list[str]:
        """What a vendor was asked, in order."""
        return self.box.vendors[system].log.calls()

    def writes(self, system: str) -> list[str]:
        """What a vendor was asked that changes something."""
        return [call for call in self.calls(system) if not call.startswith("GET") and "search" not in call.lower()]

    def forget_calls(self) -> None:
        for vendor in self.box.vendors.values():
            vendor.log.clear()


@asynccontextmanager
async def working(
    box: Sandbox,
    path: Path,
    *,
    url: str | None = None,
    urls: Mapping[str, str] | None = None,
    doubt: float = 60,
    seconds: float = 10,
    lease: float = 15,
    journal_as: Callable[[OperationJournal], Any] = lambda journal: journal,
    **otherwise: Any,
) -> AsyncGenerator[Worker]:
    """A worker over the vendors of `box`; several of one `path`, or of the database at one `url`, share its journal.

    Speaks to the vendors in process, or at `urls`. `journal_as` may put something before the journal.
    """
    settings = settings_over(box, urls=urls, **otherwise)
    wiring = Wiring() if urls is not None else Wiring(transport=in_process(box, settings))
    federation = build_federation(settings, wiring, VENDORS)
    database = Database(url or f"sqlite+aiosqlite:///{path / 'gateway.db'}")
    journal = OperationJournal(database, PrivateKeySource(b"k" * 32, lambda: None))
    notified: list[tuple[str, str, datetime]] = []
    setup = Setup(
        federation.systems,
        journal_as(journal),
        written=lambda system, key, _document: notified.append((system, key, clock.now())),
        seconds=seconds,
        doubt=timedelta(seconds=doubt),
        lease=timedelta(seconds=lease),
    )
    operations = Operations(setup)
    try:
        yield Worker(box, federation, journal, operations, notified=notified)
    finally:
        await operations.aclose()
        await federation.aclose()
        await database.aclose()
