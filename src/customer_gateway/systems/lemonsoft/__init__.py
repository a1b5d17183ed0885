"""Lemonsoft, a Finnish ERP (seed 003): facts and reads. Quirks: docs/systems/lemonsoft.md."""

from __future__ import annotations

import re
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from pydantic import BeforeValidator, SecretStr

from customer_gateway.documents.embedded import ITEM_KEY
from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Kind, Lookup, Page, Route
from customer_gateway.systems.connection import LimitSettings, SystemSettings, Wiring, open_client, reachable
from customer_gateway.systems.identified import has_id, in_place, integer_id, those_with_ids, with_integer_ids
from customer_gateway.systems.lemonsoft.persons import PersonsByNumber
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
from customer_gateway.systems.lookups import key_of_list, names_by, through_customer, values_by
from customer_gateway.systems.pages import Listed, ListLengths
from customer_gateway.systems.paging import read_keys, read_on, read_window
from customer_gateway.wire import Call, SessionLogin, SessionLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Customer, User
    from customer_gateway.system import Finder, Reader, Reads, Selection
    from customer_gateway.wire import Answer, Client
    from customer_gateway.work.deadline import Deadline

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
)

_EMBEDDED: Final = re.compile(f"([0-9]+)/{ITEM_KEY}")  # customer / contact, account or agreement
_ROWS_PER_PAGE: Final = 100  # the vendor tells no maximum; ids of this many rows make a URL of 3 KB
_OF_SESSION: Final = re.compile(
    r"session|istunto|log(?:ged)?[- ]?(?:in|on|out)|kirjau|tunnistau|authori[sz]|authenti", re.IGNORECASE
)
"""Of the vendor's words for a session that is no more, in English and Finnish."""
_NOBODY: Final = "1"
_FULL: Final = "/api/customers"
_THIN: Final = "/api/customers/base"
_SESSION_SECONDS: Final = 30 * 60.0
_RENEW_MARGIN_SECONDS: Final = 10 * 60.0
_PARALLEL: Final = 8
_REMEMBERED_SECONDS: Final = 300.0  # people and code lists


def _few_at_a_time(limits: Any) -> Any:
    """Fill in how many calls may be under way where the table does not say it (docs/systems/lemonsoft.md, 10)."""
    return {"parallel": _PARALLEL, **limits} if is_object(limits) else limits


class LemonsoftSettings(SystemSettings):
    """`[systems.lemonsoft]`: a user of one company's database, and the API key of that database."""

    time_zone: str = "Europe/Helsinki"
    region: str = "FI"
    limits: Annotated[LimitSettings, BeforeValidator(_few_at_a_time)] = LimitSettings(parallel=_PARALLEL)
    username: str
    password: SecretStr
    database: str
    api_key: SecretStr


