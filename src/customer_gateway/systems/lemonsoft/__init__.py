"""Lemonsoft, a Finnish ERP (seed 003): facts and reads. Quirks: docs/systems/lemonsoft.md."""

from __future__ import annotations

import re
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from customer_gateway.documents.embedded import ITEM_KEY
from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.errors import UpstreamError
from customer_gateway.system import Kind, Lookup
from customer_gateway.systems.adapter import Adapter, Customers, People, open_api
from customer_gateway.systems.fewest_calls import read_fewest
from customer_gateway.systems.identified import has_id, in_place, with_integer_ids
from customer_gateway.systems.lemonsoft.codes import code_of, names_or_codes
from customer_gateway.systems.lemonsoft.created import created_query
from customer_gateway.systems.lemonsoft.projection import needs_full_rows
from customer_gateway.systems.lemonsoft.read import (
    CODE,
    INT32,
    INVOICE,
    LemonsoftContactView,
    LemonsoftCustomerView,
    LemonsoftPersonView,
)
from customer_gateway.systems.lemonsoft.record import CUSTOMER
from customer_gateway.systems.lemonsoft.session import LemonsoftSettings, error_in_body, login
from customer_gateway.systems.lemonsoft.write import WRITES
from customer_gateway.systems.listing import Listing
from customer_gateway.systems.lookups import key_of_list, through_customer, values_by
from customer_gateway.systems.pages import Listed, read_keys
from customer_gateway.systems.writer import Lists, Writer
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from customer_gateway.documents.choices import ChoiceList
    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, User
    from customer_gateway.system import NodeLookup, Reads, Route, Selection
    from customer_gateway.systems.adapter import Api
    from customer_gateway.systems.connection import Wiring
    from customer_gateway.work.deadline import Deadline

__all__ = ["KIND", "LemonsoftSettings", "connect"]

KIND: Final = Kind(
    slug="lemonsoft",
    title="Lemonsoft",
    about="Finnish ERP.",
    record=CUSTOMER,
    view=LemonsoftCustomerView,
    readers=frozenset({"invoices", "owner", "billing.payment_terms", "billing.invoice_delivery"}),
    contacts=(LemonsoftContactView,),
    users=(LemonsoftPersonView,),
    nouns=(INVOICE,),
    writes=WRITES,
)

_EMBEDDED: Final = re.compile(f"([0-9]+)/{ITEM_KEY}")  # customer / contact, account or agreement
_ROWS_PER_PAGE: Final = 100  # the vendor tells no maximum; ids of this many rows make a URL of 3 KB
_NOBODY: Final = "1"
_FULL: Final = "/api/customers"
_THIN: Final = "/api/customers/base"
_REMEMBERED_SECONDS: Final = 300.0  # people and code lists

Projection: TypeAlias = "tuple[str, Decode]"
"""The path of a list of customers, and how it is decoded."""


