"""Billbee, an order hub for shops (seed 004): facts and reads. Quirks: docs/systems/billbee.md."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr  # noqa: TC002 - pydantic reads annotations at run time

from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Kind, Lookup, Page, Route
from customer_gateway.systems.billbee import read
from customer_gateway.systems.billbee.lists import MOST_ROWS, Lists, objection
from customer_gateway.systems.billbee.record import CUSTOMER
from customer_gateway.systems.connection import SystemSettings, Wiring, open_client, reachable
from customer_gateway.systems.identified import in_place, integer_id, those_with_ids
from customer_gateway.systems.lookups import by_route, lists_by_customer
from customer_gateway.systems.paging import read_window
from customer_gateway.wire import BasicWithHeaders, Call, Window, per_client, per_template
from customer_gateway.work.faults import read_singly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, Invoice
    from customer_gateway.system import Finder, Reader, Reads, Selection
    from customer_gateway.systems.pages import Listed
    from customer_gateway.wire import Client
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
    readers=frozenset({*_FROM_ADDRESSES, "phones", "invoices"}),
    nouns=(read.ADDRESS, read.LISTED, read.INVOICE),
)

BUDGET: Final = (Window(2, 1.0, per_template), Window(10, 1.0, per_client))
"""Per endpoint, and per API key and user. Five users of one API key cannot reach its 50 calls a second."""

_KEY: Final = re.compile(r"[1-9][0-9]{0,17}")
_NOBODY: Final = "1"
_CUSTOMERS: Final = "/customers"
_ADDRESSES: Final = "/customer-addresses"
_ADDRESS_SECONDS: Final = 300.0
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
    """One Billbee account."""

    kind = KIND
    withheld: frozenset[str] = frozenset()

    def __init__(self, name: str, client: Client, reading: DocumentContext) -> None:
        self.name = name
        self.reading = reading
        self._client = client
        self._with_texts = WithTexts(reading.drift, "Data")
        self._lists = Lists(client, reading)
        self._customers: Route[Customer] = self._route("customers", partial(self._fetch_customers, orjson.loads))
        self._raw_customers: Route[Customer] = self._route(
            "customers", partial(self._fetch_customers, self._with_texts)
        )
        self.users = None
        orders: Route[Invoice] = self._route("order", self._fetch_order, most=1, cache_seconds=_ORDER_SECONDS)
        self.invoice_details: Route[Invoice] | None = orders
        addresses = self._route("addresses", self._fetch_addresses, cache_seconds=_ADDRESS_SECONDS)
        listed = self._route("orders", self._fetch_orders, most=1)
        self.readers: Mapping[str, Reader] = {
            **{field: _from_addresses(addresses, tell) for field, tell in _FROM_ADDRESSES.items()},
            "phones": _phones(addresses),
            "invoices": lists_by_customer(listed),
        }
        self.node_lookups: Mapping[str, Finder] = {"Invoice": by_route(orders)}

        told = ("organization", "firstName", "lastName", "address", "addresses", "phones")
        self.lookups = (
            Lookup(addresses, told, _NOBODY, lambda customer: customer.key),
            Lookup(listed, ("invoices",), _NOBODY, lambda customer: customer.key),
            Lookup(orders, ("invoices.currency",), _NOBODY),
        )

    def customers(self, want: Selection) -> Route[Customer]:
        """Return the route of customers: Billbee has one width."""
        return self._raw_customers if want.tells_raw(CUSTOMER) else self._customers

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool
    ) -> Page[Customer]:
        """Return a page; every page says how many customers there are, and only a total below the rows costs a call."""
        decode = self._with_texts if want.tells_raw(CUSTOMER) else orjson.loads

        async def read(number: int, size: int) -> Listed[Document]:
            return await self._lists.page(_CUSTOMERS, number, size, deadline, decode=decode)

        async def follows(position: int) -> bool:
            return bool((await read(position + 1, 1)).rows)

        found = await read_window(self._lists.lengths(_CUSTOMERS), read, "Id", start, size, MOST_ROWS)
        has_next = await found.has_next(start, size, follows if ask_next else None)
        return Page(in_place(found.rows[:size], "Id", self._customer), has_next=has_next, total=found.total)

    async def count(self, deadline: Deadline) -> int | None:
        return (await self._lists.page(_CUSTOMERS, 1, 1, deadline)).total

    async def reachable(self, deadline: Deadline) -> bool:
        probe = Call("GET", _CUSTOMERS, [("page", "1"), ("pageSize", "1")], idempotent=True)
        return await reachable(self._client, probe, deadline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _route(self, name: str, fetch: Any, *, most: int = MOST_ROWS, cache_seconds: float = 0.0) -> Route[Any]:
        return Route(f"{self.name}.{name}", fetch, most, key_form=_KEY, cache_seconds=cache_seconds, cache_keys=_CACHED)

    async def _fetch_customers(self, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        """Whole pages while those are fewer calls than one for each customer still missing."""

        def one_by_one(rows: Mapping[str, Document]) -> int:
            return sum(key not in rows for key in keys)

        pages = self._lists.pages(_CUSTOMERS)
        walk = await self._lists.walk(_CUSTOMERS, deadline, instead=one_by_one, pages=pages, decode=decode)
        customers: dict[str, Any] = {key: self._customer(walk.rows[key]) for key in keys if key in walk.rows}
        if walk.whole:
            return customers
        missing = [key for key in keys if key not in customers]
        return customers | await read_singly(
            lambda key: self._fetch_customer(decode, key, deadline), missing, self.name, "customers"
        )

    async def _fetch_customer(self, decode: Decode, key: str, deadline: Deadline) -> Customer | None:
        row = await self._lists.one("/customers/{id}", key, deadline, decode=decode)
        if row is None:
            return None
        if str(integer_id(row, "Id", self.reading)) != key:
            raise UpstreamBadResponse(self.name, "GET /customers/{id} answered another entity")
        return self._customer(row)

    async def _fetch_addresses(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        """Whole pages of all customers' addresses where those are fewer calls than one for each customer.

        Before the list was ever read it is taken to be as long as the customers': each has an address at least. What
        came along for other customers is handed on too, for the cache.
        """
        walk = await self._lists.walk(
            _ADDRESSES,
            deadline,
            instead=lambda _rows: len(keys),
            pages=self._lists.pages(_ADDRESSES, _CUSTOMERS),
        )
        if not walk.whole:
            return await read_singly(lambda key: self._fetch_addresses_of(key, deadline), keys, self.name, "addresses")
        groups: dict[str, list[Record]] = {key: [] for key in keys}
        for row in those_with_ids(walk.rows.values(), "Id"):
            address = Record(row, self.reading)
            customer = address.integer("CustomerId")
            if customer is None:
                self.reading.drift.notice("CustomerId", "missing: the address is left out of the list of all")
            else:
                groups.setdefault(str(customer), []).append(address)
        wanted = groups if len(groups) <= _CACHED else keys
        return {key: read.in_order(groups[key]) for key in wanted}

    async def _fetch_addresses_of(self, key: str, deadline: Deadline) -> list[Record]:
        rows = await self._lists.whole(f"/customers/{key}/addresses", "/customers/{id}/addresses", deadline)
        return read.in_order(Record(row, self.reading) for row in rows)

    async def _fetch_orders(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Invoice]]:
        """Return the invoices of one customer, newest first: later orders have greater Ids."""
        (key,) = keys
        rows = await self._lists.whole(f"/customers/{key}/orders", "/customers/{id}/orders", deadline)
        orders = (Record(row, self.reading) for row in sorted(rows, key=_by_id, reverse=True))
        return {key: [read.LISTED.read(order, customer_key=key) for order in orders if read.has_invoice(order)]}

    async def _fetch_order(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Invoice]:
        (key,) = keys
        row = await self._lists.one("/orders/{id}", key, deadline)
        found = read.invoice(Record(row, self.reading), key) if row is not None else None
        return {key: found} if found is not None else {}

    def _customer(self, row: Document) -> Customer:
        CUSTOMER.notice_undocumented(row, self.reading)
        return read.BillbeeCustomerView(row, self.reading)


def connect(name: str, settings: BillbeeSettings, wiring: Wiring) -> Billbee:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    key = settings.api_key.get_secret_value()
    auth = BasicWithHeaders(settings.user, settings.password.get_secret_value(), {"x-billbee-api-key": key})
    account = (KIND.slug, key, settings.user)
    client = open_client(
        name, settings, wiring, auth=auth, budget=BUDGET, budget_scope=account, error_in_body=objection
    )
    return Billbee(name, client, DocumentContext.of(name, settings.base_url, settings.time_zone, settings.region))


def _from_addresses(route: Route[list[Record]], tell: Callable[[Sequence[Record]], Any]) -> Reader:
    """Return one field of many customers, from their addresses."""

    async def answer(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        found = await reads.load(route, [customer.key for customer in customers])
        return [
            each if isinstance(each, UpstreamError) else customer.reading.value_or_unreadable(partial(tell, each or ()))
            for customer, each in zip(customers, found, strict=True)
        ]

    return answer


def _phones(addresses: Route[list[Record]]) -> Reader:
    """Read phones; the addresses are read only where an operation selects numbers in the form that needs a country."""

    async def answer(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        if not reads.want.selects(*PHONES_IN_THEIR_COUNTRY):
            return [customer.phones for customer in customers]
        found = await reads.load(addresses, [customer.key for customer in customers])
        return [
            each if isinstance(each, UpstreamError) else read.phones(customer, each or ())
            for customer, each in zip(customers, found, strict=True)
        ]

    return answer


def _by_id(row: Document) -> int:
    return row["Id"]