class Lemonsoft:
    """One company's Lemonsoft."""

    kind = KIND
    withheld: frozenset[str] = frozenset()

    def __init__(self, name: str, client: Client, reading: DocumentContext) -> None:
        self.name = name
        self.reading = reading
        self._client = client
        self._lengths = ListLengths(name)
        self._with_texts = WithTexts(reading.drift, "results")
        self._full: Route[Customer] = self._route("customers", self._customers_by_id(_FULL))
        self._thin: Route[Customer] = self._route("customers_base", self._customers_by_id(_THIN))
        self._raw: Route[Customer] = self._route("customers", self._customers_by_id(_FULL, self._with_texts))
        self._keys_by_number: Route[str] = self._route("customer_keys", self._fetch_customer_keys)
        self._invoices: Route[list[Record]] = self._route("invoices", self._fetch_invoices, most=1)
        self._invoices_by_id: Route[Record] = self._route("invoice", self._fetch_invoices_by_id)
        lengths = self._lengths.of("GET /api/persons")
        persons = PersonsByNumber(name, self._person, self._persons_page, _ROWS_PER_PAGE, lengths)
        self.users: Route[User] | None = (
            users := self._route("persons", persons.fetch, most=1_000, cache_seconds=_REMEMBERED_SECONDS)
        )
        self.invoice_details = None
        terms = self._codes("/api/codelist/payment_term")
        methods = self._codes("/api/codelist/description", [("filter.codeListFilter", "INVOICE_METHODS")])
        self.readers: Mapping[str, Reader] = {
            "invoices": self._read_invoices,
            "owner": values_by(users, lambda customer: customer.owner_key),
            "billing.payment_terms": _names_or_codes(terms, lambda customer: customer.payment_term),
            "billing.invoice_delivery": _names_or_codes(methods, lambda customer: customer.invoice_method),
        }
        self.node_lookups: Mapping[str, Finder] = {
            "Contact": self._embedded(lambda customer: customer.contacts),
            "Account": self._embedded(lambda customer: customer.accounts),
            "Agreement": self._embedded(lambda customer: customer.agreements),
            "Invoice": self._find_invoices,
        }

        self.lookups = (
            Lookup(self._full, ("contacts", "accounts", "agreements"), _NOBODY, lambda customer: customer.key),
            Lookup(self._invoices, ("invoices",), _NOBODY, lambda customer: customer.number),
            Lookup(users, ("owner",), _NOBODY, lambda customer: customer.owner_key),
            Lookup(terms, ("billing.paymentTerms",), _NOBODY),
            Lookup(methods, ("billing.invoiceDelivery",), _NOBODY),
        )

    def customers(self, want: Selection) -> Route[Customer]:
        if want.tells_raw(CUSTOMER):
            return self._raw
        return self._full if needs_full_rows(want) else self._thin

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool
    ) -> Page[Customer]:
        """Lemonsoft tells no total: after the last row of a full page, the next one is asked for."""
        path = _FULL if needs_full_rows(want) else _THIN
        decode = self._with_texts if want.tells_raw(CUSTOMER) else orjson.loads

        async def read(number: int, size: int) -> Listed[Document]:
            return Listed(await self._rows(path, _paging(number, size), deadline, decode=decode))

        async def follows(position: int) -> bool:
            return bool(await self._rows(_THIN, _paging(position + 1, 1), deadline))

        found = await read_window(self._lengths.of(f"GET {path}"), read, "id", start, size, _ROWS_PER_PAGE)
        has_next = await found.has_next(start, size, follows if ask_next else None)
        return Page(in_place(found.rows[:size], "id", self._customer), has_next=has_next)

    async def count(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - Lemonsoft counts nothing
        return None

    async def reachable(self, deadline: Deadline) -> bool:
        probe = Call("GET", "/api/auth/alive", idempotent=True, may_be_empty=True)  # no source tells what it answers
        return await reachable(self._client, probe, deadline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _route(
        self,
        name: str,
        fetch: Any,
        *,
        most: int = _ROWS_PER_PAGE,
        key_form: re.Pattern[str] = INT32,
        cache_seconds: float = 0.0,
    ) -> Route[Any]:
        return Route(f"{self.name}.{name}", fetch, most, key_form=key_form, cache_seconds=cache_seconds)

    def _embedded(self, nouns: Callable[[LemonsoftCustomerView], Iterable[Any]]) -> Finder:
        def full(want: Selection) -> Route[Customer]:
            return self._raw if want.tells_raw(CUSTOMER) else self._full

        return through_customer(full, _customer_of, nouns)

    def _customers_by_id(self, path: str, decode: Decode = orjson.loads) -> Callable[..., Any]:
        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
            rows = await self._rows_by(path, "filter.object_ids", keys, deadline, decode=decode)
            return {key: self._customer(row) for key, row in rows.items()}

        return fetch

    async def _fetch_customer_keys(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, str]:
        rows = await self._rows_by(_THIN, "filter.customer_number", numbers, deadline, "number")
        return {number: str(row["id"]) for number, row in rows.items()}

    async def _fetch_invoices(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, list[Record]]:
        """Return the invoices of one customer; the filter takes one number."""
        (number,) = numbers

        async def read(position: int, size: int) -> Listed[Document]:
            query = [("filter.customer_number", number), *_paging(position // size + 1, size)]
            return Listed(await self._rows("/api/invoices", query, deadline))

        lengths = self._lengths.of("GET /api/invoices")
        found = await read_on(lengths, number, read, itemgetter("id"), most=_ROWS_PER_PAGE)
        rows = those_with_ids({row["id"]: row for row in found.rows}.values(), "id")
        return {number: [Record(row, self.reading) for row in rows]}

    async def _fetch_invoices_by_id(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Record]:
        rows = await self._rows_by("/api/invoices", "filter.object_ids", keys, deadline)
        return {key: Record(row, self.reading) for key, row in rows.items()}

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
        if reads.want.selects("Invoice", "customer"):
            owners = iter(await values_by(self._keys_by_number, _customer_number)(known, reads))
        else:
            owners = iter([None] * len(known))
        return [_owned(each, next(owners)) if isinstance(each, Record) else each for each in found]

    async def _person(self, number: str, deadline: Deadline) -> User | None:
        template = "/api/persons/{number}"
        call = Call("GET", template.format(number=number), template=template, idempotent=True, missing_is_none=True)
        person = (await self._client.call(call, deadline)).document
        if person is None:
            return None
        if integer_id(person, "number", self.reading) is None:
            raise UpstreamBadResponse(self.name, f"GET {template} did not answer a person with number")
        return LemonsoftPersonView(person, self.reading)

    async def _persons_page(self, number: int, size: int, deadline: Deadline) -> list[User]:
        rows = await self._rows("/api/persons", _paging(number, size), deadline, "number")
        return [LemonsoftPersonView(row, self.reading) for row in rows]  # all: their number tells where the list ends

    def _codes(self, path: str, query: Sequence[tuple[str, str]] = ()) -> Route[str]:
        """Return the names of a code list, which is read whole; a row is known by its number, else by its id."""

        async def fetch(_codes: Sequence[str], deadline: Deadline) -> dict[str, str]:
            listed = await self._listed(path, query, deadline)
            listed = [listed] if is_object(listed) else listed
            rows = [Record(row, self.reading) for row in listed if is_object(row)] if is_list(listed) else []
            known = {code: row for row in rows if (code := _code(row))}
            if not known and listed != []:
                raise UpstreamBadResponse(self.name, f"GET {path} did not answer a list of objects with number or id")
            if is_list(listed) and len(known) < len(listed):
                self.reading.drift.notice("number", f"missing or repeated in {path}")
            return {code: name for code, row in known.items() if (name := row.text("description"))}

        return self._route(path.strip("/"), fetch, most=1_000, key_form=CODE, cache_seconds=_REMEMBERED_SECONDS)

    async def _rows_by(
        self,
        path: str,
        parameter: str,
        keys: Sequence[str],
        deadline: Deadline,
        identity: str = "id",
        *,
        decode: Decode = orjson.loads,
    ) -> dict[str, Document]:
        """Return the rows that have these keys under `identity`; their number is requested: ten is all that is sent
        else.
        """

        async def read(wanted: Sequence[str]) -> list[Document]:
            query = [*((parameter, key) for key in wanted), *_paging(1, len(wanted))]
            return await self._rows(path, query, deadline, decode=decode)

        lengths = self._lengths.of(f"GET {path}", parameter)
        found = await read_keys(lengths, keys, read, lambda row: str(Record(row, self.reading).integer(identity)))
        return {key: row for key, row in found.items() if has_id(row, "id")}

    async def _rows(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        deadline: Deadline,
        identity: str = "id",
        *,
        decode: Decode = orjson.loads,
    ) -> list[Document]:
        """Return the rows of a list, each with its `identity` or `NoId`."""
        listed = await self._listed(path, query, deadline, decode)
        identified = with_integer_ids(listed, identity, self.reading)
        if identified is not None:
            return identified
        raise UpstreamBadResponse(self.name, f"GET {path} did not answer a list of objects with {identity}")

    async def _listed(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline, decode: Decode = orjson.loads
    ) -> object:
        """Return what a list holds, in its envelope or bare: it may be no list, or its only row."""
        call = Call("GET", path, query, idempotent=True, decode=decode)
        document = (await self._client.call(call, deadline)).document
        return document.get("results", document) if is_object(document) else document

    def _customer(self, row: Document) -> Customer:
        CUSTOMER.notice_undocumented(row, self.reading)
        return LemonsoftCustomerView(row, self.reading)


def connect(name: str, settings: LemonsoftSettings, wiring: Wiring) -> Lemonsoft:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    auth = SessionLogin(
        Call("POST", "/api/auth/login", body=_credentials(settings), idempotent=True),  # once more, one session more
        _session,
        header="session-id",
        lifetime_seconds=_SESSION_SECONDS,
        renew_margin_seconds=_RENEW_MARGIN_SECONDS,
        clock=wiring.clock,
    )
    client = open_client(name, settings, wiring, auth=auth, error_in_body=_error_in_body)
    return Lemonsoft(name, client, DocumentContext.of(name, settings.base_url, settings.time_zone, settings.region))


def _credentials(settings: LemonsoftSettings) -> dict[str, str]:
    return {
        "username": settings.username,
        "password": settings.password.get_secret_value(),
        "database": settings.database,
        "apikey": settings.api_key.get_secret_value(),
    }


def _session(answer: Answer) -> str | None:
    session = answer.document.get("session_id") if is_object(answer.document) else None
    return session if isinstance(session, str) else None


def _error_in_body(_status: int, document: Any) -> str | None:
    """Find the `Message` of an error's body, whatever the status; no other document has one."""
    message = document.get("Message") if is_object(document) else None
    if message is None:
        return None
    if isinstance(message, str) and _OF_SESSION.search(message):
        return SessionLost("its `Message` is of the session")
    return "it has a `Message`"


def _paging(number: int, size: int) -> list[tuple[str, str]]:
    return [("filter.page", str(number)), ("filter.page_size", str(size))]


def _names_or_codes(route: Route[str], code: Callable[[LemonsoftCustomerView], str | None]) -> Reader:
    """Return the name of a code, or the code itself where the list does not know it."""
    read_names = names_by(route, code)

    async def read(customers: Sequence[LemonsoftCustomerView], reads: Reads) -> Sequence[Any]:
        names = await read_names(customers, reads)
        return [code(customer) if name is None else name for customer, name in zip(customers, names, strict=True)]

    return read


def _code(row: Record) -> str | None:
    """Return the code of a row of a code list, in the form in which customers name it."""
    return row.foreign_key("number" if row.holds("number") else "id", CODE)


def _owned(found: Record, owner: str | UpstreamError | None) -> Any:
    return owner if isinstance(owner, UpstreamError) else INVOICE.read(found, customer_key=owner)


def _customer_number(found: Record) -> str | None:
    return found.text("customer_number")


def _customer_of(key: str) -> str | None:
    found = _EMBEDDED.fullmatch(key)
    return found[1] if found else None
