"""Pland, a cleaning and facility workforce SaaS (seed 000): facts and reads. Quirks: docs/systems/pland.md."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import orjson
from pydantic import SecretStr, model_validator

from customer_gateway.documents.drift import DriftSampler
from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, Record, is_object
from customer_gateway.documents.rows import Row, Rows, WrongForm
from customer_gateway.errors import ConfigInvalid, UpstreamBadResponse
from customer_gateway.system import Kind, Lookup, Page, Route
from customer_gateway.systems.connection import SystemSettings, Wiring, open_client, reachable
from customer_gateway.systems.lookups import (
    by_route,
    grouped,
    key_of_list,
    lists_by_customer,
    names_by,
    users_by,
    values_by,
)
from customer_gateway.systems.pages import Listed, ListLengths
from customer_gateway.systems.paging import read_keys, read_on
from customer_gateway.systems.pland.entities import AGREEMENT, INVOICE, Entities
from customer_gateway.systems.pland.read import (
    OBJECT_ID,
    PlandContactView,
    PlandCustomerView,
    PlandUser,
    PlandUserRow,
    user,
)
from customer_gateway.systems.pland.record import CUSTOMER
from customer_gateway.wire import Call, HeaderAuth, SessionLogin, bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.documents.record import Body
    from customer_gateway.model.nouns import Agreement, Contact, Customer, Invoice, User
    from customer_gateway.system import Finder, Reader, Selection
    from customer_gateway.systems.pland.entities import PlandEntity
    from customer_gateway.wire import Answer, Auth, Client
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
)

_NOBODY: Final = "0" * 24
_KEYS_PER_CALL: Final = 200  # "ids=" and 24 digits each: the URL stays under 8 KB
_ROWS_PER_PAGE: Final = 1_000
_TERMS_PER_PAGE: Final = 100
_BY_ID: Final = ("sort", '{"by":"_id","direction":1}')  # unsorted pages repeat and lose rows
_LOGIN_SECONDS: Final = 3_600.0
_LOGIN_MARGIN_SECONDS: Final = 600.0
_INVOICE_TYPES: Final = frozenset({"invoice", "storno", "credit"})
_OTHER_TYPES: Final = frozenset({"offer", "assignment_confirmation", "service_report", "invoice_reminder"})

_KEY: Final = attrgetter("key")

T = TypeVar("T", bound="PlandEntity | Row")


class PlandSettings(SystemSettings):
    """`[systems.pland]`: an API key, or a login."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    login_type: Literal["dashboard", "app"] = "dashboard"

    @model_validator(mode="after")
    def _one_way_in(self) -> PlandSettings:
        if self.api_key is None and (self.username is None or self.password is None):
            raise ValueError("api_key, or username and password")
        return self


