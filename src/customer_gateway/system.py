"""The protocol: all that federation, catalog and api know of an upstream.

A system tells *facts* (what it supplies, which keys it knows, how many fit in a call) and offers *reads*. A read is a
`Route`, a batched look-up by keys; federation joins the keys of a request, and of all requests, into as few calls as
the route allows. What a customer's own document holds is read through the system's view of it; what another call must
tell is read by the system's `readers`, each for many customers at once.

Read results are values: an element that failed is an `UpstreamError` in its place, so that one dead read costs its own
fields only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

from customer_gateway.documents.sources import filled_by, merged, sources
from customer_gateway.model.nouns import UNIFIED_FIELDS, Customer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.shapes import Shape
    from customer_gateway.documents.structs import Struct
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Choice, Present, Writes
    from customer_gateway.errors import UpstreamError
    from customer_gateway.model.nouns import Contact, Invoice, User
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

    @property
    def system(self) -> str:
        """The system that is asked: a route's name is its system's, a dot, and what is read."""
        return self.name.partition(".")[0]

    @property
    def noun(self) -> str:
        """What is read."""
        return self.name.partition(".")[2] or self.name


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


@dataclass(frozen=True, slots=True)
class Selection:
    """What an operation selects, over all its depths, aliases and fragments: a record is read once, at this width.

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
"""A want that reads every unified field of a customer, for tests and for writers."""


class Reads(Protocol):
    """One request's way to the routes: every key is read once per request, joined with other requests' keys."""

    @property
    def want(self) -> Selection: ...

    @property
    def deadline(self) -> Deadline: ...

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        """Return the values of `keys` in their order; failed ones are `UpstreamError`s, unknown ones None."""
        ...


Reader: TypeAlias = "Callable[[Sequence[Any], Reads], Awaitable[Sequence[Any]]]"
"""Reads one unified field for many customers (views of one system): a value or an `UpstreamError` for each."""

Finder: TypeAlias = "Callable[[Sequence[str], Reads], Awaitable[Sequence[Any]]]"
"""Finds nouns of one type by their keys: the noun, None, or an `UpstreamError` for each."""


_PAGES_OF_WALKS: Final = (1.0, 0.9, 2 / 3, 1 / 2, 1 / 3)
MOST_WALKS: Final = len(_PAGES_OF_WALKS)
"""How often a list is read from its beginning, before its pages are said not to hold all of it."""


def rows_per_page_of(walk: int, most: int) -> int:
    """Return how many rows of a list to ask for when it is read for that time, from 1: of another size, pages have
    other borders, over which rows slip.
    """
    return max(1, int(most * _PAGES_OF_WALKS[min(walk, MOST_WALKS) - 1]))


