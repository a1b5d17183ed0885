"""What the tests know of NEXT."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from systems.facts import Asked, AsSent, Budget, Facts, Pages
from systems.write_facts import ADDRESS, NEW, STRANGER, TOO_LONG, Bodies, Calls, LongestWrite, Refused, WriteFacts

from customer_gateway.documents.writing import Choice
from customer_gateway.model.operations import OperationKind
from customer_gateway.model.value_objects import CustomerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    query = parse_qs(request.url.query.decode())
    number, size = int(query["page"][0]), int(query["size"][0])
    page = rows[(number - 1) * size : number * size]
    return {"items": page, "total": len(rows), "page": number, "size": size, "pages": -(-len(rows) // size)}


async def rename(client: httpx.AsyncClient, path: str, _document: dict[str, Any]) -> httpx.Response:
    return await client.put(path, json={"name": "Neu"})


def page(start: int, size: int, _before: Any) -> dict[str, Any]:
    query = {"filter_str": '{"active__in":[true,false]}', "page": start // size + 1, "size": size}
    return {"method": "GET", "url": "/customer/", "params": query}


def batch(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    wanted = {"id__in": [row["id"] for row in rows], "active__in": [True, False]}
    return {"method": "GET", "url": "/customer/", "params": {"filter_str": json.dumps(wanted), "size": 100}}


def changed(row: dict[str, Any]) -> float:
    return datetime.fromisoformat(row["changed"]).replace(tzinfo=ZoneInfo("Europe/Stockholm")).timestamp()


READ: Final = ("GET /customer/{key}",)
CHANGED: Final = Calls(READ, ("PUT /customer/{key}",), READ)
TYPES: Final = 'GET /customertype/?filter_str={"active__in":["true","false"]}&page=1&size=100'
WRITES: Final = WriteFacts(
    calls={
        OperationKind.CREATE: Calls((TYPES,), ("POST /customer/",), READ),
        OperationKind.UPDATE: CHANGED,
        OperationKind.ARCHIVE: CHANGED,
        OperationKind.RESTORE: CHANGED,
    },
    new={**NEW, **ADDRESS, "kind": CustomerKind.COMPANY, "external_id": "EXT-7"},
    foreign=("webaddress", "https://strangers.example"),
    refused=Refused(
        patch={
            "name": TOO_LONG,
            "firstName": "Änne",
            "vatNumber": "DE1",
            "email": "nobody",
            "currency": "XTS",
            "billing": {"paymentTermsId": "4711", "taxable": False},
            **dict.fromkeys(("number", "organizationNumber", "mobile", "fax", "website", "externalId")),
            "next": {"active": None, "constructioncompany": True, "iban": "DE0", "customertypeid": 4711},
            "ownerId": STRANGER,
        },
        by_code={
            "EXCLUSIVE": {"patch.billing.taxable"},
            "INVALID": {
                *("patch", "patch.ownerId", "patch.vatNumber", "patch.email", "patch.currency"),
                *("patch.billing.paymentTermsId", "patch.next.customertypeid", "patch.next.iban"),
            },
            "NOT_WRITABLE": {"patch.firstName"},
            "REQUIRED": {"patch.next.active"},
            "TOO_LONG": {"patch.name"},
            "VERSION_REQUIRED": {"expectedVersion"},
        },
    ),
    guarded={"next": {"iban": "DE0", "markup": "1.5"}},
    refusals={
        "constructioncompany and novat can not both be true": ["constructioncompany", "novat"],
    },
    bodies=Bodies(
        listed=("GET", '/customer/?filter_str={"id__in":[{key}]}'),
        update="PUT",
        collection="/customer/",
        new={"name": "Nytt AB", "customertypeid": 1},
        stamps=frozenset({"changed", "changedby"}),
        refused=(422, "detail"),
    ),
    planted='{"markup":1.10}',
    stamps=frozenset({"changed", "changedby"}),
    stamped=lambda _customer: {"changed": "2027-01-01T00:00:00", "changedby": 2, "hasprices": True},
    answered=frozenset({"customertypename", "invoicetypename", "currencycode", "billingtermsdescription"}),
    excluding_none={"constructioncompany": False},
    longest=LongestWrite(
        patch=lambda number, _mark: {"external_id": f"EXT-{number}", "next": {"customertypeid": 1}},
    ),
    malformed=({"website": f"https://{TOO_LONG}.example"}, ("patch", "website")),
    numbered={"external_id": "E-9"},
    labels={
        "customertypeid": "Company",
        "currencyid": "SEK",
        "billingtermsid": "Kontant",
        "invoicetypeid": "E-faktura",
    },
    values={
        "billing.payment_terms_id": "3",
        "billing.taxable": True,  # the sample is a construction company, which excludes novat
    },
    told_by_lists=frozenset({"currency", "kind"}),
    choices={
        "customertypeid": [Choice(31, "Company"), Choice(32, "Private"), Choice(33, "Government")],
        "currencyid": [Choice(41, "EUR"), Choice(42, "SEK")],
    },
)

FACTS: Final = Facts(
    identity={"id": 7},
    key="7",
    credentials={"access_token": "t"},
    config={"base_url": "http://127.0.0.1:9303/v1", "access_token": "…", "time_zone": "Europe/Stockholm"},
    listed=frozenset({"GET /customer/"}),
    envelope=envelope,
    pages=Pages(size="size", rows="items", total=("total",), told_size=("size",)),
    as_sent=AsSent(
        number="customerno",
        name="name",
        vat="vatno",
        phone=lambda value: {"phone": value},
        email=lambda value: {"email": value},
        phone_at_home=("08-123 456 78", "+46812345678"),
        country="billaddress6",
        in_country=lambda country: ({"billaddress5": "X", "billaddress6": country}, {}),
        created=lambda sent: ({"created": sent}, "created"),
        first_hour="2025-06-29T22:00:00Z",
        lone_row=lambda row: [("a row without its list", "GET /customer/", {"items": row, "total": 1})],
        unreadable=({"currencycode": "Taler"}, "currencycode", "currency"),
        odd_ids=[("8", "8"), (8.0, "8")],
        failed=(("a detail", "GET /customer/", {"detail": {"loc": [], "msg": "no", "type": "x"}}),),
    ),
    nouns=frozenset({"Customer", "Contact", "BankAccount", "Agreement", "Invoice", "User"}),
    states=frozenset({"ACTIVE", "INACTIVE"}),
    not_in_system=frozenset({"organization", "firstName", "lastName", "title", "gender", "language", "owner"}),
    nested=("updater", "updater { name }", "/user/"),
    page_calls=(1, 1, 1),
    counts=True,
    single_calls={
        (
            "number name kind status vatNumber email phone address { street city } updatedAt "
            "accounts { id ... on BankAccount { iban bic } ... on LedgerAccount { balance } }"
        ): ["GET /customer/"],
    },
    further_calls={
        "creator { id name email } updater { id name email }": ["GET /user/"],
        "contacts { id name email phone }": ["GET /customercontact/"],
    },
    asked=Asked(
        page=page,
        customer=lambda key: f"/customer/{key}",
        key=lambda row: str(row["id"]),
        changed=changed,
        batch=batch,
    ),
    rename=rename,
    sign_in=lambda known: {"headers": {"Authorization": f"Bearer {known['access_token']}"}},
    nowhere=("999999", "1; drop", ""),
    nodes_nowhere=("Customer:next:999999", "Account:next:999999/bank", "Nothing:next:1"),
    told_together={"countrycode": frozenset({"phones"}), "billaddress6": frozenset({"phones"})},
    budget=Budget(
        base_url="http://next.test/v1",
        calls=10,
        shared={"base_url": "http://elsewhere.test/v1"},
        apart={"access_token": "another"},
    ),
    asked_by_doctor=["/customer/", "/customercontact/", "/frameworkcontract/", "/invoice/", "/user/"],
    lost=[
        ("/customercontact/", ["contacts"]),
        ("/frameworkcontract/", ["agreements"]),
        ("/invoice/", ["invoices"]),
        ("/user/", ["updater", "creator"]),
    ],
    writes=WRITES,
)
