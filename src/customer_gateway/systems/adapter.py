"""The kit that adapters are made of: a vendor says how its lists and single records are asked for, and has the rest.

    api = open_api(KIND, name, settings, wiring, auth=…)
    return Adapter(api, Customers(projection, listing, fetch, views, route), probe, readers, node_lookups, lookups)

A list is a `Listing`, whose rows are read at a position, whole, or by key (`listing`, `fewest_calls`). What
another call answers is read by readers (`lookups`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from weakref import WeakValueDictionary

import orjson

from customer_gateway.documents import exact
from customer_gateway.documents.json_text import decoded
from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, is_object, read_integer
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Page, Route, Selection
from customer_gateway.systems.connection import open_client, reachable
from customer_gateway.systems.identified import in_place, single_id, text_of
from customer_gateway.systems.pages import ListLengths
from customer_gateway.wire import Call

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, Invoice, User
    from customer_gateway.system import CustomerWriter, Kind, Lookup, NodeLookup, Reader
    from customer_gateway.systems.connection import SystemSettings, Wiring
    from customer_gateway.systems.listing import Listing
    from customer_gateway.systems.pages import PageLengths
    from customer_gateway.systems.token_listing import TokenListing
    from customer_gateway.wire import Client
    from customer_gateway.work.deadline import Deadline

V = TypeVar("V")
W = TypeVar("W", bound="Hashable")

_PROJECTIONS: Final = 256  # how many selections keep a route of their own
_WHOLE: Final = Selection({"CustomerRecord": frozenset({"raw"})})


class Api:
    """One system's API: its client, how its documents are read, and what is known of its lists."""

    def __init__(self, kind: Kind, client: Client, context: DocumentContext) -> None:
        self.kind = kind
        self.name = client.system
        self.client = client
        self.context = context
        self._lengths = ListLengths(client.system)

    def lengths(self, path: str, by: str = "", method: str = "GET") -> PageLengths:
        """Return what is known of the pages of a list; `by` separates what is requested otherwise, such as ids."""
        return self._lengths.of(f"{method} {path}", by)

    async def document(self, call: Call, deadline: Deadline) -> Any:
        """Return the document of an answer."""
        return (await self.client.call(call, deadline)).document

    async def one(
        self, path: str, key: str, deadline: Deadline, decode: Decode = orjson.loads, template: str = ""
    ) -> Any:
        """Return what is answered of a single record, `{}` of whose path is its key; None for an unknown one."""
        template = template or path
        call = Call("GET", path.format(key), template=template, idempotent=True, missing_is_none=True, decode=decode)
        return await self.document(call, deadline)

    def demand_key(
        self, row: object, name: str, key: str, template: str, form: re.Pattern[str] | None = None
    ) -> Document:
        """Return a single record whose `name`, an integer or a text of this form, is the key that was asked for.

        Any other answer is refused.
        """
        read = read_integer if form is None else text_of(form)
        if not is_object(row) or str(single_id(row, name, self.context, read)) != key:
            raise self.refused(f"GET {template} did not answer the entity that was asked for")
        return row

    def refused(self, words: str) -> UpstreamBadResponse:
        """Return the error of an answer of another form."""
        return UpstreamBadResponse(self.name, words)

    def decoder(self, member: str, row: str = "") -> Callable[[Selection], Decode]:
        """Return how answers are decoded whose rows are under `member`: with their texts, where `raw` is selected.

        `row` is the name of each row where it stands in an object of its own.
        """
        with_texts, record = WithTexts(self.context.drift, member, row), self.kind.record
        return lambda selection: with_texts if selection.tells_raw(record) else orjson.loads

    def customer(self, row: Document) -> Customer:
        """Return the customer that a document is read as; it is searched for undocumented fields."""
        self.kind.record.notice_undocumented(row, self.context)
        view: Any = self.kind.view
        return view(row, self.context)

    def customers_in_place(self, name: str) -> Callable[[Sequence[Document]], list[Customer | None]]:
        """Return how the customers of a list are read whose rows have their id, or `NoId`, under `name`."""
        return lambda rows: in_place(rows, name, self.customer)

    def routes(self, form: re.Pattern[str], most: int, cache_keys: int = 10_000) -> Callable[..., Route[Any]]:
        """Return how routes are made whose keys have this form, of at most so many a call unless said otherwise."""

        def route(name: str, fetch: Any, most: int = most, **otherwise: Any) -> Route[Any]:
            facts: dict[str, Any] = {"key_form": form, "cache_keys": cache_keys, **otherwise}
            return Route(f"{self.name}.{name}", fetch, most, **facts)

        return route


def open_api(kind: Kind, name: str, settings: SystemSettings, wiring: Wiring, **how: Any) -> Api:
    """Return the API that a table of the configuration describes; `how` is what `open_client` takes. Sends nothing."""
    client = open_client(name, settings, wiring, **how)
    place = (settings.base_url, settings.time_zone, settings.region)
    return Api(kind, client, DocumentContext.of(name, *place, unix_seconds=kind.unix_seconds))


