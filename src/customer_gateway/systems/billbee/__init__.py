"""Billbee, an order hub for shops (seed 004): facts and reads. Quirks: docs/systems/billbee.md."""

from __future__ import annotations

import re
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr  # noqa: TC002 - pydantic reads annotations at run time

from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.documents.versions import version_of
from customer_gateway.errors import UpstreamError
from customer_gateway.system import MOST_WALKS, Kind, Lookup, rows_per_page_of
from customer_gateway.systems.adapter import Adapter, Customers, open_api
from customer_gateway.systems.billbee import read
from customer_gateway.systems.billbee.lists import MOST_ROWS_PER_CALL, all_rows_of, objection, rows_of
from customer_gateway.systems.billbee.record import CUSTOMER
from customer_gateway.systems.billbee.write import INVOICE_ADDRESS, WRITES, with_address
from customer_gateway.systems.connection import SystemSettings, Wiring
from customer_gateway.systems.fewest_calls import read_fewest, read_while
from customer_gateway.systems.identified import those_with_ids
from customer_gateway.systems.listing import Listing
from customer_gateway.systems.lookups import by_route, lists_by_customer
from customer_gateway.systems.writer import Lists, Writer
from customer_gateway.wire import BasicWithHeaders, Call, Window, per_client, per_endpoint
from customer_gateway.work.faults import read_singly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, Invoice
    from customer_gateway.system import Reader, Reads, Route
    from customer_gateway.systems.adapter import Api
    from customer_gateway.systems.pages import Listed
    from customer_gateway.work.deadline import Deadline

_FROM_ADDRESSES: Final[Mapping[str, Callable[[Sequence[Record]], Any]]] = {
    "organization": read.of_invoice_address("Company"),
    "first_name": read.of_invoice_address("FirstName"),
    "last_name": read.of_invoice_address("LastName"),
    "address": read.main_address,
    "addresses": read.every_address,
    "record.Address": list,
}
"""What the addresses of a customer tell; `record.Address` is the field of that name on the record type."""

PHONES_IN_THEIR_COUNTRY: Final = ("PhoneNumber", "e164")
"""The field that needs the customer's country, which its addresses tell."""

KIND: Final = Kind(
    slug="billbee",
    title="Billbee",
    about="order management for online shops.",
    record=CUSTOMER,
    view=read.BillbeeCustomerView,
    readers=frozenset({*_FROM_ADDRESSES, "phones", "invoices", "version"}),
    nouns=(read.ADDRESS, read.LISTED, read.INVOICE),
    writes=WRITES,
)

BUDGET: Final = (Window(2, 1.0, per_endpoint), Window(10, 1.0, per_client))
"""Per endpoint, and per API key and user. Five users of one API key cannot reach its 50 calls a second."""

_KEY: Final = re.compile(r"[1-9][0-9]{0,17}")
_NOBODY: Final = "1"
_CUSTOMERS: Final = "/customers"
_ADDRESSES: Final = "/customer-addresses"
_ADDRESS_SECONDS: Final = 60.0  # a version counts them: one that is older is refused by a write
_ORDER_SECONDS: Final = 60.0  # an order may be read six times a minute
_CACHED: Final = 10_000


