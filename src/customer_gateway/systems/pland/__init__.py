"""Pland, a cleaning and facility workforce SaaS (seed 000): facts and reads. Quirks: docs/systems/pland.md."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import Record, is_object
from customer_gateway.documents.row import WrongForm
from customer_gateway.documents.rows import DriftSampler, Rows
from customer_gateway.system import Kind, Lookup
from customer_gateway.systems.adapter import Adapter, Customers, People, open_api
from customer_gateway.systems.listing import KeyedListing, Listing
from customer_gateway.systems.lookups import (
    by_route,
    grouped,
    key_of_list,
    lists_by_customer,
    names_by,
    users_by,
    values_by,
)
from customer_gateway.systems.pages import Listed, read_keys
from customer_gateway.systems.pland.created import created_query
from customer_gateway.systems.pland.credentials import PlandSettings, auth_of
from customer_gateway.systems.pland.entities import AGREEMENT, INVOICE, Entities, agreements_of, invoices_of
from customer_gateway.systems.pland.read import (
    PlandContactView,
    PlandCustomerView,
    PlandUser,
    PlandUserRow,
    user,
)
from customer_gateway.systems.pland.record import CUSTOMER, OBJECT_ID
from customer_gateway.systems.pland.write import WRITES
from customer_gateway.systems.writer import Lists, Writer
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from customer_gateway.documents.choices import ChoiceList
    from customer_gateway.documents.record import Body, Decode, Document
    from customer_gateway.model.nouns import Contact, Customer
    from customer_gateway.system import Route, Selection
    from customer_gateway.systems.adapter import Api
    from customer_gateway.systems.connection import Wiring
    from customer_gateway.systems.pland.entities import PlandEntity
    from customer_gateway.work.deadline import Deadline

KIND: Final = Kind(
    slug="pland",
    title="Pland",
    about="workforce software for cleaning and facility companies.",
    record=CUSTOMER,
    view=PlandCustomerView,
    readers=frozenset(
        {"contacts", "agreements", "invoices", "updater", "creator", "billing.payment_terms", "billing.recipients"}
    ),
    contacts=(PlandContactView,),
    users=(PlandUser,),
    nouns=(AGREEMENT, INVOICE),
    writes=WRITES,
)

_NOBODY: Final = "0" * 24
_KEYS_PER_CALL: Final = 200  # "ids=" and 24 digits each: the URL stays under 8 KB
_ROWS_PER_PAGE: Final = 1_000
_TERMS_PER_PAGE: Final = 100
_BY_ID: Final = ("sort", '{"by":"_id","direction":1}')  # unsorted pages repeat and lose rows

_COUNT: Final = Call("GET", "/customers/count", idempotent=True)
_KEY: Final = attrgetter("key")

Query: TypeAlias = tuple[str, str]
Read: TypeAlias = "Callable[[Iterable[Any]], Iterable[Any]]"
ReadThrough: TypeAlias = "Callable[[Sequence[Any], str | None], Iterable[Any]]"
"""Is given, too, the customer whose the nouns are that name none."""


class Pland:
    """The lists of one Pland tenant."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._route = api.routes(OBJECT_ID, _KEYS_PER_CALL)
        self._with_texts = WithTexts(api.context.drift)
        self._customer_rows = Rows(PlandCustomerView, api.context)
        self._contact_rows = Rows(PlandContactView, api.context)
        self._user_rows = Rows(PlandUserRow, api.context)
        self._entities = Entities(api.context)
        self._drift_watch = DriftSampler()

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        entities = self._entities.decode
        contacts = self._by_customer("contacts", "customerId", self._contact_rows.decode, _contacts_of)
        agreements = self._by_customer("assignments", "customer", entities, agreements_of)
        invoices = self._by_customer("invoices", "customer", entities, invoices_of)
        users = self._by_id("users", "users", self._user_rows.decode, partial(map, user))
        terms = self._route("payment_terms", self._fetch_payment_terms, cache_seconds=300.0)
        return Adapter(
            self._api,
            Customers(
                self._decode_of, self._customers, self._fetch_customers, _in_place, self._route, self._customers_of
            ),
            probe=_COUNT,
            counted=self._count,
            users=users,
            writer=Writer(self._api, WRITES, Lists(self._created, self._choices)),
            listed_people=People(self._list("/users/", [], self._user_rows.decode), _users_in_place),
            readers={
                "contacts": lists_by_customer(contacts),
                "agreements": lists_by_customer(agreements),
                "invoices": lists_by_customer(invoices),
                "updater": values_by(users, attrgetter("updater_key")),
                "creator": values_by(users, attrgetter("creator_key")),
                "billing.payment_terms": names_by(terms, attrgetter("payment_term_key")),
                "billing.recipients": users_by(users, partial(key_of_list, "recipient_keys", "recipients")),
            },
            node_lookups={
                "Contact": by_route(self._route("contact", self._fetch_contact, most=1)),
                "Agreement": by_route(self._by_id("assignment", "assignments", entities, agreements_of)),
                "Invoice": by_route(self._by_id("invoice", "invoices", entities, invoices_of)),
            },
            lookups=(
                Lookup(contacts, ("contacts",), _NOBODY, _KEY),
                Lookup(agreements, ("agreements",), _NOBODY, _KEY),
                Lookup(invoices, ("invoices",), _NOBODY, _KEY),
                Lookup(users, ("updater", "creator", "billing.recipients"), _NOBODY, attrgetter("updater_key")),
                Lookup(terms, ("billing.paymentTerms",), _NOBODY, attrgetter("payment_term_key")),
            ),
        )

    def _list(self, path: str, query: Sequence[Query], decode: Decode) -> KeyedListing[Any]:
        async def read(offset: int, limit: int, deadline: Deadline) -> Listed[Any]:
            paging = [("limit", str(limit)), ("offset", str(offset)), _BY_ID]
            return Listed(await self._rows(path, [*query, *paging], decode, deadline))

        lengths = self._api.lengths(path)
        return KeyedListing(read, lengths, _KEY, _ROWS_PER_PAGE, tuple(query), numbered=False, looks_ahead=True)

    def _customers(self, decode: Decode) -> KeyedListing[PlandCustomerView]:
        """Pland does not say whether more follows: one row more than asked shows it."""
        return self._list("/customers/", [], decode)

    async def _fetch_customers(self, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
        return await self._rows_by_ids("/customers/", keys, deadline, decode)

    async def _count(self, deadline: Deadline) -> int:
        answer = await self._api.document(_COUNT, deadline)
        count = Record(answer, self._api.context).integer("count") if is_object(answer) else None
        if count is None:
            raise self._api.refused("GET /customers/count did not answer a count")
        return count

    def _by_customer(self, name: str, term: str, decode: Decode, read: ReadThrough) -> Route[list[Any]]:
        """Return what names the customers, by them."""

        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, list[Any]]:
            rows = await self._list(f"/{name}/", [(term, key) for key in keys], decode).whole(deadline)
            return grouped(keys, partial(read, rows), "customerId", self._api.context)

        return self._route(name, fetch)

    def _by_id(self, name: str, path: str, decode: Decode, read: Read) -> Route[Any]:
        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
            rows = await self._rows_by_ids(f"/{path}/", keys, deadline, decode)
            return {noun.key: noun for noun in read(rows.values())}

        return self._route(name, fetch)

    async def _fetch_contact(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Contact]:
        """Pland looks contacts up one at a time."""
        (key,) = keys
        found = await self._api.one("/contacts/{}", key, deadline)
        if found is None:
            return {}
        contact = self._contact_rows.read_one(found) if is_object(found) and found.get("_id") == key else None
        if contact is None:
            raise self._api.refused("GET /contacts/{} did not answer the entity")
        return {key: contact}

    async def _created(self, body: Document, since: datetime | None, deadline: Deadline) -> Sequence[Document]:
        query = created_query(body, since, self._api.context)
        return [row.document for row in await self._list("/customers/", query, self._decode_whole).whole(deadline)]

    async def _choices(self, _wanted: ChoiceList, deadline: Deadline) -> Sequence[Document]:
        return [row.document for row in await self._payment_terms(deadline)]

    async def _fetch_payment_terms(self, _keys: Sequence[str], deadline: Deadline) -> dict[str, str]:
        return {row.key: text for row in await self._payment_terms(deadline) if (text := row.text("description"))}

    async def _payment_terms(self, deadline: Deadline) -> Sequence[PlandEntity]:
        """Return all payment terms: a company has a handful, and only this list has another way of paging."""

        async def read(skip: int, limit: int, deadline: Deadline) -> Listed[PlandEntity]:
            query = [("skip", str(skip)), ("limit", str(limit))]
            answer = await self._api.document(Call("GET", "/paymentTerms/", query, idempotent=True), deadline)
            envelope = Record(answer if is_object(answer) else {}, self._api.context)
            try:
                rows = self._entities.read(envelope.document.get("data"))
            except WrongForm as error:
                raise self._api.refused(f"GET /paymentTerms/: {error}") from None
            return Listed(rows, envelope.part("meta").integer("total"))

        terms = Listing(read, self._api.lengths("/paymentTerms/"), _KEY, _TERMS_PER_PAGE, numbered=False)
        return await terms.whole(deadline)

    async def _rows_by_ids(self, path: str, keys: Sequence[str], deadline: Deadline, decode: Decode) -> dict[str, Any]:
        async def read(ids: Sequence[str]) -> list[Any]:
            query = [*(("ids", key) for key in ids), ("limit", str(len(ids)))]
            return await self._rows(path, query, decode, deadline)

        return await read_keys(self._api.lengths(path, "ids"), keys, read, _KEY)

    async def _rows(self, path: str, query: Sequence[Query], decode: Decode, deadline: Deadline) -> list[Any]:
        return await self._api.document(Call("GET", path, query, idempotent=True, decode=decode), deadline)

    def _decode_of(self, selection: Selection) -> Decode:
        """Pland has one width; documents are kept for who reads more of them than the unified fields."""
        if selection.tells_raw(CUSTOMER):
            return self._decode_raw
        return self._decode_whole if _wants_documents(selection) else self._decode

    def _decode(self, body: Body) -> list[PlandCustomerView]:
        return self._decode_whole(body) if self._drift_watch.due() else self._customer_rows.decode(body)

    def _decode_whole(self, body: Body) -> list[PlandCustomerView]:
        return self._customers_of(orjson.loads(body))

    def _decode_raw(self, body: Body) -> list[PlandCustomerView]:
        return self._customers_of(self._with_texts(body))

    def _customers_of(self, documents: object) -> list[PlandCustomerView]:
        """With their documents, which are searched for undocumented fields."""
        customers = self._customer_rows.read(documents)
        for customer in customers:
            if customer.key:
                CUSTOMER.notice_undocumented(customer.document, self._api.context)
        return customers


def connect(name: str, settings: PlandSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    return Pland(open_api(KIND, name, settings, wiring, auth=auth_of(settings, wiring))).adapter()


def _contacts_of(rows: Sequence[PlandContactView], read_through: str | None) -> Sequence[Contact]:
    if read_through is not None:
        for row in rows:
            row.customer_key = row.customer_key or read_through
    return rows


def _in_place(rows: Sequence[PlandCustomerView]) -> Sequence[PlandCustomerView | None]:
    return rows if all(map(_KEY, rows)) else [row if row.key else None for row in rows]


def _users_in_place(rows: Sequence[PlandUserRow]) -> Sequence[PlandUser | None]:
    return [user(row) if row.key else None for row in rows]


def _wants_documents(selection: Selection) -> bool:
    """Return whether anything is read of customers that only their documents have."""
    return (
        selection.selects("Customer", "records")
        or selection.tells_version(CUSTOMER)
        or bool(selection.of(CUSTOMER.name))
    )
