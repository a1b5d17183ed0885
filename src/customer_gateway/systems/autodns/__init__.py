"""AutoDNS, a domain registrar's billing (seed 001): facts and reads. Quirks: docs/systems/autodns.md."""

from __future__ import annotations

import json
import re
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson
from pydantic import Field, SecretStr

from customer_gateway.documents.embedded import ITEM_KEY
from customer_gateway.documents.record import Record
from customer_gateway.system import Kind, Lookup
from customer_gateway.systems.adapter import Adapter, Customers, People, open_api
from customer_gateway.systems.autodns.accepted import AcceptedKeys
from customer_gateway.systems.autodns.created import created_filters
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
from customer_gateway.systems.autodns.search import MOST_ROWS_PER_CALL, among, query
from customer_gateway.systems.autodns.users import embedded, embedded_lists
from customer_gateway.systems.autodns.versions import versions
from customer_gateway.systems.autodns.write import WRITES
from customer_gateway.systems.connection import SystemSettings, Wiring
from customer_gateway.systems.identified import are_of_one_kind
from customer_gateway.systems.listing import Listing
from customer_gateway.systems.lookups import by_route, grouped, lists_by_customer, through_customer
from customer_gateway.systems.pages import Listed
from customer_gateway.systems.writer import Lists, Writer
from customer_gateway.wire import BasicWithHeaders, Call, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, Invoice, User
    from customer_gateway.system import NodeLookup, Route, Selection
    from customer_gateway.systems.adapter import Api
    from customer_gateway.systems.autodns.keys import Keys
    from customer_gateway.systems.autodns.search import Filter
    from customer_gateway.work.deadline import Deadline

