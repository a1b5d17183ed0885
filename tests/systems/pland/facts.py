"""What the tests know of Pland."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from systems.facts import Asked, AsSent, Facts, Pages, Session
from systems.write_facts import ADDRESS, NEW, STRANGER, Bodies, Calls, Refused, WriteFacts

from customer_gateway.model.ids import encode_id
from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

KEY: Final = "00000000000000000000000a"


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    query = parse_qs(request.url.query.decode())
    if request.url.path == "/paymentTerms/":
        start = int(query["skip"][0])
        return {"data": rows[start : start + int(query["limit"][0])]}
    start = int(query.get("offset", ["0"])[0])
    return rows[start : start + int(query["limit"][0])]


async def rename(client: httpx.AsyncClient, path: str, _document: dict[str, Any]) -> httpx.Response:
    return await client.patch(path, json={"name": "Neu"})


def single(route: str, customers: Sequence[Any]) -> Any:
    return {"count": len(customers)} if route == "GET /customers/count" else None


def page(start: int, size: int, _before: Any) -> dict[str, Any]:
    order = '{"by":"_id","direction":1}'
    return {"method": "GET", "url": "/customers/", "params": {"limit": size, "offset": start, "sort": order}}


READ: Final = ("GET /customers/{key}",)
CHANGED: Final = Calls(READ, ("PATCH /customers/{key}",), READ)
WRITES: Final = WriteFacts(
    calls={
        OperationKind.CREATE: Calls((), ("POST /customers/",), READ),
        OperationKind.UPDATE: CHANGED,
        OperationKind.ARCHIVE: CHANGED,
        OperationKind.RESTORE: CHANGED,
    },
    new={**NEW, **ADDRESS},
    foreign=("debitorNumber", "D-9"),
    refused=Refused(
        patch={
            "name": None,
            "fax": "+49 221 7654322",
            "vatNumber": "DE1",
            "email": "nobody",
            "phone": "12",
            "address": dict.fromkeys(("street", "postalCode", "city", "state", "countryCode")),
            "website": None,
            "notes": {"set": ["a"], "add": ["b"]},
            "billing": {"recipientIds": [encode_id("User", "pland", "a" * 24)], "paymentTermsId": "c" * 24},
            "pland": {"contact": {"email": "no"}, "number": None},
            "ownerId": STRANGER,
        },
        by_code={
            "EXCLUSIVE": {"patch.notes"},
            "INVALID": {
                *("patch", "patch.ownerId", "patch.vatNumber", "patch.email", "patch.phone"),
                *("patch.billing.recipientIds", "patch.billing.paymentTermsId", "patch.pland.contact.email"),
            },
            "NOT_WRITABLE": {"patch.fax", "patch.notes"},
            "REQUIRED": {"patch.name", "patch.pland.number"},
            "VERSION_REQUIRED": {"expectedVersion"},
        },
    ),
    guarded={"pland": {"buyerReference": "x", "invoiceRecipientId": "not an id"}},
    refusals={
        "Missing parameters: name, number": ["name", "number"],
        "status.status must be 1 or 2": ["status.status"],
        "Only passive customers can be deleted": [],
    },
    bodies=Bodies(
        listed=("GET", "/customers/?ids={key}"),
        update="PATCH",
        collection="/customers/",
        new={"name": "Neu GmbH"},
        stamps=frozenset({"status"}),
        refused=(400, "message"),
    ),
    planted='{"contract":{"price":1.10,"hours":10,"long":0.12345678901234567890}}',
    stamps=frozenset({"status.lastModifiedAt", "status.lastModifiedBy"}),
    stamped=lambda customer: {"status": {**customer["status"], "lastModifiedAt": 5, "lastModifiedBy": None}},
    own_values=lambda users, _customer: {
        "status.status": ["1", "2"],
        "invoiceRecipientId": users or [""],
        "invoiceCCRecipientIds": users or [""],
    },
    unique_number="number",
    numbered={"number": "987654"},
    labels={"paymentTermId": None},
    values={"billing.recipient_ids": ["a" * 24, "b" * 24], "billing.payment_terms_id": "c" * 24},
)

FACTS: Final = Facts(
    identity={"_id": KEY},
    key=KEY,
    credentials={"api_key": "id:secret"},
    config={"base_url": "http://127.0.0.1:9301/v2", "username": "…", "password": "…"},
    listed=frozenset({"GET /customers/"}),
    envelope=envelope,
    single=single,
    pages=Pages(size="limit", rows="", total=("count",)),
    as_sent=AsSent(
        number="number",
        name="name",
        vat="vatNumber",
        phone=lambda value: {"contact": {"telephone": value}},
        email=lambda value: {"contact": {"email": value}},
        phone_at_home=("040 36123456", "+494036123456"),
        country="country",
        in_country=lambda country: ({"address": {"city": "X", "country": country}}, {}),
        created=lambda sent: ({"status": {"createdAt": sent}}, "createdAt"),
        first_hour="2025-06-29T22:00:00Z",
        unreadable=({"address": "Domplatz 1, Köln"}, "address", "address"),
        odd_ids=[(42, "42")],
        failed=(("a message", "GET /customers/", {"message": "sorry", "errors": []}),),
    ),
    nouns=frozenset({"Customer", "Contact", "Agreement", "Invoice", "User"}),
    states=frozenset({"ACTIVE", "INACTIVE"}),
    not_in_system=frozenset(
        {"kind", "organization", "firstName", "lastName", "title", "gender", "organizationNumber", "language"}
        | {"currency", "isSupplier", "notes", "accounts", "owner"}
    ),
    nested=("contacts", "contacts { name }", "/contacts/"),
    page_calls=(1, 1, 2),
    counts=True,
    single_calls={
        "number name kind status vatNumber email phone address { street city } updatedAt": ["GET /customers/"],
    },
    further_calls={
        "creator { id name email } updater { id name email }": ["GET /users/"],
        "contacts { id name email phone }": ["GET /contacts/"],
        "agreements { id description startDate products { code } }": ["GET /assignments/"],
    },
    cold_times=2,
    further_capped_calls=4,  # what follows, and the count of each page
    asked=Asked(
        page=page,
        customer=lambda key: f"/customers/{key}",
        key=lambda row: row["_id"],
        changed=lambda row: row["status"]["lastModifiedAt"] / 1000,
        batch=lambda rows: {"method": "GET", "url": "/customers/", "params": {"ids": [row["_id"] for row in rows]}},
        count={"method": "GET", "url": "/customers/count"},
    ),
    rename=rename,
    sign_in=lambda known: {"headers": {"x-API-Key": str(known["api_key"])}},
    nowhere=("5f0000000000000000000000", "x"),
    nodes_nowhere=("Customer:pland:ffffffffffffffffffffffff",),
    told_together={"address": frozenset({"phones"})},  # dialled in the country of the address
    session=Session("authorization", is_other=True),
    asked_by_doctor=["/assignments/", "/contacts/", "/customers/", "/invoices/", "/paymentTerms/", "/users/"],
    lost=[
        ("/contacts/", ["contacts"]),
        ("/assignments/", ["agreements"]),
        ("/invoices/", ["invoices"]),
        ("/users/", ["updater", "creator", "billing.recipients"]),
        ("/paymentTerms/", ["billing.paymentTerms"]),
    ],
    writes=WRITES,
)
