"""What is stored of the passes that fill the index of records: how far each system's are, and who makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from customer_gateway.model.catalog import RecordState, SyncState, SyncStateName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.model.catalog import RecordChange

SUSPECT: Final = "suspect"
"""The member of `details` that stands there while something that the system said cannot be believed."""
FAILURES: Final = "failures"
"""The member of `details` that counts the passes that have failed one after the other."""
ENDED: Final = "ended"
"""The member of `details` that says when the last pass ended."""
DOUBTED_IN: Final = "doubted_in"
"""The member of SUSPECT with the number of the last pass in or after which a live read has doubted the system."""


@dataclass(frozen=True, slots=True)
class PassRow:
    """The passes of one system, as they are stored.

    `state` is RUNNING within a pass, else how the last one ended. `position` is where an unfinished pass goes on.
    `requested_at` stands until a pass begins that was asked for, `accepted_at` is when a suspicion was last accepted,
    until a complete pass has counted for it.
    `owner` makes the passes of the system until `lease_until`. `details` are what passes leave for each other, as JSON.
    """

    system: str
    state: SyncStateName = SyncStateName.NEVER
    reason: str | None = None
    number: int = 0
    position: Mapping[str, Any] | None = None
    began_at: datetime | None = None
    completed_at: datetime | None = None
    requested_at: datetime | None = None
    accepted_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    owner: str | None = None
    lease_until: datetime | None = None

    def is_held(self, now: datetime) -> bool:
        """Return whether somebody makes the passes of the system."""
        return self.owner is not None and self.lease_until is not None and self.lease_until > now

    @property
    def is_doubted(self) -> bool:
        """Return whether a live read has raised a suspicion since the last pass began."""
        return self.details.get(SUSPECT, {}).get(DOUBTED_IN) == self.number

    @property
    def ended_at(self) -> datetime | None:
        """Return when the last pass ended; None before the first has."""
        ended = self.details.get(ENDED)
        return None if ended is None else datetime.fromisoformat(ended)

    def sync_state(self, records: int, now: datetime) -> SyncState:
        """Return how far the passes are for those who ask: a suspicion stands until it is accepted or was wrong."""
        state, reason = self.state, self.reason
        if (suspicion := self.details.get(SUSPECT)) is not None:
            state, reason = SyncStateName.SUSPECT, suspicion["reason"]
            if self.state is SyncStateName.FAILED:
                reason = f"{reason}; and the last pass failed: {self.reason}"
        elif state is SyncStateName.RUNNING and not self.is_held(now):
            state = SyncStateName.NEVER if self.completed_at is None else SyncStateName.IDLE
        return SyncState(self.system, state, records, self.completed_at, reason, self.details)


class Absent(NamedTuple):
    """A record that the index has and a pass has not seen; `since` is when it became PRESENT, or MISSING.

    `seen_pass` is the number of the last pass that saw it, `known_since` when it came into the index, or came back to
    it after it was GONE.
    """

    key: str
    state: RecordState
    since: datetime
    seen_pass: int
    known_since: datetime


class Ended(NamedTuple):
    """How a pass ended. `is_complete` says that it saw every customer, and is the one that the next is held against.

    `details` are the members that it adds to those of its system, `lifts` is the suspicion that it has cleared up.
    `accepted_at` is when the operator had accepted a suspicion before it ended: that counts for one complete pass.
    """

    state: SyncStateName
    details: Mapping[str, Any]
    reason: str | None = None
    is_complete: bool = False
    lifts: Mapping[str, Any] | None = None
    accepted_at: datetime | None = None

    def merged(self, system_details: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the details of the system after the pass; others may have stored a suspicion while it ran."""
        if self.state is SyncStateName.FAILED:
            return {**system_details, **self.details, FAILURES: system_details.get(FAILURES, 0) + 1}
        before: Mapping[str, Any] | None = system_details.get(SUSPECT)
        without = {FAILURES, SUSPECT} if self.lifts is not None and before == self.lifts else {FAILURES}
        details = {name: value for name, value in system_details.items() if name not in without} | dict(self.details)
        if before is not None and SUSPECT in self.details and DOUBTED_IN in before:
            details[SUSPECT] = {**self.details[SUSPECT], DOUBTED_IN: before[DOUBTED_IN]}
        return details


class PassStore(Protocol):
    """Stores passes. Every method raises `DatabaseUnavailable` where the database does not answer.

    Those that are given an `owner` raise `LeaseLost` where another one makes the passes of the system by now.
    """

    async def rows(self) -> Mapping[str, PassRow]:
        """Return what is stored of every system, by name."""
        ...

    async def acquire(self, systems: Sequence[str], owner: str, now: datetime, until: datetime) -> Sequence[str]:
        """Acquire what nobody holds, renew what this owner does, until that moment; return all that it holds then."""
        ...

    async def release(self, owner: str) -> None:
        """Release all that this owner holds."""
        ...

    async def request(self, systems: Sequence[str], now: datetime, *, accept: bool = False) -> None:
        """Ask for a pass of each system; `accept` what the last one was not believed for."""
        ...

    async def begin(self, system: str, owner: str, position: Mapping[str, Any], now: datetime) -> int:
        """Begin a pass and return its number; what was asked for is begun with it."""
        ...

    async def advance(
        self,
        system: str,
        owner: str,
        number: int,
        changes: Sequence[RecordChange],
        position: Mapping[str, Any],
        read_at: datetime,
    ) -> None:
        """Store rows that the pass has seen, by a read that began then, and how far it is, in one transaction."""
        ...

    async def end(self, system: str, owner: str, ended: Ended, now: datetime) -> None:
        """End the pass; a suspicion that was stored meanwhile stays."""
        ...

    async def doubt(self, system: str, suspicion: Mapping[str, Any], reason: str) -> None:
        """Store that what a system says is doubted since now, which a pass that begins later finds out about.

        `suspicion` is the member SUSPECT of its details.
        """
        ...

    async def count_seen(self, system: str, number: int, keys: Sequence[str] | None = None) -> int:
        """Return how many records of the system the pass has seen, of these keys where some are given."""
        ...

    async def find_absent(self, system: str, number: int, before: datetime) -> Sequence[Absent]:
        """Return records that are not GONE, which neither the pass nor anything else has seen since that moment."""
        ...

    async def count_present(self, system: str) -> int:
        """Return how many records of the system are PRESENT."""
        ...

    async def set_state(
        self,
        system: str,
        owner: str,
        keys: Sequence[str],
        state: RecordState,
        now: datetime,
        unseen_since: datetime | None = None,
    ) -> int:
        """Set the state of records that are in the index, not of those seen since a moment; return how many changed."""
        ...

    async def forget_gone(self, system: str, before: datetime) -> int:
        """Blank what is known of some of a system's records that are GONE since before a moment; return how many."""
        ...

    async def remove_some(self, system: str) -> int:
        """Delete some records of a system, and the system after the last of them; return how many."""
        ...
