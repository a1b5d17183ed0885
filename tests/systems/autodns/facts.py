"""What the tests know of AutoDNS."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from systems.facts import Asked, AsSent, Budget, Facts, Pages
from systems.write_facts import (
    ADDRESS,
    CREATION,
    NEW,
    PERSON,
    STRANGER,
    TOO_LONG,
    Bodies,
    Calls,
    LongestWrite,
    Refused,
    WriteFacts,
)

from customer_gateway.model.ids import encode_id
from customer_gateway.model.operations import OperationKind
from customer_gateway.model.value_objects import CustomerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

SEARCH: Final = "POST /customer/_search"


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    view = json.loads(request.content)["view"] if request.content else {"offset": 0, "limit": len(rows)}
    page = rows[view["offset"] : view["offset"] + view["limit"]]
    status = {"code": "S0301", "text": "ok", "type": "SUCCESS"}
    return {"stid": "1", "status": status, "object": {"type": "Customer", "summary": len(rows)}, "data": page}


def lone_row(row: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    status, count = {"code": "S0301", "type": "SUCCESS"}, {"type": "Customer", "summary": 1}
    return [
        ("a status and a count in lists", SEARCH, {"status": [status], "object": [count], "data": [row]}),
        ("a row without its list", SEARCH, {"status": status, "object": count, "data": row}),
    ]


async def rename(client: httpx.AsyncClient, path: str, document: dict[str, Any]) -> httpx.Response:
    return await client.put(path, json={**document, "name": "Neu"})


def sign_in(known: Any) -> dict[str, Any]:
    auth = (str(known["user"]), str(known["password"]))
    return {"auth": auth, "headers": {"X-Domainrobot-Context": str(known["context"])}}


def page(start: int, size: int, _before: Any) -> dict[str, Any]:
    query = {"view": {"limit": size, "offset": start}, "orders": [{"key": "number", "type": "ASC"}]}
    return {"method": "POST", "url": "/customer/_search", "json": query}


def batch(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    numbers = [str(row["number"]) for row in rows]
    query = {"filters": [{"key": "number", "operator": "IN", "values": numbers}], "view": {"limit": 1000}}
    return {"method": "POST", "url": "/customer/_search", "json": query}


READ: Final = ("GET /customer/{key}",)
WRITES: Final = WriteFacts(
    calls={
        OperationKind.CREATE: Calls((), ("POST /customer",), READ),
        OperationKind.UPDATE: Calls(READ, ("PUT /customer/{key}",), READ),
    },
    new={
        **NEW,
        **ADDRESS,
        **PERSON,
        "kind": CustomerKind.COMPANY,
        "autodns": {"client": "neu", "paymentCurrency": "EUR"},
    },
    foreign=("url", "https://strangers.example"),
    takes_changes=lambda customer: not customer.get("pending"),
    refused=Refused(
        patch={
            "name": TOO_LONG,
            "firstName": None,
            "mobile": "+49 171 7654321",
            "vatNumber": "DE1",
            "phone": "12",
            "currency": "gold",
            "address": {"city": None, "state": None, "countryCode": "Atlantis"},
            "billing": {"recipientIds": [encode_id("User", "autodns", "nobody/4")], "creditLimit": None},
            **dict.fromkeys(("organization", "title", "gender", "website")),
            "autodns": {"organization": "x", "pin": None, "sepa": {"iban": "DE0"}},
            "ownerId": STRANGER,
        },
        by_code={
            "EXCLUSIVE": {"patch.autodns.organization"},
            "INVALID": {
                *("patch", "patch.ownerId", "patch.vatNumber", "patch.phone", "patch.currency"),
                *("patch.address.countryCode", "patch.billing.recipientIds", "patch.autodns.sepa.iban"),
            },
            "NOT_WRITABLE": {"patch.mobile"},
            "REQUIRED": {"patch.firstName", "patch.address.city", "patch.autodns.pin"},
            "TOO_LONG": {"patch.name"},
            "VERSION_REQUIRED": {"expectedVersion"},
        },
    ),
    guarded={"autodns": {"pin": "1", "sepa": {"iban": "DE0"}, "billingUsers": {"set": [{"user": "x", "context": 4}]}}},
    refusals={
        "customer.country": ["country"],
        "sepa.iban": ["sepa.iban"],
    },
    bodies=Bodies(
        listed=("POST", "/customer/_search?keys[]=contacts"),
        update="PUT",
        collection="/customer",
        new={
            "name": "Neu GmbH",
            "type": "ORGANIZATION",
            "fname": "Ada",
            "lname": "Neu",
            "pcode": "89073",
            "city": "Ulm",
            "country": "DE",
            "phone": "+49-731-12345",
            "emails": ["post@neu.example"],
        },
        stamps=frozenset({"updated", "updater"}),
        nested="contacts",
        lists_unknown=False,
    ),
    planted='{"account":{"creditLimit":1.10,"currency":"EUR"},"paymentCurrencyExchangeFee":0.12345678901234567890}',
    stamps=frozenset({"updated", "updater"}),
    stamped=lambda _customer: {"updated": "2027-01-01T00:00:00.000+0100", "pending": True, "xNew": 1},
    answered=frozenset({"pending", "persistent", "verifications"}),
    defaults=frozenset(
        {
            *("invoicePaperbill", "taxable", "autodelete", "locked", "dataPrivacyStatement", "newsletter"),
            *("sepa.reference", "sepa.status"),
        }
    ),
    key_places=frozenset({"client"}),
    own_values=lambda _users, _customer: {
        "client": re.compile("[a-z]{1,9}-[a-z]{1,9}"),  # it is a part of paths
        "type": ["PERSON", "ORGANIZATION"],
        "gender": ["MALE", "FEMALE"],
        "payment": ["PRE", "POST", "LIVE"],
    },
    longest=LongestWrite(
        patch=lambda number, mark: {
            "autodns": {
                "client": f"neu{number}",
                "type": "ORGANIZATION",
                "paymentCurrency": "EUR",
                "sepa": {"iban": "DE89370400440532013000", "accountHolder": mark},
            }
        },
        steps=(
            *CREATION[:4],
            ("update", "APPLIED", "PARTIAL or APPLIED", "PARTIAL"),
            ("send", "PARTIAL", "", "APPLIED"),
            ("update", "APPLIED", "APPLIED", "APPLIED"),
        ),
    ),
    malformed=({"autodns": {"payment": "LATER"}}, ("patch", "autodns", "payment")),
    no_entity=(
        b'{"status":{"type":"SUCCESS"},"data":[]}',
        b'{"data":null}',
        b'{"data":[{"number":1},{"number":2}]}',
    ),
    wrapped=lambda document: {"data": [document]},
    unfit=("country", "Germany"),
    values={"billing.recipient_ids": ["anna/4"]},
    read_back={"phone": "+49-221-7654321", "fax": "+49-221-7654322"},
)

FACTS: Final = Facts(
    identity={"number": 7, "client": "haus"},
    key="haus/7",
    credentials={"user": "u", "password": "p"},
    config={"base_url": "http://127.0.0.1:9302/v1", "user": "…", "password": "…", "context": 4},
    listed=frozenset({SEARCH}),
    envelope=envelope,
    pages=Pages(size=("view", "limit"), rows="data", total=("object", "summary")),
    as_sent=AsSent(
        number="number",
        name="name",
        vat="vatNumber",
        phone=lambda value: {"phone": value},
        email=lambda value: {"emails": [value]},
        phone_at_home=("+49-40-36123456", "+494036123456"),
        country="country",
        in_country=lambda country: ({"city": "X", "country": country}, {}),
        created=lambda sent: ({"created": sent}, "created"),
        first_hour="2025-06-29T22:00:00Z",
        lone_row=lone_row,
        unreadable=({"contacts": ["Anna"]}, "contacts", "contacts"),
        odd_ids=[("8", "haus/8"), (8.0, "haus/8")],
        failed=(
            ("a type in small letters", SEARCH, {"status": {"type": "error"}, "data": []}),
            ("a code without a type", SEARCH, {"status": {"code": "EF00025"}, "data": []}),
            ("no rows and no success", SEARCH, {"status": {"type": "NOTIFY"}}),
        ),
    ),
    nouns=frozenset(
        {"Customer", "Contact", "LedgerAccount", "SepaMandate", "PaymentCard", "Agreement", "Invoice", "User"}
    ),
    states=frozenset({"ACTIVE", "LOCKED", "PENDING"}),
    not_in_system=frozenset({"organizationNumber", "isSupplier", "externalIds", "creator"}),
    nested=("invoices", "invoices(first: 5) { nodes { number } }", "/invoice/_search"),
    page_calls=(1, 1, 1),
    counts=True,
    errors_under_200=True,
    single_calls={
        (
            "number name kind status vatNumber email phone address { street city } updatedAt "
            "contacts { id name email phone } "
            "accounts { id ... on BankAccount { iban bic } ... on LedgerAccount { balance } } "
            "agreements { id description startDate products { code } } "
            "creator { name } updater { name } owner { key }"
        ): [SEARCH],
    },
    asked=Asked(
        page=page,
        customer=lambda key: f"/customer/{key}",
        key=lambda row: f"{row['client']}/{row['number']}",
        changed=lambda row: datetime.fromisoformat(row["updated"]).timestamp(),
        batch=batch,
    ),
    rename=rename,
    sign_in=sign_in,
    embedded={"contacts": "id", "contracts": "id"},
    doubled=frozenset({"contacts", "agreements"}),
    vendor_id=False,
    nowhere=("nobody/1", "a*b/1"),
    nodes_nowhere=("Customer:autodns:nobody/1",),
    told_together={"country": frozenset({"phones"})},
    budget=Budget(
        base_url="http://api.autodns.test/v1",
        calls=3,
        shared={"context": 1, "user": "another", "base_url": "http://API.autodns.test/v1/"},
        apart={"base_url": "http://api.demo.autodns.test/v1"},
    ),
    asked_by_doctor=["/customer/_search", "/customer/domainhaus/{}", "/invoice/_search", "/user/_search"],
    lost=[
        ("/user/_search", ["owner.email", "updater.email", "billing.recipients.email"]),
        ("/invoice/_search", ["invoices"]),
    ],
    writes=WRITES,
)
