"""AutoDNS, a domain registrar's billing (seed 001): facts and reads. Quirks: docs/systems/autodns.md."""

from __future__ import annotations

import json
import re
from functools import lru_cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson
from pydantic import Field, SecretStr

from customer_gateway.documents.embedded import ITEM_KEY
from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Kind, Lookup, Page, Route
from customer_gateway.systems.autodns.accepted import AcceptedKeys
from customer_gateway.systems.autodns.envelope import error_in_body, rows_of
from customer_gateway.systems.autodns.keys import NOUNS, keys_of
from customer_gateway.systems.autodns.read import (
    INVOICE,
    AutodnsContactView,
    AutodnsCustomerView,
    AutodnsUserView,
    is_customer,
    is_user,
)
from customer_gateway.systems.autodns.record import CUSTOMER
from customer_gateway.systems.autodns.search import MOST_ROWS, among, query
from customer_gateway.systems.connection import SystemSettings, Wiring, open_client, reachable
from customer_gateway.systems.identified import are_of_one_kind
from customer_gateway.systems.lookups import by_route, grouped, lists_by_customer, through_customer
from customer_gateway.systems.pages import Listed, ListLengths
from customer_gateway.systems.paging import read_on
from customer_gateway.wire import BasicWithHeaders, Call, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, Invoice, User
    from customer_gateway.system import Finder, Reader, Reads, Selection
    from customer_gateway.systems.autodns.keys import Keys
    from customer_gateway.systems.autodns.search import Filter
    from customer_gateway.wire import Client
    from customer_gateway.work.deadline import Deadline

KIND: Final = Kind(
    slug="autodns",
    title="AutoDNS",
    about="InterNetX's registrar software for domains and certificates.",
    record=CUSTOMER,
    view=AutodnsCustomerView,
    readers=frozenset({"invoices", "owner", "updater", "billing.recipients"}),
    contacts=(AutodnsContactView,),
    users=(AutodnsUserView,),
    nouns=(INVOICE,),
)

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,17})"
_NAME: Final = r"[^*\x00-\x1f\ud800-\udfff]{1,200}"  # an asterisk is AutoDNS's wildcard
_CUSTOMER_KEY: Final = re.compile(f"{_NAME}/{_NUMBER}")
_USER_KEY: Final = _CUSTOMER_KEY  # a name and a context, where a customer has a client and a number
_ITEM_KEY: Final = re.compile(f"({_NAME}/{_NUMBER})/{ITEM_KEY}")
_ACCOUNT_KEY: Final = re.compile(f"({_NAME}/{_NUMBER})/(?:ledger|sepa|card)")
_NOBODY: Final = "nobody/0"
_INVOICE_ID: Final = re.compile(_NUMBER)
_USER_FIELDS: Final = frozenset({"defaultEmail"})
_INVOICE_FIELDS: Final = frozenset({"number", "customer", "created", "amount", "currency", "status"})
_WIDTHS: Final = 256  # how many selections keep a route of their own
_BUDGET: Final = (Window(3, 1.0),)
_USER_AGENT: Final = {"user-agent": "customer-gateway"}  # AutoDNS refuses calls without one


