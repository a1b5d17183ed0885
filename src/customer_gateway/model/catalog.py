"""What the index of records holds, how it is asked, and what it answers; no database and no system is known here.

The index is of *records*, each with the id of its customer beside it. Rows come to the database ready: folded, with
their tokens and sort keys (`catalog.rows`), so that SQLite and PostgreSQL give the same pages, byte by byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.model.ids import RecordRef

INDEXED_FIELDS: Final = (
    "number",
    "name",
    "kind",
    "status",
    "email",
    "phone",
    "vat_number",
    "organization_number",
    "country_code",
    "city",
    "is_supplier",
    "created_at",
    "updated_at",
)
"""What a record is found by, by model names; country and city are those of its main address."""

ADDRESS_PARTS: Final = ("country_code", "city")
"""Those that are parts of the main address, under the same names."""

ADDRESS_KIND: Final = "address_kind"
"""What the main address is for: known of every customer that has one, shown, and no field to find customers by."""

SHOWN_FIELDS: Final = (*INDEXED_FIELDS, ADDRESS_KIND)
"""What a row shows of a record."""

UNIFIED_SOURCES: Final = (*(name for name in INDEXED_FIELDS if name not in ADDRESS_PARTS), "address")
"""The unified fields of which the indexed ones are made."""

TEXT_FIELDS: Final = ("name", "number", "email", "phone", "vat_number", "organization_number", "city")
"""Those that a `StringFilter` compares."""

Values: TypeAlias = "Mapping[str, Any]"
"""Shown fields as the graph has them (texts, enums, moments, booleans), by name; an absent name is not known."""


class RecordState(IntEnum):
    """Whether a record is there: GONE only with proof. Rows that are GONE are found by nobody."""

    PRESENT = 0
    MISSING = 1
    GONE = 2


class Order(Enum):
    """By what customers are ordered; the value is the column."""

    NAME = "name_key"
    NUMBER = "number_key"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


class IndexRow(NamedTuple):
    """One record as the database stores it.

    `tokens` are parted by blanks, with one before and after; `texts` are the folded texts of `TEXT_FIELDS`, in their
    order, each variant of spelling in a line; `values` are the shown fields as displayed, as JSON. Moments are
    microseconds since 1970. `stamp` is the vendor's own of the last change, else a hash of the values.
    """

    system: str
    key: str
    customer: str
    name_key: str | None
    number_key: str | None
    created_at: int | None
    updated_at: int | None
    tokens: str
    texts: Sequence[str | None]
    values: str
    stamp: str


def later_moments(later: str | None) -> Mapping[str, datetime]:
    """Return when fields were read after the last read of all, by name: a row has it as JSON."""
    if later is None:
        return {}
    return {name: datetime.fromisoformat(moment) for name, moment in orjson.loads(later).items()}


class RecordChange(NamedTuple):
    """What a read brought of a record: the fields that it carried, `whole` if those are all that the system has."""

    ref: RecordRef
    values: Values
    whole: bool = True


class Term(NamedTuple):
    """A token, or with `is_prefix` the beginning of one."""

    text: str
    is_prefix: bool = False


Comparison: TypeAlias = Literal["EQUAL", "BEGINS", "CONTAINS", "AFTER", "BEFORE"]


class ColumnCheck(NamedTuple):
    """A comparison of one column with some values: one of them is enough.

    EQUAL, BEGINS and CONTAINS compare a text of `TEXT_FIELDS`, AFTER and BEFORE a moment.
    """

    column: str
    operator: Comparison
    values: Sequence[str] | Sequence[int]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What rows are looked for: of each clause a term, no `without`, every check."""

    clauses: Sequence[Sequence[Term]] = ()
    without: Sequence[Term] = ()
    checks: Sequence[ColumnCheck] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """One question to the index: rows of these systems, those of the first conditions before those of the next.

    A row that fits several stands with the first of them: the conditions exclude each other.
    """

    systems: Sequence[str]
    ranks: Sequence[Conditions] = (Conditions(),)
    order: Order = Order.NAME
    is_descending: bool = False


class Position(NamedTuple):
    """Where a row stands in the order; `sort` is None where it has no value to sort by."""

    rank: int
    sort: str | int | None
    system: str
    key: str


class FoundRow(NamedTuple):
    """A row that was found: what the index knows of the record.

    `whole_at` is when all its fields were last seen, `later` when some of them were seen after that (`later_moments`).
    `is_missing` says that a pass, or a read, has not found the record since.
    """

    ref: RecordRef
    customer: str
    values: Values
    whole_at: datetime
    position: Position
    later: str | None = None
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Rows in the order asked; `has_more` in the direction of the page; the count only if it was asked for.

    `unfilled` are the systems asked of which no pass was ever complete.
    """

    rows: Sequence[FoundRow]
    has_more: bool
    total: int | None = None
    unfilled: Sequence[str] = ()


class PageOfRows(NamedTuple):
    """Which rows of the order: the first `size` after `start`, or with `is_backward` the last before it."""

    size: int
    start: Position | None = None
    is_backward: bool = False


class Effort(NamedTuple):
    """How rows are found.

    At most `few` rows that fit are ordered, which takes 20 ms; of more, a walk in the order asked meets enough
    soon. A walk of SQLite is given up after so many `steps` of its machine: some 20 ms.
    """

    few: int = 20_000
    steps: int = 2_000_000


USUAL_EFFORT: Final = Effort()


class CustomerIndex(Protocol):
    """Finds rows. Raises `DatabaseUnavailable` where the database does not answer."""

    async def find(self, search: Search, page: PageOfRows, *, count: bool = False) -> FoundPage: ...


class IndexWriter(Protocol):
    """Writes rows. Raises `DatabaseUnavailable` where the database does not answer."""

    async def put(
        self,
        changes: Sequence[RecordChange],
        read_at: datetime,
        seen_pass: int | None = None,
        *,
        note_seen: bool = True,
    ) -> int:
        """Store what a read, which began then, has brought of records of one system; return how many are another now.

        What a later read has brought stays. Without `note_seen` nothing is written of a record that is as it was.
        """
        ...

    async def set_state(
        self,
        system: str,
        keys: Sequence[str],
        state: RecordState,
        since: datetime,
        unseen_since: datetime | None = None,
    ) -> int:
        """Set the state of records that are in the index; return how many changed."""
        ...

    async def whole_at(self, system: str, keys: Sequence[str]) -> Mapping[str, datetime]:
        """Return when the last read of all fields of records began, by key; those that had none are left out."""
        ...


class SyncStateName(Enum):
    """How far the passes of a system are."""

    NEVER = "NEVER"
    RUNNING = "RUNNING"
    IDLE = "IDLE"
    SUSPECT = "SUSPECT"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class SyncState:
    """The passes of one system: `records` are those that are found, `reason` says why it is SUSPECT or FAILED."""

    system: str
    state: SyncStateName = SyncStateName.NEVER
    records: int = 0
    completed_at: datetime | None = None
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class SyncStates(Protocol):
    """Tells how far the passes of systems are. Raises `DatabaseUnavailable` where the database does not answer."""

    async def sync_states(self) -> Mapping[str, SyncState]:
        """Return the state of each system that passes have begun with, by name."""
        ...
