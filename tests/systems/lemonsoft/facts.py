"""What the tests know of Lemonsoft."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from systems.facts import Asked, AsSent, Facts, Pages, Session
from systems.write_facts import ADDRESS, NEW, Bodies, Calls, Refused, WriteFacts

from customer_gateway.model.ids import encode_id
from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

JSON: Final = {"content-type": "application/json"}


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    query = parse_qs(request.url.query.decode())
    number, size = int(query.get("filter.page", ["1"])[0]), int(query.get("filter.page_size", ["10000"])[0])
    page = rows[(number - 1) * size : number * size]
    return {"results": page, "result_count": len(page)}


async def rename(client: httpx.AsyncClient, path: str, document: dict[str, Any]) -> httpx.Response:
    return await client.put(path, json={**document, "name": "Neu"})


def login_body(known: Mapping[str, str | int]) -> dict[str, str]:
    return {name.replace("_", ""): str(known[name]) for name in ("username", "password", "database", "api_key")}


async def login(client: httpx.AsyncClient, known: Mapping[str, str | int]) -> None:
    answer = await client.post("/api/auth/login", json=login_body(known))
    client.headers["Session-Id"] = answer.json()["session_id"]


def page(start: int, size: int, _before: Any) -> dict[str, Any]:
    query = {"filter.page": start // size + 1, "filter.page_size": size}
    return {"method": "GET", "url": "/api/customers", "params": query}


def batch(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    query = {"filter.object_ids": [row["id"] for row in rows], "filter.page_size": 100}
    return {"method": "GET", "url": "/api/customers", "params": query}


def changed(row: dict[str, Any]) -> float:
    return datetime.fromisoformat(row["modified"]).replace(tzinfo=ZoneInfo("Europe/Helsinki")).timestamp()


READ: Final = ("GET /api/customers/{key}",)
CHANGED: Final = Calls(READ, ("PUT /api/customers/{key}",), READ)
WRITES: Final = WriteFacts(
    calls={
        OperationKind.CREATE: Calls((), ("POST /api/customers",), READ),
        OperationKind.UPDATE: CHANGED,
        OperationKind.ARCHIVE: CHANGED,
        OperationKind.RESTORE: CHANGED,
    },
    new={**NEW, **ADDRESS},
    foreign=("www", "https://strangers.example"),
    takes_changes=lambda customer: bool(customer.get("email")),
    refused=Refused(
        patch={
            "name": None,
            "firstName": "Änne",
            "vatNumber": "DE1",
            "language": "klingon",
            "address": {"street": None, "postalCode": None, "city": None, "country": "Atlantis"},
            "billing": {"paymentTermsId": "4711", "creditLimit": None},
            **dict.fromkeys(("website", "fax")),
            "notes": {"set": ["a"], "remove": ["b"]},
            "lemonsoft": {"number": None, "currencyCode": "gold", "phone": "12"},
            "ownerId": encode_id("User", "lemonsoft", "4711"),
        },
        by_code={
            "EXCLUSIVE": {"patch.notes"},
            "INVALID": {
                *("patch", "patch.ownerId", "patch.vatNumber", "patch.language", "patch.address.country"),
                *("patch.billing.paymentTermsId", "patch.lemonsoft.currencyCode", "patch.lemonsoft.phone"),
            },
            "NOT_WRITABLE": {"patch.firstName"},
            "REQUIRED": {"patch.name", "patch.lemonsoft.number"},
            "VERSION_REQUIRED": {"expectedVersion"},
        },
    ),
    guarded={"lemonsoft": {"accounts": {"remove": ["1"]}, "creditlimit": "1.5"}},
    refusals={
        "customer.contacts[0].name": ["contacts.name"],
    },
    bodies=Bodies(
        listed=("GET", "/api/customers?filter.object_ids={key}"),
        update="PUT",
        collection="/api/customers",
        new={"name": "Uusi Oy", "email": "u@s.example"},
        stamps=frozenset({"modified"}),
        nested="contacts",
    ),
    planted='{"creditlimit":1.10,"interest":0.12345678901234567890}',
    stamps=frozenset({"modified"}),
    stamped=lambda _customer: {"modified": "2027-01-01T00:00:00.000", "open_invoice_sum": 4.5},
    own_values=lambda _users, _customer: {"number": range(10**6, 10**7)},
    unique_number="number",
    numbered={"number": "987654"},
    labels={"payment_term_number": None, "invoice_method_id": "Verkkolasku"},
)

FACTS: Final = Facts(
    identity={"id": 7, "number": 1050},
    key="7",
    credentials={"username": "u", "password": "p", "database": "d", "api_key": "k"},
    config={"base_url": "http://127.0.0.1:9304", "username": "…", "password": "…", "database": "…", "api_key": "…"},
    listed=frozenset({"GET /api/customers", "GET /api/customers/base"}),
    envelope=envelope,
    pages=Pages(size="filter.page_size", rows="results"),
    as_sent=AsSent(
        number="number",
        name="name",
        vat="vat",
        phone=lambda value: {"phone": value},
        email=lambda value: {"email": value},
        phone_at_home=("040 1234567", "+358401234567"),
        country="country",
        in_country=lambda country: ({"city": "X", "country": country}, {}),
        created=lambda sent: ({"created": sent}, "created"),
        first_hour="2025-06-29T21:00:00Z",
        lone_row=lambda row: [
            ("a row without its list", "GET /api/customers", {"results": row}),
            ("a row without list and envelope", "GET /api/customers", row),
        ],
        unreadable=({"contacts": ["Anna"]}, "contacts", "contacts"),
        odd_ids=[("8", "8"), (8.0, "8")],
        failed=(("a Message", "GET /api/customers", {"Message": "An error has occurred."}),),
    ),
    nouns=frozenset({"Customer", "Contact", "BankAccount", "Agreement", "Invoice", "User"}),
    states=frozenset({"ACTIVE", "INACTIVE"}),
    not_in_system=frozenset(
        {"organization", "firstName", "lastName", "title", "gender", "organizationNumber", "externalIds", "updater"}
        | {"creator"}
    ),
    nested=("owner", "owner { name }", "/api/persons"),
    page_calls=(1, 2, 1),
    counts=False,
    errors_under_200=True,
    single_calls={
        (
            "number name kind status vatNumber email phone address { street city } updatedAt "
            "contacts { id name email phone } "
            "accounts { id ... on BankAccount { iban bic } ... on LedgerAccount { balance } } "
            "agreements { id description startDate products { code } }"
        ): ["GET /api/customers"],
        "number name vatNumber phone address { street postalCode city }": ["GET /api/customers/base"],
    },
    further_capped_calls=2,
    asked=Asked(
        page=page,
        customer=lambda key: f"/api/customers/{key}",
        key=lambda row: str(row["id"]),
        changed=changed,
        batch=batch,
    ),
    rename=rename,
    sign_in=lambda _known: {},
    login=login,
    logged_in={"POST /api/auth/login": {"session_id": "session"}},
    embedded={"contacts": "id", "accounts": "account_id", "agreements": "id"},
    doubled=frozenset({"contacts", "accounts", "agreements"}),
    nowhere=("999999", "99999999999"),
    nodes_nowhere=(
        "Customer:lemonsoft:2147483647",
        "Customer:lemonsoft:not-a-number",
        "Contact:lemonsoft:1/999999",
    ),
    told_together={"country": frozenset({"phones"})},
    session=Session("session-id", lost=[(200, JSON, b'{"Message": "Istunto on vanhentunut."}')]),
    asked_by_doctor=[
        "/api/codelist/description",
        "/api/codelist/payment_term",
        "/api/customers",
        "/api/customers/base",
        "/api/invoices",
        "/api/persons/{}",
    ],
    lost=[
        ("/api/invoices", ["invoices"]),
        ("/api/persons", ["owner"]),
        ("/api/codelist/payment_term", ["billing.paymentTerms"]),
        ("/api/codelist/description", ["billing.invoiceDelivery"]),
    ],
    writes=WRITES,
)
