"""Billbee's routes, in its envelopes."""

from __future__ import annotations

import re
from base64 import b64encode
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.routing import Route

from customer_gateway.sandbox import exact
from customer_gateway.sandbox.billbee.documents import (
    ADDRESSES,
    CUSTOMERS,
    FIRST_ENTRY_ID,
    ORDER_STATES,
    ORDERS,
    invoice,
    thin,
)
from customer_gateway.sandbox.billbee.writing import (
    INVALID_DATA,
    invalid,
    refuse_archived,
    written_address,
    written_customer,
)
from customer_gateway.sandbox.exchange import Refusal, json_answer, raw_answer, raw_list, sent_object
from customer_gateway.sandbox.limits import Parallel, Window
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document, Store

_USER: Final = "shop@hofladen.example"
_PASSWORD: Final = "billbee-api-passwort"
_API_KEY: Final = "5D3A7F10-2B64-4F8E-9C51-0E6B7A918D42"
_BASIC: Final = b64encode(f"{_USER}:{_PASSWORD}".encode()).decode()
_COUNTERS: Final = Kind("counters", "name")
_DEFAULT_SIZE: Final = 50
_LARGEST_SIZE: Final = 250
_INTERNAL: Final = 8
# Refusals that the framework gives before the API itself is reached carry no error code.
_FRAMEWORK_STATUSES: Final = frozenset({401, 403, 405, 429})