KIND: Final = Kind(
    slug="autodns",
    title="AutoDNS",
    about="InterNetX's registrar software for domains and certificates.",
    record=CUSTOMER,
    view=AutodnsCustomerView,
    readers=frozenset({"invoices", "owner", "updater", "billing.recipients", "version"}),
    contacts=(AutodnsContactView,),
    users=(AutodnsUserView,),
    nouns=(INVOICE,),
    writes=WRITES,
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
_CUSTOMERS: Final = "/customer/_search"
_USERS: Final = "/user/_search"
_BUDGET: Final = (Window(3, 1.0),)
_USER_AGENT: Final = {"user-agent": "customer-gateway"}  # AutoDNS refuses calls without one

Projection: TypeAlias = "tuple[Keys, Decode]"
"""The keys of a list that are asked for, and how it is decoded."""


class AutodnsSettings(SystemSettings):
    """`[systems.autodns]`: a user, the password and the context in which the user exists."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    user: str
    password: SecretStr
    context: int = Field(default=4, ge=0, description="4 is the live system, 1 the demo, or a context of one's own.")


class Autodns:
    """The lists of one user of AutoDNS."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._accepted = AcceptedKeys(api.client, api.context)
        self._decode_of = api.decoder("data")
        self._route = api.routes(_CUSTOMER_KEY, MOST_ROWS_PER_CALL)
        self._customers = Customers(self._projection, self._list, self._fetch_customers, self._views, self._route)

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        users: Route[User] = self._route("users", self._fetch_users, key_form=_USER_KEY)
        invoices = self._route("invoices", self._fetch_invoices)
        bill = self._route("invoice", self._fetch_invoice, most=1, key_form=_INVOICE_ID)
        whole = self._route("whole", self._fetch_whole, most=1)
        emails = ("owner.email", "updater.email", "billing.recipients.email")
        return Adapter(
            self._api,
            self._customers,
            probe=Call("GET", "/hello", idempotent=True),
            refused=lambda: self._accepted.withheld,
            lists_all=lambda: not self._accepted.lacks_keys_of_customers,
            users=users,
            writer=Writer(self._api, WRITES, Lists(self._created)),
            listed_people=People(self._search(_USERS, (_USER_FIELDS, orjson.loads)), self._users_in_place),
            readers={
                "invoices": lists_by_customer(invoices),
                "owner": embedded(users, attrgetter("owner")),
                "updater": embedded(users, attrgetter("updater")),
                "version": versions(self._accepted, whole),
                "billing.recipients": embedded_lists(users, attrgetter("recipients")),
            },
            node_lookups={
                "Contact": self._inside("Contact", _ITEM_KEY, attrgetter("contacts")),
                "Account": self._inside("Account", _ACCOUNT_KEY, attrgetter("accounts")),
                "Agreement": self._inside("Agreement", _ITEM_KEY, attrgetter("agreements")),
                "Invoice": by_route(bill),
            },
            lookups=(
                Lookup(users, emails, _NOBODY, lambda customer: customer.owner and customer.owner.key),
                Lookup(invoices, ("invoices",), _NOBODY, attrgetter("key")),
                Lookup(whole, ("version",), _NOBODY, attrgetter("key")),
            ),
        )

    def _projection(self, selection: Selection) -> Projection:
        return keys_of(selection), self._decode_of(selection)

    def _list(self, projection: Projection) -> Listing[Document]:
        return self._search(_CUSTOMERS, projection)

    def _search(self, path: str, projection: Projection, filters: Sequence[Filter] = ()) -> Listing[Document]:
        """Return a list; every answer has the total, so that what follows costs no call."""
        keys, decode = projection
        order, identity = _ORDERS[path]

        async def read(offset: int, limit: int, deadline: Deadline) -> Listed[Document]:
            body, wanted = query(filters, order, offset, limit), [("keys[]", key) for key in sorted(keys)]
            call = Call("POST", path, wanted, body=body, idempotent=True, decode=decode)
            answer = (await self._accepted.call(call, deadline)).document
            rows = self._rows(answer, call)
            total = Record(answer, self._api.context).part("object").integer("summary")
            if total is None and len(rows) >= limit:
                raise self._api.refused(f"POST {path} did not say how many there are")
            return Listed(rows, total)

        lengths = self._api.lengths(path, "filters" if filters else "", "POST")
        question = json.dumps(filters)
        identify = partial(_identity, identity)
        return Listing(read, lengths, identify, MOST_ROWS_PER_CALL, question, numbered=False, counts=True)

    def _inside(self, noun: str, form: re.Pattern[str], nouns: Callable[[Any], Iterable[Any]]) -> NodeLookup:
        def as_wide_as_needed(selection: Selection) -> Route[Customer]:
            return self._customers.at((keys_of(selection) | NOUNS[noun], self._decode_of(selection)))

        def customer_key(key: str) -> str | None:
            found = form.fullmatch(key)
            return found.group(1) if found else None

        return through_customer(as_wide_as_needed, customer_key, nouns)

    async def _fetch_customers(
        self, projection: Projection, keys: Sequence[str], deadline: Deadline
    ) -> dict[str, Customer]:
        filters = among(map(_split, keys), "client", "number")
        found = await self._search(_CUSTOMERS, projection, filters).whole(deadline)
        customers = {customer.key: customer for customer in self._views(found) if customer is not None}
        return {key: customers[key] for key in keys if key in customers}

    async def _fetch_whole(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Document]:
        """Fetch a whole customer by itself: not every installation lists all that it consists of."""
        (key,) = keys
        document = await self._api.one("/customer/{}", WRITES.path_of(key), deadline, template="/customer/{key}")
        rows = [] if document is None else self._rows(document, Call("GET", "/customer/{key}"))
        found = [row for row in rows if WRITES.key_of(row) == key]
        return {key: found[0]} if found else {}

    async def _created(self, body: Document, since: datetime | None, deadline: Deadline) -> Sequence[Document]:
        filters = created_filters(body, since, self._api.context)
        return await self._search(_CUSTOMERS, (frozenset({"emails"}), orjson.loads), filters).whole(deadline)

    def _users_in_place(self, rows: Sequence[Document]) -> Sequence[User | None]:
        views = [AutodnsUserView(row, self._api.context) for row in rows]
        return [view if is_user(view) else None for view in views]

    async def _fetch_users(self, keys: Sequence[str], deadline: Deadline) -> dict[str, User]:
        filters = among(((context, user) for user, context in map(_split, keys)), "context", "user")
        rows = await self._search(_USERS, (_USER_FIELDS, orjson.loads), filters).whole(deadline)
        users = {user.key: user for row in rows if is_user(user := AutodnsUserView(row, self._api.context))}
        return {key: users[key] for key in keys if key in users}

    async def _fetch_invoices(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Invoice]]:
        filters = among(map(_split, keys), "customer.client", "customer.number")
        rows = await self._search("/invoice/_search", (_INVOICE_FIELDS, orjson.loads), filters).whole(deadline)

        def read(read_through: str | None) -> Iterable[Invoice]:
            return {bill.key: bill for bill in self._bills(rows, read_through)}.values()

        return grouped(keys, read, "customer", self._api.context)

    async def _fetch_invoice(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Invoice]:
        """Fetch an invoice by itself: AutoDNS documents no filter by id."""
        (key,) = keys
        document = await self._api.one("/invoice/{}", key, deadline, template="/invoice/{id}")
        rows = [] if document is None else self._rows(document, Call("GET", "/invoice/{id}"))
        return {bill.key: bill for bill in self._bills(rows) if bill.key == key}

    def _rows(self, document: object, call: Call) -> list[Document]:
        rows = rows_of(document)
        if rows is not None:
            return rows
        raise self._api.refused(f"{call.method} {call.endpoint} did not answer entities under data")

    def _views(self, rows: Sequence[Document]) -> list[AutodnsCustomerView | None]:
        """Return the customers of a list in their places; None for a row that does not say which one it is."""
        views = [AutodnsCustomerView(row, self._api.context) for row in rows]
        known = [view if is_customer(view) else None for view in views]
        self._demand(_CUSTOMERS, rows, known, "number", "row with a client and a number")
        for row in rows:
            CUSTOMER.notice_undocumented(row, self._api.context)
        return known

    def _bills(self, rows: Sequence[Document], read_through: str | None = None) -> list[Invoice]:
        """Return the invoices of a list, read through a customer or by themselves; a row without an id is left out."""
        documents = [Record(row, self._api.context) for row in rows]
        known = [document if document.integer("id") is not None else None for document in documents]
        self._demand("/invoice/_search", rows, known, "id", "invoice with an id")
        return [INVOICE.read(each, read_through=read_through) for each in known if each is not None]

    def _demand(self, path: str, rows: Sequence[Document], known: Sequence[object], name: str, what: str) -> None:
        """Refuse rows of something else; one row that lacks `name` is noticed."""
        if not are_of_one_kind(rows, known):
            raise self._api.refused(f"POST {path} answered no {what}")
        if not all(known):
            self._api.context.drift.notice(name, "missing: the row is left out of its list")


_ORDERS: Final = {
    _CUSTOMERS: (("client", "number"), ("client", "number")),
    _USERS: (("context", "user"), ("context", "user")),
    "/invoice/_search": (("number",), ("id",)),
}
"""By what each list is ordered, and what distinguishes its rows."""


def _identity(names: Sequence[str], row: Document) -> str:
    """Return what distinguishes a row of a list from the others, as text: it may not be what it should
    be.

    A row that does not say which one it is is like no other.
    """
    values = [row.get(name) for name in names]
    return str(id(row) if None in values else values)


def _split(key: str) -> tuple[str, str]:
    """Return the two sides of a key's last slash."""
    first, _, last = key.rpartition("/")
    return first, last


def connect(name: str, settings: AutodnsSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    context = {"x-domainrobot-context": str(settings.context)}
    api = open_api(
        KIND,
        name,
        settings,
        wiring,
        auth=BasicWithHeaders(settings.user, settings.password.get_secret_value(), context),
        headers=_USER_AGENT,
        budget=_BUDGET,
        budget_scope=(KIND.slug, urlsplit(settings.base_url).netloc.lower()),
        error_in_body=error_in_body,
    )
    return Autodns(api).adapter()
