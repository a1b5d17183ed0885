"""How a system is read: routes and look-ups, what an operation selects of them, one request's way to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from customer_gateway.documents.structs import Struct
    from customer_gateway.errors import UpstreamError
    from customer_gateway.work.deadline import Deadline

V_co = TypeVar("V_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Route(Generic[V_co]):
    """A batched look-up of one system: keys in, a value for each key that the vendor knows.

    `fetch` gets at most `most` distinct keys, all of the form `key_form`, and leaves out the keys that the vendor does
    not know; it pages until complete and raises an `UpstreamError` for all of them together. Where it makes a call a
    key, a value may be the `UpstreamError` of that key alone. `cache_seconds` > 0 lets federation answer from memory
    for that long (code lists, people), at most `cache_keys` values; those of other keys that came along are kept too.

    `sweep` is there where the values of all keys at once are far fewer calls than those of one page of keys after the
    other; each of its calls has a deadline of its own.
    """

    name: str
    fetch: Callable[[Sequence[str], Deadline], Awaitable[Mapping[str, V_co]]]
    most: int
    key_form: re.Pattern[str] = field(default_factory=lambda: re.compile(r".+", re.DOTALL))
    cache_seconds: float = 0.0
    cache_keys: int = 10_000
    sweep: Callable[[Callable[[], Deadline]], Awaitable[Mapping[str, V_co]]] | None = None

    system: str = field(init=False)
    """The system that is asked: a route's name is its system's, a dot, and what is read."""
    noun: str = field(init=False)
    """What is read."""

    def __post_init__(self) -> None:
        system, _, noun = self.name.partition(".")
        object.__setattr__(self, "system", system)
        object.__setattr__(self, "noun", noun or self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """A noun or a code list that takes a call of its own, and the unified fields that are lost without it.

    To try it, it is asked for what `key` gives of a customer, or where that is None for `sample`, a key of the route's
    form that the vendor need not know.
    """

    route: Route[Any]
    fields: tuple[str, ...]
    sample: str
    key: Callable[[Any], str | None] = lambda _customer: None


V = TypeVar("V")


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What an operation selects, over all its depths, aliases and fragments: a record is read once, at this width.

    It equals itself alone: what follows from it is found once for each (`functools.lru_cache`).

    `fields` maps a GraphQL type's name to the names selected on it: unified types by their model names
    (`vat_number`), record types (`PlandCustomer`) by their GraphQL names. `redacted` are the unified fields that the
    caller may not read: what reads all of them leaves these out.
    """

    fields: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    redacted: frozenset[str] = frozenset()

    def of(self, type_name: str) -> frozenset[str]:
        return self.fields.get(type_name, frozenset())

    def selects(self, type_name: str, *names: str) -> bool:
        """Return whether any of the names is selected on the type."""
        return not self.of(type_name).isdisjoint(names)

    def tells_version(self, record: Struct) -> bool:
        """Return whether the version is selected, of customers or of records of that type."""
        types = ("Customer", "CustomerRecord", record.name)
        return any(self.selects(each, "version") for each in types)

    def tells_raw(self, record: Struct) -> bool:
        """Return whether `raw` of that record type is selected: its documents are `RawObject`s then."""
        return self.selects("CustomerRecord", "raw") or self.selects(record.name, "raw")


EVERYTHING: Final = Selection({"Customer": frozenset(UNIFIED_FIELDS) | {"provenance", "version", "records"}})
"""A selection of every unified field of a customer, for tests and for writers."""


class Reads(Protocol):
    """One request's way to the routes: every key is read once per request, joined with other requests' keys."""

    @property
    def selection(self) -> Selection: ...

    @property
    def deadline(self) -> Deadline: ...

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        """Return the values of `keys` in their order; failed ones are `UpstreamError`s, unknown ones None."""
        ...


Reader: TypeAlias = "Callable[[Sequence[Any], Reads], Awaitable[Sequence[Any]]]"
"""Reads one unified field for many customers (views of one system): a value or an `UpstreamError` for each."""

NodeLookup: TypeAlias = "Callable[[Sequence[str], Reads], Awaitable[Sequence[Any]]]"
"""Finds nouns of one type by their keys: the noun, None, or an `UpstreamError` for each."""