class Billbee:
    """The vendor of /api/v1. Two calls a second per endpoint, ten per user, fifty per key."""

    name = "billbee"
    base_path = "/api/v1"
    retry_after = True
    login_paths: tuple[str, ...] = ()
    error_under_200 = orjson.dumps(
        {"ErrorMessage": "Internal error", "ErrorCode": _INTERNAL, "ErrorDescription": "Internal", "Data": None}
    )

    def __init__(self, store: Store, clock: Clock) -> None:
        del clock  # nothing of Billbee is stamped by writing or runs out
        self.credentials: Mapping[str, str | int] = {"user": _USER, "password": _PASSWORD, "api_key": _API_KEY}
        self.other_credentials: Mapping[str, str] = {}
        self.windows: tuple[Window, ...] = (
            Window(2, 1.0, _endpoint),
            Window(10, 1.0, _user),
            Window(50, 1.0, _key),
            Window(6, 60.0, _single_order),
            Window(1, 60.0, _invoice_page),
        )
        self.parallel = Parallel(None, _key)
        self._store = store

    def authenticate(self, request: Request) -> None:
        if request.headers.get("x-billbee-api-key") != _API_KEY:
            raise Refusal(401, "The API key is missing or not valid.")
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or secret != _BASIC:
            raise Refusal(401, "User or password is wrong.", headers={"WWW-Authenticate": "Basic"})

    def refusal(self, refusal: Refusal) -> Response:
        if refusal.status in _FRAMEWORK_STATUSES:
            return json_answer({"Message": refusal.message}, refusal.status, refusal.headers)
        code = refusal.detail or (_INTERNAL if refusal.status >= 500 else INVALID_DATA)
        body = {"ErrorMessage": refusal.message, "ErrorCode": code, "ErrorDescription": code, "Data": None}
        return json_answer(body, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/customers", self._list_customers, methods=["GET"]),
            Route("/customers", self._create_customer, methods=["POST"]),
            Route("/customers/addresses/{id:int}", self._address, methods=["GET"]),
            Route("/customers/addresses/{id:int}", self._put_address, methods=["PUT"]),
            Route("/customers/addresses/{id:int}", self._patch_address, methods=["PATCH"]),
            Route("/customers/{id:int}", self._customer, methods=["GET"]),
            Route("/customers/{id:int}", self._put_customer, methods=["PUT"]),
            Route("/customers/{id:int}/addresses", self._addresses_of_customer, methods=["GET"]),
            Route("/customers/{id:int}/addresses", self._add_address, methods=["POST"]),
            Route("/customers/{id:int}/orders", self._orders_of_customer, methods=["GET"]),
            Route("/customer-addresses", self._list_addresses, methods=["GET"]),
            Route("/customer-addresses", self._add_any_address, methods=["POST"]),
            Route("/customer-addresses/{id:int}", self._address, methods=["GET"]),
            Route("/customer-addresses/{id:int}", self._put_address, methods=["PUT"]),
            Route("/orders", self._list_orders, methods=["GET"]),
            Route("/orders/invoices", self._list_invoices, methods=["GET"]),
            Route("/orders/{id:int}", self._order, methods=["GET"]),
            Route("/search", self._search, methods=["POST"]),
            Route("/enums/orderstates", self._order_states, methods=["GET"]),
        ]

    async def _list_customers(self, request: Request) -> Response:
        return self._whole_list(request, CUSTOMERS)

    async def _list_addresses(self, request: Request) -> Response:
        return self._whole_list(request, ADDRESSES)

    def _whole_list(self, request: Request, kind: Kind) -> Response:
        page, size = _page(request)
        collection = self._store[kind]
        return _paged(collection.bodies(size, (page - 1) * size), collection.count(), page, size)

    async def _customer(self, request: Request) -> Response:
        return _single(self._existing(CUSTOMERS, request))

    async def _create_customer(self, request: Request) -> Response:
        sent = await sent_object(request)
        self._number_must_be_free(sent.get("Number"), None)
        key = self._store[CUSTOMERS].largest("Id") + 1
        number = sent.get("Number") or self._store[CUSTOMERS].largest("Number") + 1
        customer = written_customer({"Id": key}, {**sent, "Number": number}, self._next_entry_id)
        address: Any = sent.get("Address")
        if address is not None and not isinstance(address, dict):
            raise invalid("Address must be an object")
        if address is not None:
            entered: Document = address  # pyright: ignore[reportUnknownVariableType] - a JSON object is a Document
            self._new_address(key, entered)
        self._store[CUSTOMERS].put(customer)
        return _single(customer)

    async def _put_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        refuse_archived(customer)
        sent = await sent_object(request)
        self._number_must_be_free(sent.get("Number"), customer["Id"])
        document = written_customer(customer, sent, self._next_entry_id)
        self._store[CUSTOMERS].put(document)
        return _single(document)

    def _number_must_be_free(self, number: Any, holder: int | None) -> None:
        if number is not None and any(row["Id"] != holder for row in self._store[CUSTOMERS].where("Number", [number])):
            raise invalid(f"The number {number} is already in use")

    async def _addresses_of_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        return _listed(request, self._store[ADDRESSES].where("CustomerId", [customer["Id"]]))

    async def _orders_of_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        return _listed(request, [thin(order) for order in self._store[ORDERS].where("Customer.Id", [customer["Id"]])])

    async def _add_address(self, request: Request) -> Response:
        """Create an address: a set Id stops it; the customer is the one of the path, whatever the body says."""
        customer = self._existing(CUSTOMERS, request)
        refuse_archived(customer)
        return _single(self._new_address(customer["Id"], await sent_object(request)))

    async def _add_any_address(self, request: Request) -> Response:
        sent = await sent_object(request)
        customer = self._store[CUSTOMERS].get(sent.get("CustomerId"))
        if customer is None:
            raise invalid("CustomerId does not name a customer")
        refuse_archived(customer)
        return _single(self._new_address(customer["Id"], sent))

    def _new_address(self, customer_id: int, sent: Document) -> Document:
        if sent.get("Id"):
            raise invalid("An address with an Id cannot be created")
        owner = {"Id": self._store[ADDRESSES].largest("Id") + 1, "CustomerId": customer_id}
        address = written_address(owner, {"AddressType": 1, **sent}, partial=False)
        self._store[ADDRESSES].put(address)
        return address

    async def _address(self, request: Request) -> Response:
        return _single(self._existing(ADDRESSES, request))

    async def _put_address(self, request: Request) -> Response:
        return await self._changed_address(request, partial=False)

    async def _patch_address(self, request: Request) -> Response:
        return await self._changed_address(request, partial=True)

    async def _changed_address(self, request: Request, *, partial: bool) -> Response:
        address = self._existing(ADDRESSES, request)
        refuse_archived(address)
        refuse_archived(self._store[CUSTOMERS].get(address["CustomerId"]) or {})
        document = written_address(address, await sent_object(request), partial=partial)
        self._store[ADDRESSES].put(document)
        return _single(document)

    async def _list_orders(self, request: Request) -> Response:
        return self._whole_list(request, ORDERS)

    async def _list_invoices(self, request: Request) -> Response:
        first, last = request.query_params.get("minInvoiceDate"), request.query_params.get("maxInvoiceDate")
        invoices = [invoice(order) for order in self._store[ORDERS] if order["InvoiceNumber"] is not None]
        rows = [row for row in invoices if (first or "") <= row["InvoiceDate"] <= (last or "9999")]
        return _listed(request, rows)

    async def _order(self, request: Request) -> Response:
        return _single(self._existing(ORDERS, request))

    async def _search(self, request: Request) -> Response:
        """Find customers with all words of the term in name, number, e-mail or addresses; the rows are thin."""
        sent = await sent_object(request)
        types = sent.get("Type") or ["order", "product", "customer"]
        words = str(sent.get("Term") or "").lower().replace("*", "").split()
        if not words:
            raise invalid("Term must not be empty")
        found = [_hit(customer, self._address_text(customer)) for customer in self._store[CUSTOMERS]]
        hits = [hit for hit in found if all(word in _searched(hit) for word in words)]
        customers = [{key: hit[key] for key in ("Id", "Name", "Addresses", "Number")} for hit in hits]
        return _single({"Products": [], "Orders": [], "Customers": customers[:50] if "customer" in types else []})

    def _address_text(self, customer: Document) -> str:
        rows = self._store[ADDRESSES].where("CustomerId", [customer["Id"]])
        return "; ".join(f"{row['Street']} {row['Housenumber']}, {row['Zip']} {row['City']}" for row in rows)

    async def _order_states(self, _request: Request) -> Response:
        return json_answer([{"Id": number, "Name": name} for number, name in ORDER_STATES.items()])

    def _existing(self, kind: Kind, request: Request) -> Document:
        document = self._store[kind].get(request.path_params["id"])
        if document is None:
            raise Refusal(404, "The entity was not found", detail=INVALID_DATA)
        return document

    def _next_entry_id(self) -> int:
        counter = self._store[_COUNTERS].get("entry") or {"name": "entry", "next": FIRST_ENTRY_ID + 1_000_000}
        self._store[_COUNTERS].put({**counter, "next": counter["next"] + 1})
        return counter["next"]