class AutodnsSettings(SystemSettings):
    """`[systems.autodns]`: a user, the password and the context in which the user exists."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    user: str
    password: SecretStr
    context: int = Field(default=4, ge=0, description="4 is the live system, 1 the demo, or a context of one's own.")


class Autodns:
    """One user's view of AutoDNS."""

    kind = KIND

    def __init__(self, name: str, client: Client, reading: DocumentContext) -> None:
        self.name = name
        self.reading = reading
        self._client = client
        self._lengths = ListLengths(name)
        self._accepted = AcceptedKeys(client, reading)
        self._with_texts = WithTexts(reading.drift, "data")
        self._as_wide_as: Callable[[Keys, Decode], Route[Customer]] = lru_cache(_WIDTHS)(self._customers)
        self.users: Route[User] | None = (users := Route(f"{name}.users", self._fetch_users, MOST_ROWS, _USER_KEY))
        self.invoice_details = None
        invoices = Route(f"{name}.invoices", self._fetch_invoices, MOST_ROWS, _CUSTOMER_KEY)
        bill = Route(f"{name}.invoice", self._fetch_invoice, 1, _INVOICE_ID)
        self.readers: Mapping[str, Reader] = {
            "invoices": lists_by_customer(invoices),
            "owner": _embedded(users, lambda customer: customer.owner),
            "updater": _embedded(users, lambda customer: customer.updater),
            "billing.recipients": _embedded_lists(users, lambda customer: customer.recipients),
        }
        self.node_lookups: Mapping[str, Finder] = {
            "Contact": self._inside("Contact", _ITEM_KEY, lambda customer: customer.contacts),
            "Account": self._inside("Account", _ACCOUNT_KEY, lambda customer: customer.accounts),
            "Agreement": self._inside("Agreement", _ITEM_KEY, lambda customer: customer.agreements),
            "Invoice": by_route(bill),
        }

        emails = ("owner.email", "updater.email", "billing.recipients.email")
        self.lookups = (
            Lookup(users, emails, _NOBODY, lambda customer: customer.owner and customer.owner.key),
            Lookup(invoices, ("invoices",), _NOBODY, lambda customer: customer.key),
        )

    @property
    def withheld(self) -> frozenset[str]:
        return self._accepted.withheld

    def customers(self, want: Selection) -> Route[Customer]:
        return self._as_wide_as(keys_of(want), self._decode_of(want))

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool
    ) -> Page[Customer]:
        """Return a page; every answer has the total: what follows costs no call, unless it is below the rows."""
        path = "/customer/_search"

        async def read(offset: int, limit: int) -> Listed[Document]:
            return await self._search(path, keys_of(want), [], deadline, offset, limit, self._decode_of(want))

        async def follows(position: int) -> bool:
            return bool((await self._search(path, frozenset(), [], deadline, position, 1)).rows)

        lengths, identity = self._lengths.of(f"POST {path}"), partial(_identity, path)
        found = await read_on(lengths, start, read, identity, most=size, start=start, count=size)
        has_next = await found.has_next(start, size, follows if ask_next else None)
        total = start + len(found.rows) if found.total is None and found.ended else found.total
        return Page(self._customer_rows(found.rows), has_next=has_next, total=total)

    async def count(self, deadline: Deadline) -> int | None:
        found = await self._search("/customer/_search", frozenset(), [], deadline, 0, 1)
        return 0 if found.total is None else found.total

    async def reachable(self, deadline: Deadline) -> bool:
        return await reachable(self._client, Call("GET", "/hello", idempotent=True), deadline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _customers(self, keys: Keys, decode: Decode) -> Route[Customer]:
        return Route(f"{self.name}.customers", partial(self._fetch_customers, keys, decode), MOST_ROWS, _CUSTOMER_KEY)

    def _decode_of(self, want: Selection) -> Decode:
        return self._with_texts if want.tells_raw(CUSTOMER) else orjson.loads

    def _inside(self, noun: str, form: re.Pattern[str], nouns: Callable[[Any], Iterable[Any]]) -> Finder:
        def as_wide_as_needed(want: Selection) -> Route[Customer]:
            return self._as_wide_as(keys_of(want) | NOUNS[noun], self._decode_of(want))

        def customer_key(key: str) -> str | None:
            found = form.fullmatch(key)
            return found.group(1) if found else None

        return through_customer(as_wide_as_needed, customer_key, nouns)

    async def _fetch_customers(
        self, wide: Keys, decode: Decode, keys: Sequence[str], deadline: Deadline
    ) -> dict[str, Customer]:
        filters = among(map(_split, keys), "client", "number")
        found = await self._all("/customer/_search", wide, filters, deadline, decode)
        customers = {customer.key: customer for customer in self._customer_rows(found) if customer is not None}
        return {key: customers[key] for key in keys if key in customers}

    async def _fetch_users(self, keys: Sequence[str], deadline: Deadline) -> dict[str, User]:
        filters = among(((context, user) for user, context in map(_split, keys)), "context", "user")
        rows = await self._all("/user/_search", _USER_FIELDS, filters, deadline)
        users = {user.key: user for row in rows if is_user(user := AutodnsUserView(row, self.reading))}
        return {key: users[key] for key in keys if key in users}

    async def _fetch_invoices(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Invoice]]:
        filters = among(map(_split, keys), "customer.client", "customer.number")
        rows = await self._all("/invoice/_search", _INVOICE_FIELDS, filters, deadline)
        bills = grouped(keys, self._bills(rows), attrgetter("customer_key"), "customer", self.reading)
        return {key: list({bill.key: bill for bill in mine}.values()) for key, mine in bills.items()}

    async def _fetch_invoice(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Invoice]:
        """Fetch an invoice by itself: AutoDNS documents no filter by id."""
        (key,) = keys
        call = Call("GET", f"/invoice/{key}", template="/invoice/{id}", idempotent=True, missing_is_none=True)
        answer = await self._client.call(call, deadline)
        rows = [] if answer.document is None else self._rows(answer.document, call)
        return {bill.key: bill for bill in self._bills(rows) if bill.key == key}

    async def _all(
        self, path: str, keys: Keys, filters: Sequence[Filter], deadline: Deadline, decode: Decode = orjson.loads
    ) -> list[Document]:
        """Return every row that the filters let through, page by page: all that were counted, or none."""

        async def read(offset: int, limit: int) -> Listed[Document]:
            return await self._search(path, keys, filters, deadline, offset, limit, decode)

        lengths, question = self._lengths.of(f"POST {path}", "filters"), json.dumps(filters)
        return list((await read_on(lengths, question, read, partial(_identity, path), most=MOST_ROWS)).rows)

    async def _search(
        self,
        path: str,
        keys: Keys,
        filters: Sequence[Filter],
        deadline: Deadline,
        offset: int,
        limit: int,
        decode: Decode = orjson.loads,
    ) -> Listed[Document]:
        body = query(filters, _ORDERS[path], offset, limit)
        call = Call("POST", path, [("keys[]", key) for key in sorted(keys)], body=body, idempotent=True, decode=decode)
        answer = await self._accepted.call(call, deadline)
        rows = self._rows(answer.document, call)
        total = Record(answer.document, self.reading).part("object").integer("summary")
        if total is None and len(rows) >= limit:
            raise UpstreamBadResponse(self.name, f"POST {path} did not tell how many there are")
        return Listed(rows, total)

    def _rows(self, document: object, call: Call) -> list[Document]:
        rows = rows_of(document)
        if rows is not None:
            return rows
        raise UpstreamBadResponse(self.name, f"{call.method} {call.endpoint} did not answer entities under data")

    def _customer_rows(self, rows: Sequence[Document]) -> list[AutodnsCustomerView | None]:
        """Return the customers of a list in their places; None for a row that does not say which one it is."""
        views = [AutodnsCustomerView(row, self.reading) for row in rows]
        known = [view if is_customer(view) else None for view in views]
        if not are_of_one_kind(rows, known):
            raise UpstreamBadResponse(self.name, "POST /customer/_search answered no row with a client and a number")
        if not all(known):
            self.reading.drift.notice("number", "missing: the row is left out of its list")
        for row in rows:
            CUSTOMER.notice_undocumented(row, self.reading)
        return known

    def _bills(self, rows: Sequence[Document]) -> list[Invoice]:
        """Return the invoices of a list; a row without an id is left out."""
        documents = [Record(row, self.reading) for row in rows]
        known = [document for document in documents if document.integer("id") is not None]
        if not are_of_one_kind(rows, known):
            raise UpstreamBadResponse(self.name, "POST /invoice/_search answered no invoice with an id")
        if len(known) < len(documents):
            self.reading.drift.notice("id", "missing: the row is left out of its list")
        return [INVOICE.read(document) for document in known]