class Customers(Generic[W]):
    """How a vendor's customers are read.

    `projection` is which rows of them a selection needs, and how they are decoded; `listing` the list of them so,
    `fetch` gives those of some keys, `views` reads the rows of a list in their places. `route` makes their route.
    `rows` makes rows of documents, where the rows of a list are no documents.
    """

    def __init__(
        self,
        projection: Callable[[Selection], W],
        listing: Callable[[W], Listing[Any] | TokenListing[Any]],
        fetch: Callable[[W, Sequence[str], Deadline], Awaitable[Mapping[str, Any]]],
        views: Callable[[Sequence[Any]], Sequence[Customer | None]],
        route: Callable[..., Route[Any]],
        rows: Callable[[Sequence[Document]], Sequence[Any]] = lambda documents: documents,
    ) -> None:
        self._projection = projection
        self._listing = listing
        self._views = views
        self._rows = rows

        # One that a selection still has in `of` is not made again when `at` has dropped it.
        routes: WeakValueDictionary[W, Route[Customer]] = WeakValueDictionary()

        def route_at(projection: W) -> Route[Customer]:
            if (found := routes.get(projection)) is None:
                found = routes[projection] = route("customers", partial(fetch, projection))
            return found

        self.at: Callable[[W], Route[Customer]] = lru_cache(_PROJECTIONS)(route_at)
        """The route of customers of a projection; the same one is the same route."""
        self.of: Callable[[Selection], Route[Customer]] = lru_cache(_PROJECTIONS)(self._route_of)
        """The route of customers that are read as widely as is selected."""

    def _route_of(self, selection: Selection) -> Route[Customer]:
        return self.at(self._projection(selection))

    def view_of(self, document: Document) -> Customer | None:
        """Return the customer that a whole document is read as; None for one that does not say which it is."""
        (view,) = self._views(self._rows([document]))
        return view

    def narrowest(self) -> Listing[Any] | TokenListing[Any]:
        """Return the list of customers of which nothing is selected."""
        return self._listing(self._projection(Selection()))

    async def page(
        self, start: int, size: int, selection: Selection, deadline: Deadline, *, ask_next: bool, after: str = ""
    ) -> Page[Customer]:
        """Return a page; whether more follows costs a call only where neither its rows nor a total show it."""
        listing = self._listing(self._projection(selection))
        asked = (self.narrowest() if ask_next else None, after)
        return await page_of(listing, self._views, start, size, deadline, *asked)


async def page_of(
    listing: Listing[Any] | TokenListing[Any],
    views: Callable[[Sequence[Any]], Sequence[V | None]],
    start: int,
    size: int,
    deadline: Deadline,
    narrowest: Listing[Any] | TokenListing[Any] | None,
    after: str = "",
) -> Page[V]:
    """Return a page of a list; where nothing else tells whether more follows, `narrowest` is asked, if given."""
    found = await listing.at(start, size + (narrowest is not None and listing.looks_ahead), deadline, after)
    follows = None
    if narrowest is not None and not listing.looks_ahead:
        follows = partial(narrowest.follows, deadline=deadline)
    rows = found.rows if len(found.rows) <= size else found.rows[:size]
    has_next = await found.has_next(start, size, follows)
    total = start + len(rows) if listing.counts and found.total is None and found.ended else found.total
    is_over = found.is_over is True
    return Page(views(rows), has_next=has_next, total=total, after=found.after, is_over=is_over)


@dataclass(frozen=True, slots=True)
class People:
    """How a vendor's users are listed: `views` reads the rows of the list in their places."""

    listing: Listing[Any] | TokenListing[Any]
    views: Callable[[Sequence[Any]], Sequence[User | None]]


@dataclass(eq=False)
class Adapter:
    """One configured system (`system.System`), made of what its vendor's module hands in."""

    api: Api
    read: Customers[Any]
    probe: Call
    readers: Mapping[str, Reader]
    node_lookups: Mapping[str, NodeLookup]
    lookups: Sequence[Lookup]
    users: Route[User] | None = None
    invoice_details: Route[Invoice] | None = None
    counted: Callable[[Deadline], Awaitable[int | None]] | None = None
    refused: Callable[[], frozenset[str]] = frozenset
    lists_all: Callable[[], bool] = lambda: True
    writer: CustomerWriter | None = None
    read_by_writer: Callable[[Mapping[str, Any]], Mapping[Route[Any], Any]] = lambda _answers: {}
    listed_people: People | None = None

    def __post_init__(self) -> None:
        self.name = self.api.name
        self.kind = self.api.kind
        self.context = self.api.context
        self.customers = self.read.of
        self.page = self.read.page

    @property
    def withheld(self) -> frozenset[str]:
        return self.refused()

    @property
    def rows_per_page(self) -> int:
        return self.read.narrowest().most

    @property
    def calls_per_second(self) -> float | None:
        return self.api.client.calls_per_second

    async def count(self, deadline: Deadline) -> int | None:
        if self.counted is not None:
            return await self.counted(deadline)
        narrowest = self.read.narrowest()
        return await narrowest.total(deadline) if narrowest.counts else None

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[User] | None:
        """Return a page of the vendor's users; None where it has none."""
        listed = self.listed_people
        if listed is None:
            return None
        return await page_of(listed.listing, listed.views, start, size, deadline, listed.listing, after)

    async def document(self, key: str, deadline: Deadline) -> Document | None:
        """Return the whole document of a customer, as a writer sends it back; None for an unknown key.

        Raises `UpstreamError`.
        """
        found = (await self.customers(_WHOLE).fetch([key], deadline)).get(key)
        if isinstance(found, UpstreamError):
            raise found
        return None if found is None else found.document

    def customer_in(self, document: Document) -> Customer | None:
        """Return the customer of a document that the system's writer has read, with its parts.

        None where it does not say which customer it is, or tells more than this installation's lists do.
        """
        writes = self.kind.writes
        if writes is None or not self.lists_all() or writes.key_of(document) is None:
            return None
        own = {name: value for name, value in document.items() if name not in writes.parts}
        return self.read.view_of(decoded(exact.encode(own), orjson.loads, self.context.drift))

    async def reachable(self, deadline: Deadline) -> bool:
        return await reachable(self.api.client, self.probe, deadline)

    async def aclose(self) -> None:
        await self.api.client.aclose()