class Pland:
    """One Pland tenant."""

    kind = KIND
    withheld: frozenset[str] = frozenset()

    def __init__(self, name: str, client: Client, reading: DocumentContext) -> None:
        self.name = name
        self.reading = reading
        self._client = client
        self._lengths = ListLengths(name)
        self._with_texts = WithTexts(reading.drift)
        self._customer_rows = Rows(PlandCustomerView, reading)
        self._contact_rows = Rows(PlandContactView, reading)
        self._user_rows = Rows(PlandUserRow, reading)
        self._entities = Entities(reading)
        self._drift_watch = DriftSampler()
        self._customers: Route[Customer] = self._route("customers", self._fetch_customers)
        self._whole_customers: Route[Customer] = self._route("customers", self._fetch_whole_customers)
        self._raw_customers: Route[Customer] = self._route("customers", self._fetch_raw_customers)
        self.users: Route[User] | None = (users := self._route("users", self._fetch_users))
        self.invoice_details = None
        contacts = self._route("contacts", self._fetch_contacts)
        agreements = self._route("assignments", self._fetch_agreements)
        invoices = self._route("invoices", self._fetch_invoices)
        terms = self._route("payment_terms", self._fetch_payment_terms, cache_seconds=300.0)
        self.readers: Mapping[str, Reader] = {
            "contacts": lists_by_customer(contacts),
            "agreements": lists_by_customer(agreements),
            "invoices": lists_by_customer(invoices),
            "updater": values_by(users, attrgetter("updater_key")),
            "creator": values_by(users, attrgetter("creator_key")),
            "billing.payment_terms": names_by(terms, attrgetter("payment_term_key")),
            "billing.recipients": users_by(users, partial(key_of_list, "recipient_keys", "recipients")),
        }
        self.node_lookups: Mapping[str, Finder] = {
            "Contact": by_route(self._route("contact", self._fetch_contact, most=1)),
            "Agreement": by_route(self._route("assignment", self._fetch_assignments_by_id)),
            "Invoice": by_route(self._route("invoice", self._fetch_invoices_by_id)),
        }

        self.lookups = (
            Lookup(contacts, ("contacts",), _NOBODY, _KEY),
            Lookup(agreements, ("agreements",), _NOBODY, _KEY),
            Lookup(invoices, ("invoices",), _NOBODY, _KEY),
            Lookup(users, ("updater", "creator", "billing.recipients"), _NOBODY, attrgetter("updater_key")),
            Lookup(terms, ("billing.paymentTerms",), _NOBODY, attrgetter("payment_term_key")),
        )

    def customers(self, want: Selection) -> Route[Customer]:
        """Pland has one width; documents are kept for who reads more of them than the unified fields."""
        if want.tells_raw(CUSTOMER):
            return self._raw_customers
        return self._whole_customers if _wants_documents(want) else self._customers

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool
    ) -> Page[Customer]:
        """Pland tells nothing of what follows: one row more than asked shows whether there is more."""
        decode = self._decode_of(want)

        async def read(offset: int, limit: int) -> Listed[PlandCustomerView]:
            return Listed(await self._rows("/customers/", _paging(offset, limit), deadline, decode))

        lengths, count = self._lengths.of("GET /customers/"), size + ask_next
        found = await read_on(lengths, start, read, _KEY, most=count, start=start, count=count)
        rows = found.rows[:size]
        places = rows if all(map(_KEY, rows)) else [row if row.key else None for row in rows]
        return Page(places, has_next=await found.has_next(start, size, None))

    async def count(self, deadline: Deadline) -> int | None:
        answer = await self._client.call(Call("GET", "/customers/count", idempotent=True), deadline)
        count = Record(answer.document, self.reading).integer("count") if is_object(answer.document) else None
        if count is None:
            raise UpstreamBadResponse(self.name, "GET /customers/count did not answer a count")
        return count

    async def reachable(self, deadline: Deadline) -> bool:
        return await reachable(self._client, Call("GET", "/customers/count", idempotent=True), deadline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _route(self, name: str, fetch: Any, *, most: int = _KEYS_PER_CALL, cache_seconds: float = 0.0) -> Route[Any]:
        return Route(f"{self.name}.{name}", fetch, most, key_form=OBJECT_ID, cache_seconds=cache_seconds)

    async def _fetch_customers(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
        return await self._customers_by_id(keys, deadline, self._decoded_customers)

    async def _fetch_whole_customers(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
        return await self._customers_by_id(keys, deadline, self._whole_decoded_customers)

    async def _fetch_raw_customers(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
        return await self._customers_by_id(keys, deadline, self._raw_decoded_customers)

    async def _customers_by_id(
        self, keys: Sequence[str], deadline: Deadline, decode: Callable[[Body], list[PlandCustomerView]]
    ) -> dict[str, Customer]:
        return dict(await self._rows_by_ids("/customers/", keys, deadline, decode))

    async def _fetch_users(self, keys: Sequence[str], deadline: Deadline) -> dict[str, User]:
        rows = await self._rows_by_ids("/users/", keys, deadline, self._user_rows.decode)
        return {key: user(row) for key, row in rows.items()}

    async def _fetch_contacts(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Contact]]:
        query = [("customerId", key) for key in keys]
        rows = await self._all_rows("/contacts/", query, deadline, self._contact_rows.decode)
        return grouped(keys, rows, attrgetter("customer_key"), "customerId", self.reading)

    async def _fetch_agreements(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Agreement]]:
        query = [("customer", key) for key in keys]
        entities = await self._all_rows("/assignments/", query, deadline, self._entities.decode)
        return grouped(keys, map(AGREEMENT.read, entities), attrgetter("customer_key"), "customerId", self.reading)

    async def _fetch_invoices(self, keys: Sequence[str], deadline: Deadline) -> dict[str, list[Invoice]]:
        query = [("customer", key) for key in keys]
        entities = await self._all_rows("/invoices/", query, deadline, self._entities.decode)
        invoices = map(INVOICE.read, filter(_is_invoice, entities))
        return grouped(keys, invoices, attrgetter("customer_key"), "customerId", self.reading)

    async def _fetch_assignments_by_id(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Agreement]:
        entities = await self._rows_by_ids("/assignments/", keys, deadline, self._entities.decode)
        return {key: AGREEMENT.read(entity) for key, entity in entities.items()}

    async def _fetch_invoices_by_id(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Invoice]:
        entities = await self._rows_by_ids("/invoices/", keys, deadline, self._entities.decode)
        return {key: INVOICE.read(entity) for key, entity in entities.items() if _is_invoice(entity)}

    async def _fetch_contact(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Contact]:
        """Pland looks contacts up one at a time."""
        (key,) = keys
        template = "/contacts/{}"
        call = Call("GET", template.format(key), template=template, idempotent=True, missing_is_none=True)
        found = (await self._client.call(call, deadline)).document
        if found is None:
            return {}
        contact = self._contact_rows.read_one(found) if is_object(found) and found.get("_id") == key else None
        if contact is None:
            raise UpstreamBadResponse(self.name, f"GET {template} did not answer the entity")
        return {key: contact}

    async def _fetch_payment_terms(self, _keys: Sequence[str], deadline: Deadline) -> dict[str, str]:
        """Return all payment terms: a company has a handful, and only this list has another way of paging."""

        async def read(skip: int, limit: int) -> Listed[PlandEntity]:
            query = [("skip", str(skip)), ("limit", str(limit))]
            answer = await self._client.call(Call("GET", "/paymentTerms/", query, idempotent=True), deadline)
            envelope = Record(answer.document if is_object(answer.document) else {}, self.reading)
            try:
                rows = self._entities.read(envelope.document.get("data"))
            except WrongForm as error:
                raise UpstreamBadResponse(self.name, f"GET /paymentTerms/: {error}") from None
            return Listed(rows, envelope.part("meta").integer("total"))

        lengths = self._lengths.of("GET /paymentTerms/")
        terms = await read_on(lengths, None, read, _KEY, most=_TERMS_PER_PAGE)
        return {row.key: text for row in terms.rows if (text := row.text("description"))}

    async def _rows_by_ids(
        self, path: str, keys: Sequence[str], deadline: Deadline, decode: Callable[[Body], list[T]]
    ) -> dict[str, T]:
        async def read(ids: Sequence[str]) -> list[T]:
            query = [*(("ids", key) for key in ids), ("limit", str(len(ids)))]
            return await self._rows(path, query, deadline, decode)

        return await read_keys(self._lengths.of(f"GET {path}", "ids"), keys, read, _KEY)

    async def _all_rows(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline, decode: Callable[[Body], list[T]]
    ) -> list[T]:
        """Return every row, page by page, each key once: pages of a list that is written to overlap."""

        async def read(offset: int, limit: int) -> Listed[T]:
            return Listed(await self._rows(path, [*query, *_paging(offset, limit)], deadline, decode))

        lengths = self._lengths.of(f"GET {path}")
        found = await read_on(lengths, tuple(query), read, _KEY, most=_ROWS_PER_PAGE)
        by_key = dict(zip(map(_KEY, found.rows), found.rows, strict=True))
        by_key.pop("", None)
        return list(by_key.values())

    async def _rows(
        self, path: str, query: Sequence[tuple[str, str]], deadline: Deadline, decode: Callable[[Body], list[T]]
    ) -> list[T]:
        return (await self._client.call(Call("GET", path, query, idempotent=True, decode=decode), deadline)).document

    def _decode_of(self, want: Selection) -> Callable[[Body], list[PlandCustomerView]]:
        if want.tells_raw(CUSTOMER):
            return self._raw_decoded_customers
        return self._whole_decoded_customers if _wants_documents(want) else self._decoded_customers

    def _decoded_customers(self, body: Body) -> list[PlandCustomerView]:
        return self._whole_decoded_customers(body) if self._drift_watch.due() else self._customer_rows.decode(body)

    def _whole_decoded_customers(self, body: Body) -> list[PlandCustomerView]:
        return self._customers_of(orjson.loads(body))

    def _raw_decoded_customers(self, body: Body) -> list[PlandCustomerView]:
        return self._customers_of(self._with_texts(body))

    def _customers_of(self, documents: object) -> list[PlandCustomerView]:
        """With their documents, which are looked through for fields that nobody documented."""
        customers = self._customer_rows.read(documents)
        for customer in customers:
            if customer.key:
                CUSTOMER.notice_undocumented(customer.document, self.reading)
        return customers


def connect(name: str, settings: PlandSettings, wiring: Wiring) -> Pland:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    client = open_client(name, settings, wiring, auth=_auth(settings, wiring))
    return Pland(name, client, DocumentContext.of(name, settings.base_url, settings.time_zone, settings.region))


def _auth(settings: PlandSettings, wiring: Wiring) -> Auth:
    if settings.api_key is not None:
        return HeaderAuth("x-api-key", settings.api_key.get_secret_value())
    if settings.username is None or settings.password is None:
        raise ConfigInvalid("pland: api_key, or username and password")
    body = {
        "username": settings.username,
        "password": settings.password.get_secret_value(),
        "type": settings.login_type,
    }
    return SessionLogin(
        Call("POST", "/auth/login", body=body, idempotent=True),
        _token,
        header="authorization",
        lifetime_seconds=_LOGIN_SECONDS,
        renew_margin_seconds=_LOGIN_MARGIN_SECONDS,
        format_token=bearer,
        clock=wiring.clock,
    )


def _token(answer: Answer) -> str | None:
    token = answer.document.get("token") if is_object(answer.document) else None
    return token if isinstance(token, str) else None


def _paging(offset: int, limit: int) -> list[tuple[str, str]]:
    return [("limit", str(limit)), ("offset", str(offset)), _BY_ID]


def _wants_documents(want: Selection) -> bool:
    """Return whether anything is read of customers that only their documents have."""
    return want.selects("Customer", "records", "version") or bool(want.of(CUSTOMER.name))


def _is_invoice(entity: PlandEntity) -> bool:
    """Read the invoices of a list that holds every document that Pland writes: offers, reports and reminders too.

    One of a kind that nobody documented is none, with a notice.
    """
    kind = (entity.text("documentType") or "").strip().casefold()
    if kind not in _INVOICE_TYPES and kind not in _OTHER_TYPES:
        entity.reading.drift.notice("documentType", "not a known value: the row is left out of the invoices")
    return kind in _INVOICE_TYPES