def _key(request: Request) -> str:
    return request.headers.get("x-billbee-api-key", "")


def _user(request: Request) -> str:
    return f"{_key(request)} {request.headers.get('authorization', '')}"


def _endpoint(request: Request) -> str:
    template = re.sub(r"/\d+", "/{id}", request.url.path)
    return f"{_user(request)} {request.method} {template}"


def _single_order(request: Request) -> str | None:
    path = request.url.path
    return f"{_user(request)} {path}" if re.fullmatch(r"/orders/\d+", path) else None


def _invoice_page(request: Request) -> str | None:
    if request.url.path != "/orders/invoices":
        return None
    query = request.query_params
    return f"{_user(request)} {query.get('page', '1')} {query.get('minInvoiceDate', '')}"


def _page(request: Request) -> tuple[int, int]:
    """Return page and size; a size above the cap is cut down to it without a word."""
    page, size = _integer(request, "page", 1), _integer(request, "pageSize", _DEFAULT_SIZE)
    return page, min(size, _LARGEST_SIZE)


def _integer(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not re.fullmatch(r"\d{1,10}", text) or int(text) < 1:
        raise invalid(f"{name} must be a positive integer")
    return int(text)


def _listed(request: Request, rows: Sequence[Document]) -> Response:
    page, size = _page(request)
    start = (page - 1) * size
    return _paged([exact.encoded(row) for row in rows[start : start + size]], len(rows), page, size)


def _paged(bodies: Sequence[bytes], total: int, page: int, size: int) -> Response:
    paging = {"Page": page, "TotalPages": ceil(total / size), "TotalRows": total, "PageSize": size}
    head = orjson.dumps({"Paging": paging, "ErrorMessage": None, "ErrorCode": 0, "ErrorDescription": "NoError"})
    return raw_answer(head[:-1] + b',"Data":' + raw_list(bodies) + b"}")


def _single(data: Document) -> Response:
    return json_answer({"ErrorMessage": None, "ErrorCode": 0, "ErrorDescription": "NoError", "Data": data})


def _hit(customer: Document, addresses: str) -> Document:
    number = customer["Number"]
    return {
        "Id": customer["Id"],
        "Name": customer["Name"],
        "Addresses": addresses,
        "Number": None if number is None else str(number),
        "Email": customer["Email"],
    }


def _searched(hit: Document) -> str:
    return " ".join(str(hit[key] or "") for key in ("Name", "Number", "Addresses", "Email")).lower()