class Lemonsoft:
    """The lists of one company's Lemonsoft."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._route = api.routes(INT32, _ROWS_PER_PAGE)
        self._decode_of = api.decoder("results")
        self._keys_by_number: Route[str] = self._route("customer_keys", self._fetch_customer_keys)
        self._invoices: Route[list[Record]] = self._route("invoices", self._fetch_invoices, most=1)
        self._invoices_by_id: Route[Record] = self._route("invoice", self._fetch_invoices_by_id)
        views = api.customers_in_place("id")
        self._customers = Customers(self._projection, self._customers_of, self._fetch_customers, views, self._route)

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        users: Route[User] = self._route("persons", self._fetch_persons, most=1_000, cache_seconds=_REMEMBERED_SECONDS)
        terms = self._codes("/api/codelist/payment_term")
        methods = self._codes("/api/codelist/description", [("filter.codeListFilter", "INVOICE_METHODS")])
        full = self._customers.at((_FULL, orjson.loads))
        return Adapter(
            self._api,
            self._customers,
            # No source tells what it answers.
            probe=Call("GET", "/api/auth/alive", idempotent=True, may_be_empty=True),
            users=users,
            writer=Writer(self._api, WRITES, Lists(self._created, self._choices)),
            listed_people=People(self._list("/api/persons", identity="number"), self._persons_in_place),
            readers={
                "invoices": self._read_invoices,
                "owner": values_by(users, attrgetter("owner_key")),
                "billing.payment_terms": names_or_codes(terms, attrgetter("payment_term")),
                "billing.invoice_delivery": names_or_codes(methods, attrgetter("invoice_method")),
            },
            node_lookups={
                "Contact": self._embedded(attrgetter("contacts")),
                "Account": self._embedded(attrgetter("accounts")),
                "Agreement": self._embedded(attrgetter("agreements")),
                "Invoice": self._find_invoices,
            },
            lookups=(
                Lookup(full, ("contacts", "accounts", "agreements"), _NOBODY, attrgetter("key")),
                Lookup(self._invoices, ("invoices",), _NOBODY, attrgetter("number")),
                Lookup(users, ("owner",), _NOBODY, attrgetter("owner_key")),
                Lookup(terms, ("billing.paymentTerms",), _NOBODY),
                Lookup(methods, ("billing.invoiceDelivery",), _NOBODY),
            ),
        )

    def _projection(self, selection: Selection) -> Projection:
        return (_FULL if needs_full_rows(selection) else _THIN), self._decode_of(selection)

    def _customers_of(self, projection: Projection) -> Listing[Document]:
        path, decode = projection
        return self._list(path, decode=decode)

    def _list(
        self,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        identity: str = "id",
        decode: Decode = orjson.loads,
    ) -> Listing[Document]:
        """Return a list; Lemonsoft gives no total."""

        async def read(number: int, size: int, deadline: Deadline) -> Listed[Document]:
            return Listed(await self._rows(path, [*query, *_paging(number, size)], deadline, identity, decode))

        return Listing(read, self._api.lengths(path), itemgetter(identity), _ROWS_PER_PAGE, tuple(query))

    def _embedded(self, nouns: Callable[[LemonsoftCustomerView], Iterable[Any]]) -> NodeLookup:
        def full(selection: Selection) -> Route[Customer]:
            return self._customers.at((_FULL, self._decode_of(selection)))

        return through_customer(full, _customer_of, nouns)

    async def _fetch_customers(
        self, projection: Projection, keys: Sequence[str], deadline: Deadline
    ) -> dict[str, Customer]:
        path, decode = projection
        rows = await self._rows_by(path, "filter.object_ids", keys, deadline, decode=decode)
        return {key: self._api.customer(row) for key, row in rows.items()}

    async def _fetch_customer_keys(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, str]:
        rows = await self._rows_by(_THIN, "filter.customer_number", numbers, deadline, "number")
        return {number: str(row["id"]) for number, row in rows.items()}

    async def _fetch_invoices(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, list[Record]]:
        """Return the invoices of one customer; the filter takes one number."""
        (number,) = numbers
        rows = await self._list("/api/invoices", [("filter.customer_number", number)]).whole(deadline)
        return {number: [Record(row, self._api.context) for row in rows]}

    async def _fetch_invoices_by_id(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Record]:
        rows = await self._rows_by("/api/invoices", "filter.object_ids", keys, deadline)
        return {key: Record(row, self._api.context) for key, row in rows.items()}

    async def _read_invoices(self, customers: Sequence[LemonsoftCustomerView], reads: Reads) -> Sequence[Any]:
        found = await values_by(self._invoices, partial(key_of_list, "invoiced_number", "invoices"))(customers, reads)
        return [
            each
            if isinstance(each, UpstreamError)
            else [INVOICE.read(one, customer_key=customer.key) for one in each or ()]
            for customer, each in zip(customers, found, strict=True)
        ]

    async def _find_invoices(self, keys: Sequence[str], reads: Reads) -> Sequence[Any]:
        """Read an invoice's customer: it names it by number, whose key is read where it is selected."""
        found = await reads.load(self._invoices_by_id, keys)
        known = [each for each in found if isinstance(each, Record)]
        if reads.selection.selects("Invoice", "customer"):
            owners = iter(await values_by(self._keys_by_number, _customer_number)(known, reads))
        else:
            owners = iter([None] * len(known))
        return [_owned(each, next(owners)) if isinstance(each, Record) else each for each in found]

    async def _fetch_persons(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        persons, one = self._list("/api/persons", identity="number"), partial(self._person, deadline)
        found = await read_fewest(persons, numbers, one, deadline, "persons")
        return {
            number: each if isinstance(each, UpstreamError) else LemonsoftPersonView(each, self._api.context)
            for number, each in found.items()
        }

    def _persons_in_place(self, rows: Sequence[Document]) -> Sequence[User | None]:
        return in_place(rows, "number", lambda row: LemonsoftPersonView(row, self._api.context))

    async def _created(self, body: Document, since: datetime | None, deadline: Deadline) -> Sequence[Document]:
        return await self._list(_FULL, created_query(body, since, self._api.context)).whole(deadline)

    async def _choices(self, wanted: ChoiceList, deadline: Deadline) -> Sequence[object]:
        listed = await self._listed(wanted.path, wanted.query, deadline)
        return listed if is_list(listed) else [listed]

    async def _person(self, deadline: Deadline, number: str) -> Document | None:
        template = "/api/persons/{number}"
        person = await self._api.one("/api/persons/{}", number, deadline, template=template)
        return None if person is None else self._api.demand_key(person, "number", number, template)

    def _codes(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Route[str]:
        """Return the names of a code list, which is read whole; a row is known by its number, else by its id."""

        async def fetch(_codes: Sequence[str], deadline: Deadline) -> dict[str, str]:
            listed = await self._listed(path, query, deadline)
            listed = [listed] if is_object(listed) else listed
            rows = [Record(row, self._api.context) for row in listed if is_object(row)] if is_list(listed) else []
            known = {code: row for row in rows if (code := code_of(row))}
            if not known and listed != []:
                raise self._api.refused(f"GET {path} did not answer a list of objects with number or id")
            if is_list(listed) and len(known) < len(listed):
                self._api.context.drift.notice("number", f"missing or repeated in {path}")
            return {code: name for code, row in known.items() if (name := row.text("description"))}

        return self._route(path.strip("/"), fetch, most=1_000, key_form=CODE, cache_seconds=_REMEMBERED_SECONDS)

    async def _rows_by(
        self,
        path: str,
        parameter: str,
        keys: Sequence[str],
        deadline: Deadline,
        identity: str = "id",
        decode: Decode = orjson.loads,
    ) -> dict[str, Document]:
        """Return the rows that have these keys under `identity`; their number is requested: ten is all that is sent
        else.
        """

        async def read(wanted: Sequence[str]) -> list[Document]:
            query = [*((parameter, key) for key in wanted), *_paging(1, len(wanted))]
            return await self._rows(path, query, deadline, decode=decode)

        def key_of(row: Document) -> str:
            return str(Record(row, self._api.context).integer(identity))

        found = await read_keys(self._api.lengths(path, parameter), keys, read, key_of)
        return {key: row for key, row in found.items() if has_id(row, "id")}

    async def _rows(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        deadline: Deadline,
        identity: str = "id",
        decode: Decode = orjson.loads,
    ) -> list[Document]:
        """Return the rows of a list, each with its `identity` or `NoId`."""
        listed = await self._listed(path, query, deadline, decode)
        identified = with_integer_ids(listed, identity, self._api.context)
        if identified is not None:
            return identified
        raise self._api.refused(f"GET {path} did not answer a list of objects with {identity}")

    async def _listed(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline, decode: Decode = orjson.loads
    ) -> object:
        """Return what a list holds, in its envelope or bare: it may be no list, or its only row."""
        document = await self._api.document(Call("GET", path, query, idempotent=True, decode=decode), deadline)
        return document.get("results", document) if is_object(document) else document


def connect(name: str, settings: LemonsoftSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    return Lemonsoft(
        open_api(KIND, name, settings, wiring, auth=login(settings, wiring), error_in_body=error_in_body)
    ).adapter()


def _paging(number: int, size: int) -> list[tuple[str, str]]:
    return [("filter.page", str(number)), ("filter.page_size", str(size))]


def _owned(found: Record, owner: str | UpstreamError | None) -> Any:
    return owner if isinstance(owner, UpstreamError) else INVOICE.read(found, customer_key=owner)


def _customer_number(found: Record) -> str | None:
    return found.text("customer_number")


def _customer_of(key: str) -> str | None:
    found = _EMBEDDED.fullmatch(key)
    return found[1] if found else None