_ORDERS: Final = {
    "/customer/_search": ("client", "number"),
    "/user/_search": ("context", "user"),
    "/invoice/_search": ("number",),
}


_IDENTITIES: Final = {
    "/customer/_search": ("client", "number"),
    "/user/_search": ("context", "user"),
    "/invoice/_search": ("id",),
}


def _identity(path: str, row: Document) -> str:
    """Return what distinguishes a row of a list from the others, as text: it may not be what it should
    be.

    A row that does not say which one it is is like no other.
    """
    values = [row.get(name) for name in _IDENTITIES[path]]
    return str(id(row) if None in values else values)


def _embedded(users: Route[User], embedded: Callable[[Any], AutodnsUserView | None]) -> Reader:
    """Return one user for each customer, as embedded; looked up where the operation selects an e-mail that is not
    there.
    """

    async def read(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        return await _with_emails([embedded(customer) for customer in customers], users, reads)

    return read


def _embedded_lists(users: Route[User], embedded: Callable[[Any], Sequence[AutodnsUserView]]) -> Reader:
    """Return a list of users for each customer; an unknown user is None in it, a failed read fails the list."""

    async def read(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        lists = [embedded(customer) for customer in customers]
        values = iter(await _with_emails([user for each in lists for user in each], users, reads))
        found = [[next(values) for _ in each] for each in lists]
        return [next((user for user in each if isinstance(user, UpstreamError)), each) for each in found]

    return read


async def _with_emails(
    embedded: Sequence[AutodnsUserView | None], users: Route[User], reads: Reads
) -> Sequence[User | UpstreamError | None]:
    if not reads.want.selects("User", "email"):
        return embedded
    lacking = list({user.key: None for user in embedded if user is not None and user.email is None})
    found = dict(zip(lacking, await reads.load(users, lacking), strict=True)) if lacking else {}
    return [user if user is None or user.email is not None else found[user.key] for user in embedded]


def _split(key: str) -> tuple[str, str]:
    """Return the two sides of a key's last slash."""
    first, _, last = key.rpartition("/")
    return first, last


def connect(name: str, settings: AutodnsSettings, wiring: Wiring) -> Autodns:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    context = {"x-domainrobot-context": str(settings.context)}
    client = open_client(
        name,
        settings,
        wiring,
        auth=BasicWithHeaders(settings.user, settings.password.get_secret_value(), context),
        headers=_USER_AGENT,
        budget=_BUDGET,
        budget_scope=(KIND.slug, urlsplit(settings.base_url).netloc.lower()),
        error_in_body=error_in_body,
    )
    return Autodns(name, client, DocumentContext.of(name, settings.base_url, settings.time_zone, settings.region))