class BillbeeSettings(SystemSettings):
    """`[systems.billbee]`: an account's user and API password, and the key of the application."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    user: str
    password: SecretStr
    api_key: SecretStr


class Billbee:
    """The lists of one Billbee account."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._route = api.routes(_KEY, MOST_ROWS_PER_CALL, _CACHED)

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        orders: Route[Invoice] = self._route("order", self._fetch_order, most=1, cache_seconds=_ORDER_SECONDS)
        addresses = self._route(
            "addresses", self._fetch_addresses, cache_seconds=_ADDRESS_SECONDS, sweep=self._sweep_addresses
        )
        listed = self._route("orders", self._fetch_orders, most=1)
        by_addresses = ("organization", "firstName", "lastName", "address", "addresses", "phones", "version")
        views = self._api.customers_in_place("Id")
        list_customers = partial(self.listing, _CUSTOMERS)
        return Adapter(
            self._api,
            Customers(self._api.decoder("Data"), list_customers, self._fetch_customers, views, self._route),
            probe=_page_call(_CUSTOMERS, 1, 1),
            writer=Writer(self._api, WRITES, Lists(self._created, compares=True)),
            read_by_writer=partial(self._read_by_writer, addresses),
            invoice_details=orders,
            readers={
                **{field: _from_addresses(addresses, pick) for field, pick in _FROM_ADDRESSES.items()},
                "phones": _phones(addresses),
                "version": _versions(addresses),
                "invoices": lists_by_customer(listed),
            },
            node_lookups={"Invoice": by_route(orders)},
            lookups=(
                Lookup(addresses, by_addresses, _NOBODY, attrgetter("key")),
                Lookup(listed, ("invoices",), _NOBODY, attrgetter("key")),
                Lookup(orders, ("invoices.currency",), _NOBODY),
            ),
        )

    def listing(self, path: str, decode: Decode = orjson.loads, template: str = "") -> Listing[Document]:
        """Return a list; the total is remembered of those that are one, and not one of each customer."""
        lengths = self._api.lengths(template or path)

        async def read(number: int, size: int, deadline: Deadline) -> Listed[Document]:
            answer = await self._api.document(_page_call(path, number, size, template, decode), deadline)
            page = rows_of(answer, size, self._api.context)
            if page is None:
                raise lengths.refused("did not answer a page of entities")
            lengths.total = None if template else page.total
            return page

        return Listing(read, lengths, itemgetter("Id"), MOST_ROWS_PER_CALL, path, counts=True)

    async def _fetch_customers(self, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        one = partial(self._fetch_customer, decode, deadline)
        found = await read_fewest(self.listing(_CUSTOMERS, decode), keys, one, deadline, "customers")
        rows = ((key, found[key]) for key in keys if key in found)
        return {key: row if isinstance(row, UpstreamError) else self._api.customer(row) for key, row in rows}

    async def _fetch_customer(self, decode: Decode, deadline: Deadline, key: str) -> Document | None:
        row = await self._one("/customers/{}", key, deadline, decode)
        return None if row is None else self._api.demand_key(row, "Id", key, "/customers/{id}")

    async def _one(self, template: str, key: str, deadline: Deadline, decode: Decode = orjson.loads) -> Document | None:
        """Return a single entity, out of its envelope; None where Billbee knows no such key."""
        answer = await self._api.one(template, key, deadline, decode)
        if answer is None or (is_object(answer) and is_object(answer.get("Data"))):
            return answer and answer["Data"]
        raise self._api.refused(f"GET {template} did not answer an entity")

    async def _created(self, body: Document, _since: datetime | None, deadline: Deadline) -> Sequence[Document] | None:
        """Return the customers that a search finds by their e-mail address; None without one."""
        if not body.get("Email"):
            return None
        asked = {"Type": ["customer"], "Term": body["Email"]}
        answer = await self._api.document(Call("POST", "/search", body=asked, idempotent=True), deadline)
        found = Record(answer if is_object(answer) else {}, self._api.context).part("Data").document.get("Customers")
        if not is_list(found):
            raise self._api.refused("POST /search did not answer customers")
        return [row for row in found if is_object(row)]

    async def _fetch_addresses(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        """Whole pages of all customers' addresses where those are fewer calls than one for each customer.

        Before the list was ever read it is taken to be as long as the customers': each has an address at least. What
        came along for other customers is handed on too, for the cache.
        """
        listing, customers = self.listing(_ADDRESSES), self._api.lengths(_CUSTOMERS)
        pages = customers.pages_expected(MOST_ROWS_PER_CALL) if listing.lengths.total is None else 0
        walk = await read_while(listing, deadline, lambda _rows: len(keys), pages)
        if walk.failure is not None:
            raise walk.failure
        if not walk.whole:
            one = partial(self._fetch_addresses_of, deadline)
            return await read_singly(one, keys, self._api.name, "addresses")
        groups = {key: [] for key in keys} | self._by_customer(walk.rows.values())
        wanted = groups if len(groups) <= _CACHED else keys
        return {key: read.in_order(groups[key]) for key in wanted}

    async def _sweep_addresses(self, deadline: Callable[[], Deadline]) -> dict[str, list[Record]]:
        """Return the addresses of all customers that have some, by whole pages: as many as the list says.

        Rows that slip over the borders of pages are on those of pages of another size.
        """
        listing = self.listing(_ADDRESSES)
        most, total = listing.lengths.size(listing.most), 0
        rows: dict[str, Document] = {}
        for walk in range(1, MOST_WALKS + 1):
            number, size, more = 1, rows_per_page_of(walk, most), True
            while more:
                page = await listing.read(number, size, deadline())
                size = listing.lengths.size_of_page(page, size) if number == 1 else size
                rows |= {str(listing.identity(row)): row for row in page.rows}
                total = page.total or 0
                more = bool(page.rows) and number * size < total
                number += 1
            if len(rows) >= total:
                return {key: read.in_order(found) for key, found in self._by_customer(rows.values()).items()}
        raise listing.lengths.refused("changed while its pages were read", retryable=True)

    def _by_customer(self, rows: Iterable[Document]) -> dict[str, list[Record]]:
        groups: dict[str, list[Record]] = {}
        for row in those_with_ids(rows, "Id"):
            address = Record(row, self._api.context)
            customer = address.integer("CustomerId")
            if customer is None:
                self._api.context.drift.notice("CustomerId", "missing: the address is left out of the list of all")
            else:
                groups.setdefault(str(customer), []).append(address)
        return groups

    async def _fetch_addresses_of(self, deadline: Deadline, key: str) -> list[Record]:
        return read.in_order(await self._of_customer(key, "addresses", deadline))

    def _read_by_writer(self, addresses: Route[list[Record]], answers: Mapping[str, Any]) -> dict[Route[Any], Any]:
        """Return the addresses of a customer that the writer has read, where they are all."""
        rows = all_rows_of(answers.get(INVOICE_ADDRESS), MOST_ROWS_PER_CALL, self._api.context)
        return {} if rows is None else {addresses: read.in_order([Record(row, self._api.context) for row in rows])}

    async def _fetch_orders(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Invoice]]:
        """Return the invoices of one customer, newest first: later orders have greater Ids."""
        (key,) = keys
        orders = await self._of_customer(key, "orders", deadline)
        newest_first = sorted(orders, key=lambda order: order.document["Id"], reverse=True)
        return {key: [read.LISTED.read(each, customer_key=key) for each in newest_first if read.has_invoice(each)]}

    async def _of_customer(self, key: str, name: str, deadline: Deadline) -> list[Record]:
        listing = self.listing(f"/customers/{key}/{name}", template=f"/customers/{{id}}/{name}")
        return [Record(row, self._api.context) for row in await listing.announced(deadline)]

    async def _fetch_order(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Invoice]:
        (key,) = keys
        row = await self._one("/orders/{}", key, deadline)
        found = read.invoice(Record(row, self._api.context), key) if row is not None else None
        return {key: found} if found is not None else {}


def _page_call(path: str, number: int, size: int, template: str = "", decode: Decode = orjson.loads) -> Call:
    query = [("page", str(number)), ("pageSize", str(size))]
    return Call("GET", path, query, template=template, idempotent=True, decode=decode)


def connect(name: str, settings: BillbeeSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    key = settings.api_key.get_secret_value()
    auth = BasicWithHeaders(settings.user, settings.password.get_secret_value(), {"x-billbee-api-key": key})
    scope = (KIND.slug, key, settings.user)
    return Billbee(
        open_api(KIND, name, settings, wiring, auth=auth, budget=BUDGET, budget_scope=scope, error_in_body=objection)
    ).adapter()


def _from_addresses(route: Route[list[Record]], pick: Callable[[Sequence[Record]], Any]) -> Reader:
    """Return one field of many customers, from their addresses."""

    async def answer(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        found = await reads.load(route, [customer.key for customer in customers])
        return [
            each if isinstance(each, UpstreamError) else customer.context.value_or_unreadable(partial(pick, each or ()))
            for customer, each in zip(customers, found, strict=True)
        ]

    return answer


def _versions(addresses: Route[list[Record]]) -> Reader:
    """Read versions, in which the invoice address counts."""

    async def answer(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        found = await reads.load(addresses, [customer.key for customer in customers])
        return [
            each if isinstance(each, UpstreamError) else version_of(WRITES, with_address(customer, each or ()))
            for customer, each in zip(customers, found, strict=True)
        ]

    return answer


def _phones(addresses: Route[list[Record]]) -> Reader:
    """Read phones; the addresses are read only where an operation selects numbers in the form that needs a country."""

    async def answer(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        if not reads.selection.selects(*PHONES_IN_THEIR_COUNTRY):
            return [customer.phones for customer in customers]
        found = await reads.load(addresses, [customer.key for customer in customers])
        return [
            each if isinstance(each, UpstreamError) else read.phones(customer, each or ())
            for customer, each in zip(customers, found, strict=True)
        ]

    return answer
