"""What the tests know of Billbee."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import httpx
from systems.facts import Asked, AsSent, Budget, Facts, Pages
from systems.write_facts import ADDRESS, NEW, PERSON, STRANGER, Bodies, Calls, LongestWrite, Refused, WriteFacts

from customer_gateway.model.operations import OperationKind
from customer_gateway.sandbox.billbee.documents import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.sandbox.store import Collection


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    query = parse_qs(request.url.query.decode())
    number, size = int(query["page"][0]), int(query["pageSize"][0])
    page = rows[(number - 1) * size : number * size]
    paging = {"Page": number, "TotalPages": -(-len(rows) // size), "TotalRows": len(rows), "PageSize": size}
    return {"ErrorCode": 0, "ErrorMessage": None, "Data": page, "Paging": paging}


def single(route: str, customers: Sequence[Any]) -> Any:
    if not re.fullmatch("GET /customers/[0-9]+", route):
        return None
    return {"ErrorCode": 0, "Data": customers[0]} if customers else httpx.Response(404, json={})


def in_country(country: str) -> tuple[dict[str, Any], dict[str, Any]]:
    row = {"Id": 3, "CustomerId": 7, "AddressType": 1, "City": "X", "CountryCode": country}
    return {}, {"GET /customers/7/addresses": [row], "GET /customer-addresses": [row]}


async def rename(client: httpx.AsyncClient, path: str, document: dict[str, Any]) -> httpx.Response:
    return await client.put(path, json={**document, "Name": "Neu"})


def sign_in(known: Any) -> dict[str, Any]:
    auth = (str(known["user"]), str(known["password"]))
    return {"auth": auth, "headers": {"X-Billbee-Api-Key": str(known["api_key"])}}


def page(start: int, size: int, _before: Any) -> dict[str, Any]:
    return {"method": "GET", "url": "/customers", "params": {"page": start // size + 1, "pageSize": size}}


DEFAULTS: Final = (
    "DefaultMailAddress",
    "DefaultCommercialMailAddress",
    "DefaultStatusUpdatesMailAddress",
    "DefaultPhone1",
    "DefaultPhone2",
    "DefaultFax",
)


def own_values(_users: Sequence[str], customer: dict[str, Any]) -> dict[str, Sequence[Any]]:
    ids = [str(each["Id"]) for each in customer.get("MetaData") or ()]
    return {
        "Number": range(10**6, 10**7),
        "Type": [0, 1],
        **{f"{part}.TypeId": ["1", "2", "3"] for part in (*DEFAULTS, "MetaData")},
        **{f"{part}.Id": ids or [""] for part in DEFAULTS},
    }


def beside(vendor: Any, key: str) -> dict[str, tuple[Collection, Any]]:
    addresses = vendor.store[ADDRESSES]
    invoiced = [each["Id"] for each in addresses.where("CustomerId", [key]) if each["AddressType"] == 1]
    return {"InvoiceAddress": (addresses, invoiced[0])} if invoiced else {}


READ: Final = ("GET /customers/{key}", "GET /customers/{key}/addresses?page=1&pageSize=250")
WRITES: Final = WriteFacts(
    calls={
        OperationKind.CREATE: Calls((), ("POST /customers",), READ, searched=("POST /search",)),
        OperationKind.UPDATE: Calls(READ, ("PUT /customers/{key}", "PATCH /customers/addresses/{id}"), READ),
    },
    new={**NEW, **ADDRESS, **PERSON},
    foreign=("VatId", "DE136695976"),
    takes_changes=lambda customer: not customer.get("ArchivedAt"),
    refused=Refused(
        patch={
            "number": None,
            "title": "Dr.",
            "vatNumber": "DE1",
            "phone": "12",
            "address": {"street": None, "city": None, "country": "Atlantis"},
            **dict.fromkeys(("name", "firstName", "lastName", "organization")),
            "emails": {"set": [{"address": "no", "purpose": "GENERAL"}]},
            "billbee": {"name": "x", "tel2": "12", "defaultFax": {"typeId": None}},
            "ownerId": STRANGER,
        },
        by_code={
            "EXCLUSIVE": {"patch.billbee.name"},
            "INVALID": {
                *("patch", "patch.ownerId", "patch.vatNumber", "patch.phone", "patch.emails", "patch.address.country"),
                "patch.billbee.tel2",
            },
            "NOT_WRITABLE": {"patch.title"},
            "REQUIRED": {"patch.number", "patch.billbee.defaultFax.typeId"},
            "VERSION_REQUIRED": {"expectedVersion"},
        },
    ),
    refusals={
        "The number 5 is already in use": ["Number"],
        "CountryCode must be an ISO 3166-1 alpha-2 code": ["InvoiceAddress.CountryCode"],
        "Name has the wrong type": ["Name"],
    },
    bodies=Bodies(
        listed=("GET", "/customers"),
        update="PUT",
        collection="/customers",
        new={"Name": "Neu GmbH"},
        nested="MetaData",
    ),
    planted='{"MetaData":[{"Id":7,"TypeId":1,"TypeName":"E-Mail","Value":"a@example.com","price":1.10}]}',
    stamped=lambda _customer: {"RestoredAt": "2027-01-01T00:00:00", "xNew": 1},
    after_creation=frozenset(f"{part}.Id" for part in DEFAULTS),
    own_values=own_values,
    held=lambda customer: frozenset(str(customer[part]["Id"]) for part in DEFAULTS if customer.get(part) is not None),
    beside=beside,
    longest=LongestWrite(
        creates=False,  # a name that it has in two documents, each written by a call of its own
        patch=lambda _number, mark: {"name": f"{mark} Ltd", "first_name": mark},
        steps=(
            ("begin", "NOTHING", "APPLIED", "REJECTED"),
            ("update", "REJECTED", "REJECTED or APPLIED", "REJECTED"),
            ("send", "REJECTED", "", "APPLIED"),
            ("update", "APPLIED", "PARTIAL or APPLIED", "PARTIAL"),
            ("send", "PARTIAL", "", "APPLIED"),
            ("update", "APPLIED", "APPLIED", "APPLIED"),
        ),
    ),
    unique_number="Number",
    no_entity=(b'{"ErrorMessage":null,"ErrorCode":0,"Data":null}', b'{"Data":[]}'),
    wrapped=lambda document: {"Data": document},
    unfit=("Type", 7),
    parts={"InvoiceAddress": {"Id": 7, "FirstName": "Otto", "City": "Ulm", "CountryCode": "DE", "Note": 2.50}},
)

FACTS: Final = Facts(
    identity={"Id": 7},
    key="7",
    credentials={"user": "u", "password": "p", "api_key": "k"},
    config={"base_url": "http://127.0.0.1:9305/api/v1", "user": "…", "password": "…", "api_key": "…"},
    listed=frozenset({"GET /customers"}),
    envelope=envelope,
    pages=Pages(size="pageSize", rows="Data", total=("Paging", "TotalRows"), told_size=("Paging", "PageSize")),
    single=single,
    as_sent=AsSent(
        number="Number",
        name="Name",
        vat="VatId",
        phone=lambda value: {"Tel1": value},
        email=lambda value: {"Email": value},
        phone_at_home=("040 36123456", "+494036123456"),
        country="CountryCode",
        in_country=in_country,
        lone_row=lambda row: [
            (
                *("a row without its list", "GET /customers"),
                {"ErrorCode": 0, "Data": row, "Paging": [{"TotalRows": 1, "PageSize": 5}]},
            )
        ],
        unreadable=({"Type": 9}, "Type", "kind"),
        odd_ids=[("300000147000044", "300000147000044"), (1.0, "1")],
        failed=(("a code as text", "GET /customers", {"ErrorCode": "11", "ErrorMessage": None, "Data": None}),),
    ),
    nouns=frozenset({"Customer", "Invoice"}),
    states=frozenset({"ACTIVE", "ARCHIVED"}),
    not_in_system=frozenset(
        {"title", "gender", "organizationNumber", "website", "language", "currency", "isSupplier", "billing", "notes"}
        | {"externalIds", "contacts", "accounts", "agreements", "owner", "updater", "creator", "createdAt"}
        | {"updatedAt"}
    ),
    nested=("addresses", "addresses { city }", "/customer-addresses"),
    page_calls=(1, 1, 1),
    counts=True,
    errors_under_200=True,
    single_calls={
        (
            "number name status vatNumber email phone emails { address } phones { raw } notes updatedAt "
            "contacts { id name email phone } "
            "accounts { id ... on BankAccount { iban bic } ... on LedgerAccount { balance } } "
            "agreements { id description startDate products { code } } "
            "creator { name } updater { name } owner { key }"
        ): ["GET /customers"],
    },
    asked=Asked(page=page, customer=lambda key: f"/customers/{key}", key=lambda row: str(row["Id"]), changed=None),
    rename=rename,
    sign_in=sign_in,
    batches=False,
    nowhere=("99999999", "0", "123"),
    nodes_nowhere=("Customer:billbee:1", "User:billbee:1", "Invoice:billbee:1"),
    told_together={"RestoredAt": frozenset({"status"})},  # says until when ArchivedAt counts
    budget=Budget(
        base_url="http://billbee.test/api/v1",
        calls=2,
        shared={"password": "another", "base_url": "http://elsewhere.test/api/v1"},
        apart={"user": "another"},
    ),
    asked_by_doctor=["/customers", "/customers/{}/addresses", "/customers/{}/orders", "/orders/{}"],
    lost=[("/orders", ["invoices.currency"])],
    writes=WRITES,
)
