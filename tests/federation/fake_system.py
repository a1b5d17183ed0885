"""A vendor made up for tests: customers in a dictionary, a route that keeps a log of what was asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from customer_gateway.documents import structs as documents
from customer_gateway.documents.raw import RawObject
from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.documents.sources import reads
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.view import moment
from customer_gateway.errors import UpstreamTimeout
from customer_gateway.federation.customer import Customer, NoLinks, RecordCell
from customer_gateway.federation.request import Federation, RequestContext
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.signed_cursors import CursorSigner
from customer_gateway.model.value_objects import Billing, EmailAddress, EmailPurpose
from customer_gateway.system import EVERYTHING, Kind, Page, Route
from customer_gateway.systems.lookups import by_route, lists_by_customer, values_by
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from customer_gateway.errors import UpstreamError
    from customer_gateway.federation.customer import Links
    from customer_gateway.model.nouns import Account, Agreement, Invoice, User
    from customer_gateway.system import CustomerWriter, Lookup, NodeLookup, Reader, Selection


class AcmeCustomer(Record):
    """A view with fields of its own, fields that readers tell, and fields that the vendor does not have."""

    @property
    def key(self) -> str:
        return self.document["id"]

    @property
    def version(self) -> str | None:
        return self.text("version")

    @property
    @reads("name")
    def name(self) -> str | None:
        return self.text("name")

    @property
    @reads("supplier")
    def is_supplier(self) -> bool | None:
        return self.flag("supplier")

    @property
    @reads("emails")
    def emails(self) -> list[EmailAddress]:
        return [EmailAddress(each, EmailPurpose.GENERAL) for each in self.texts("emails")]

    @property
    @reads(name="billing_name")
    def billing(self) -> Billing | None:
        name = self.text("billing_name")
        if name is None:
            return None
        return Billing(name=name, email="kasse@acme.test", payment_method=self.text("method"))

    @property
    @reads("owner")
    def owner_key(self) -> str | None:
        return self.text("owner")

    link = number = kind = status = title = gender = first_name = last_name = organization = None
    vat_number = organization_number = email = phone = phones = website = language = currency = None
    address = addresses = external_ids = notes = contacts = accounts = agreements = None
    updater_key = creator_key = created_at = None
    updated_at = moment("changed")


@dataclass(frozen=True, slots=True)
class AcmeUser:
    system: str
    key: str
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class AcmeContact:
    system: str
    key: str
    customer_key: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    department: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    fax: str | None = None
    address: None = None
    notes: str | None = None


CUSTOMER = Struct(
    "AcmeCustomer",
    "A customer of Acme.",
    [
        documents.vendor_id("id", "Its key."),
        documents.text("name", "Its name."),
        documents.boolean("supplier", "Whether it sells too."),
        documents.texts("emails", "E-mail addresses."),
        documents.decimal("credit_limit", "Credit limit."),
        documents.long("serial", "Serial number."),
        documents.text("Shade", "Told by another call."),
    ],
)

ACME = Kind(
    slug="acme",
    title="Acme",
    about="a vendor made up for tests.",
    record=CUSTOMER,
    view=AcmeCustomer,
    readers=frozenset(
        {"contacts", "accounts", "agreements", "owner", "invoices", "billing.payment_terms", "record.Shade"}
    ),
    contacts=(AcmeContact,),
    users=(AcmeUser,),
)


async def opened(gate: asyncio.Event, system: str, deadline: Deadline) -> None:
    """Wait for the gate as a client waits for an answer: no longer than the deadline."""
    try:
        async with deadline.enforce():
            await gate.wait()
    except TimeoutError:
        raise UpstreamTimeout.late(system, "a page") from None


class Asked:
    """The answer to one call, given when the test opens the gate; `rows` are what the vendor knows, or its failures."""

    def __init__(self, rows: Mapping[str, Any], *, held: bool = False) -> None:
        self.rows = rows
        self.calls: list[list[str]] = []
        self.gate = asyncio.Event()
        self.refuses: Callable[[Sequence[str]], Exception | None] = lambda _keys: None
        if not held:
            self.gate.set()

    async def fetch(self, keys: Sequence[str], deadline: Deadline) -> Mapping[str, Any]:
        self.calls.append(list(keys))
        await opened(self.gate, "acme", deadline)
        if (refusal := self.refuses(keys)) is not None:
            raise refusal
        return {key: self.rows[key] for key in keys if key in self.rows}


@dataclass(eq=False)
class Acme:
    """One configured system. `log` tells every call, `failing` what fails: a name of the log, and with what."""

    name: str = "acme"
    documents: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    staff: dict[str, AcmeUser] = field(default_factory=dict[str, AcmeUser])
    contact_lists: dict[str, list[AcmeContact]] = field(default_factory=dict[str, list[AcmeContact]])
    bills: dict[str, list[Invoice]] = field(default_factory=dict[str, "list[Invoice]"])
    account_lists: dict[str, list[Account]] = field(default_factory=dict[str, "list[Account]"])
    agreement_lists: dict[str, list[Agreement]] = field(default_factory=dict[str, "list[Agreement]"])
    terms: dict[str, str] = field(default_factory=dict[str, str])
    failing: dict[str, UpstreamError] = field(default_factory=dict[str, "UpstreamError"])
    tells_next: bool = True
    log: list[str] = field(default_factory=list[str])
    closed: bool = False
    kind: Kind = ACME
    withheld: frozenset[str] = frozenset()
    writer: CustomerWriter | None = None

    def __post_init__(self) -> None:
        self.context = DocumentContext.of(self.name, "http://acme.test", "Europe/Berlin", "DE")
        self.route_of_customers: Route[Any] = self.route("customers", self._by_key)
        self.users: Route[User] | None = self.route("users", lambda: self.staff)
        self.invoice_details: Route[Invoice] | None = None
        self.lookups: Sequence[Lookup] = ()
        self.readers: Mapping[str, Reader] = {
            "contacts": lists_by_customer(self.route("contacts", lambda: self.contact_lists)),
            "accounts": lists_by_customer(self.route("accounts", lambda: self.account_lists)),
            "agreements": lists_by_customer(self.route("agreements", lambda: self.agreement_lists)),
            "invoices": lists_by_customer(self.route("invoices", lambda: self.bills)),
            "owner": values_by(self.users, lambda customer: customer.owner_key),
            "billing.payment_terms": values_by(self.route("terms", lambda: self.terms), lambda each: each.key),
            "record.Shade": values_by(self.route("shades", lambda: {"1": "teal"}), lambda each: each.key),
        }
        self.node_lookups: Mapping[str, NodeLookup] = {
            "Contact": by_route(self.route("contact", self._contacts_by_key))
        }

    def route(self, name: str, rows: Callable[[], Mapping[str, Any]], most: int = 100) -> Route[Any]:
        async def fetch(keys: Sequence[str], _deadline: Deadline) -> Mapping[str, Any]:
            self.log.append(f"{name} {','.join(keys)}")
            self._fail(name)
            return {key: value for key, value in rows().items() if key in keys}

        return Route(f"{self.name}.{name}", fetch, most)

    def view(self, document: dict[str, Any]) -> Any:
        """With its text, whether `raw` is told or not: this is no system whose speed matters."""
        plain = type(document) is dict
        return AcmeCustomer(RawObject(document, orjson.dumps(document)) if plain else document, self.context)

    def customers(self, selection: Selection) -> Route[Any]:
        del selection  # Acme has one width
        return self.route_of_customers

    async def page(
        self, start: int, size: int, selection: Selection, deadline: Deadline, *, ask_next: bool, after: str = ""
    ) -> Page[Any]:
        del selection, deadline, after
        self.log.append(f"page {start}+{size}{' next?' if ask_next else ''}")
        self._fail("page")
        rows = self.documents[start : start + size]
        has_next = start + size < len(self.documents) if self.tells_next or ask_next else None
        return Page([self.view(each) for each in rows], has_next)

    def read_by_writer(self, answers: Any) -> dict[Any, Any]:
        del answers
        return {}

    def customer_in(self, document: dict[str, Any]) -> Any:
        return self.view(document)

    async def count(self, deadline: Deadline) -> int | None:
        del deadline
        self.log.append("count")
        self._fail("count")
        return len(self.documents)

    @property
    def rows_per_page(self) -> int:
        return 100

    @property
    def calls_per_second(self) -> float | None:
        return None

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[User] | None:
        del deadline, after
        self.log.append(f"people {start}+{size}")
        self._fail("people")
        found = [*self.staff.values()]
        return Page(found[start : start + size], start + size < len(found), len(found))

    async def reachable(self, deadline: Deadline) -> bool:
        del deadline
        return "page" not in self.failing

    async def aclose(self) -> None:
        self.closed = True

    def _fail(self, name: str) -> None:
        if name in self.failing:
            raise self.failing[name]

    def _by_key(self) -> dict[str, Any]:
        return {each["id"]: self.view(each) for each in self.documents}

    def _contacts_by_key(self) -> dict[str, Any]:
        return {each.key: each for contacts in self.contact_lists.values() for each in contacts}


class Joined:
    """Records joined by hand: each group of (system, key) is one customer."""

    def __init__(self, *groups: Sequence[tuple[str, str]]) -> None:
        self._refs = {each: [RecordRef(*one) for one in group] for group in groups for each in group}

    async def linked(self, system: str, keys: Sequence[str]) -> Mapping[str, Sequence[RecordRef]]:
        return {key: self._refs[system, key] for key in keys if (system, key) in self._refs}


def federation(*systems: Acme, links: Links | None = None) -> Federation:
    return Federation({each.name: each for each in systems}, CursorSigner(b"secret"), links=links or NoLinks())


def request(
    *systems: Acme, selection: Selection = EVERYTHING, seconds: float = 5, links: Links | None = None
) -> RequestContext:
    return federation(*systems, links=links).request(selection, Deadline.after(seconds))


def customer(system: Acme, key: str) -> Customer:
    """The customer made of one record."""
    return linked((system, key))


def linked(*records: tuple[Acme, str]) -> Customer:
    """The customer made of several records, the first of which wins."""
    first, *others = [RecordCell(system, key, system.view(_document(system, key))) for system, key in records]
    return Customer(*first, others)


def numbered(keys: Iterable[int]) -> list[dict[str, Any]]:
    return [{"id": str(key), "name": f"Customer {key}"} for key in keys]


def _document(system: Acme, key: str) -> dict[str, Any]:
    return next(each for each in system.documents if each["id"] == key)