@dataclass(frozen=True, slots=True)
class Page(Generic[V_co]):
    """Some records in the system's own order. `has_next` and `total` are None where this answer does not tell.

    `places` are its rows: None for one that does not say which record it is, so that those after it keep their places.
    `after` is for each place what the list goes on by after it, where the vendor's pages follow each other by tokens of
    its own; a cursor carries it, and only the system that gave it reads it.
    """

    places: Sequence[V_co | None]
    has_next: bool | None = None
    total: int | None = None
    after: Sequence[str] = ()

    @property
    def items(self) -> list[V_co]:
        """The records that can be told apart."""
        return [item for item in self.places if item is not None]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A vendor: what is true of every system of this kind, known without configuration.

    `record` is the documented customer, from which the record type is made; `view` reads it as a `Customer`, and what
    it does not declare the vendor has not; `readers` are the unified fields that another call tells, by name
    (`contacts`, `billing.payment_terms`; `record.Address` is a field of the record type). `contacts` and `users` are
    the classes of its contacts and users, `nouns` the shapes of what else other calls answer. `about` says in a phrase
    what the vendor sells, `unix_seconds` that its numbers of time are seconds, not milliseconds. `writes` says what can
    be written; None where nothing can.
    """

    slug: str
    title: str
    record: Struct
    view: type[Customer]
    readers: frozenset[str]
    contacts: tuple[type[Contact], ...] = ()
    users: tuple[type[User], ...] = ()
    nouns: tuple[Shape[Any], ...] = ()
    about: str = ""
    unix_seconds: bool = False
    writes: Writes | None = None

    @property
    def supplies(self) -> frozenset[str]:
        """The unified fields that this vendor has a source for."""
        return frozenset(name for name in UNIFIED_FIELDS if self._supplies(name))

    @property
    def details(self) -> Mapping[str, frozenset[str]]:
        """The fields that it fills of the unified types around a customer: model names by GraphQL type."""
        return _details_of(self)

    def tells(self, type_name: str, name: str) -> bool:
        """Return whether this vendor has a source for the field `name` (a model name) of a unified type around
        `Customer`.
        """
        classes: Mapping[str, tuple[type, ...]] = {"Contact": self.contacts, "User": self.users}
        if type_name in classes:
            return any(getattr(each, name, None) is not None for each in classes[type_name])
        return name in self.details.get(type_name, ())

    def _supplies(self, name: str) -> bool:
        attribute = f"{name}_key" if name in {"owner", "updater", "creator"} else name
        return name in self.readers or attribute in sources(self.view)


@cache
def _details_of(kind: Kind) -> Mapping[str, frozenset[str]]:
    """Return what the view, its contacts and the nouns declare, and the parts of `billing` that readers look up."""
    views = map(filled_by, (kind.view, *kind.contacts))
    billing = frozenset(name.removeprefix("billing.") for name in kind.readers if name.startswith("billing."))
    shapes = (each.declared_sources.fills for each in kind.nouns)
    return merged([*views, *shapes, {"Billing": billing} if billing else {}])


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a call that writes was answered: the key of the customer that it made, None for other calls."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTrace:
    """By what a customer is looked for whose creation was not answered: its body, when it was sent, and the keys that
    the same search found before (`search_before`).
    """

    body: Document
    since: datetime
    before: Sequence[str] = ()


class CustomerWriter(Protocol):
    """Writes the customers of one system. Every method raises nothing but `UpstreamError`.

    One whose `applied` is False did certainly nothing; None: it may have been done.
    """

    @property
    def writes(self) -> Writes: ...

    async def read(
        self, key: str, deadline: Deadline, choices: Mapping[str, Sequence[Choice]] | None = None
    ) -> Present | None:
        """Return a customer's document as it stands, exact; None for an unknown key."""
        ...

    def present(self, document: Document, choices: Mapping[str, Sequence[Choice]] | None = None) -> Present:
        """Return a document as it stands; an empty one is that of a customer to be made."""
        ...

    async def choices(self, places: Iterable[str], deadline: Deadline) -> Mapping[str, Sequence[Choice]]:
        """Return what those of the places may be that hold an id of a list; other places are left out."""
        ...

    async def send(
        self,
        method: str,
        path: str,
        template: str,
        body: bytes,
        deadline: Deadline,
        last_check: Callable[[], str | None] | None = None,
    ) -> SendResult:
        """Send a call that writes, once; a refusal is an `UpstreamBadResponse` with the vendor's `explanation`.

        `last_check` is asked when its turn has come: it says why the call must not be sent any more, None if it may.
        """
        ...

    def named_places(self, failure: UpstreamError) -> Sequence[str]:
        """Return the places of the document that a vendor's refusal names."""
        ...

    async def search_before(self, body: Document, deadline: Deadline) -> Sequence[str]:
        """Return the keys that a search finds before a customer is made, where only a comparison tells; else none."""
        ...

    async def find_created(self, trace: CreateTrace, deadline: Deadline) -> Sequence[str] | None:
        """Return the keys of customers that the creation may have made; None where the vendor has no way to tell."""
        ...


class System(Protocol):
    """One configured upstream. Every method raises nothing but `UpstreamError`."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def withheld(self) -> frozenset[str]:
        """Unified fields that the kind supplies and this installation was found to refuse: NOT_IN_SYSTEM, and null."""
        ...

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Unified fields that another call tells; their names are `kind.readers`."""
        ...

    @property
    def node_lookups(self) -> Mapping[str, Finder]:
        """How the nouns `Contact`, `Account`, `Agreement`, `Invoice` are found by their keys."""
        ...

    @property
    def users(self) -> Route[User] | None:
        """Users by key; None where the vendor has none."""
        ...

    @property
    def invoice_details(self) -> Route[Invoice] | None:
        """Invoices by key with the fields that the customer's list of invoices lacks; None where it lacks nothing."""
        ...

    @property
    def lookups(self) -> Sequence[Lookup]:
        """Every noun and code list that customers are told with and that takes a call of its own, once."""
        ...

    @property
    def writer(self) -> CustomerWriter | None:
        """What writes its customers; None where nothing can be written."""
        ...

    async def people(self, start: int, size: int, deadline: Deadline) -> Page[User] | None:
        """Return a page of the vendor's users in its own order; None where it has none."""
        ...

    def customers(self, want: Selection) -> Route[Customer]:
        """Return customers by key, read as widely as `want` needs; the same width is the same route.

        Where `want` tells `raw`, their documents are `RawObject`s (so in `page`), else they cost nothing for it.
        """
        ...

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool, after: str = ""
    ) -> Page[Customer]:
        """Return `size` customers from position `start`, inactive ones included.

        `after` is what the page before gave for its last place (`Page.after`).
        `has_next` is told where the answer tells it; with `ask_next` always, at the cost of another call if need be.
        """
        ...

    async def count(self, deadline: Deadline) -> int | None:
        """Return how many customers there are; None where the vendor does not say."""
        ...

    @property
    def rows_per_page(self) -> int:
        """Return how many customers the vendor puts on a page at most."""
        ...

    @property
    def calls_per_second(self) -> float | None:
        """Return how many calls that give way this process may make in a second; None where nothing bounds them."""
        ...

    async def reachable(self, deadline: Deadline) -> bool:
        """Return whether the last call within 30 s was answered, else whether one cheap call now is."""
        ...

    async def aclose(self) -> None: ...
