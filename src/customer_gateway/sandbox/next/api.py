"""NEXT's routes: token, lists with filter_str, partial PUT."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from uuid import NAMESPACE_URL, uuid5

import orjson
from starlette.routing import Route

from customer_gateway.sandbox import exact, moments
from customer_gateway.sandbox.exchange import Refusal, json_answer, merged, raw_answer, raw_list, sent_object
from customer_gateway.sandbox.limits import Parallel, Window
from customer_gateway.sandbox.next import fields
from customer_gateway.sandbox.next.documents import (
    CODES,
    CONTACTS,
    CUSTOMERS,
    FRAMEWORK_CONTRACTS,
    INVOICES,
    USERS,
)
from customer_gateway.sandbox.next.filters import Filter
from customer_gateway.sandbox.next.writing import checked, complete, ruled
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document, Store

_TOKENS: Final = Kind("token", "access_token")
_ACCESS_TOKEN: Final = "0f8b7a52-4f0e-4a55-9d3c-6d1f2b8c9e10"
_ONE_TIME: Final = {
    "username": "556012",
    "password": "engangsnyckel-7Q2M",
    "client_id": "customer-gateway",
    "client_secret": "integrator-hemlighet",
}
_READABLE: Final[dict[Kind, tuple[str, Mapping[str, fields.FieldType]]]] = {
    CUSTOMERS: ("Customer", fields.CUSTOMER),
    USERS: ("User", fields.USER),
    CONTACTS: ("CustomerContact", fields.CONTACT),
    INVOICES: ("Invoice", fields.INVOICE),
    FRAMEWORK_CONTRACTS: ("FrameworkContract", fields.FRAMEWORK_CONTRACT),
    **{kind: (kind.name.capitalize(), fields.CODE) for kind in CODES},
}
# The user whom the token acts for becomes the author of every change.
_ACTING_USER: Final = 1


class Next:
    """The vendor of /v1. Success is 200 for every verb; nothing can be sorted or deleted."""

    name = "next"
    base_path = "/v1"
    retry_after = False
    login_paths: tuple[str, ...] = ("/token",)
    error_under_200 = orjson.dumps({"detail": "Internal server error"})

    def __init__(self, store: Store, clock: Clock) -> None:
        self.credentials: Mapping[str, str | int] = {"access_token": _ACCESS_TOKEN}
        self.other_credentials: Mapping[str, str] = _ONE_TIME
        self.windows: tuple[Window, ...] = (Window(10, 1.0, _caller),)
        self.parallel = Parallel(None, _caller)
        self._store = store
        self._clock = clock

    def authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or (token != _ACCESS_TOKEN and token not in self._store[_TOKENS]):
            raise Refusal(401, "Not authenticated", headers={"WWW-Authenticate": "Bearer"})

    def refusal(self, refusal: Refusal) -> Response:
        detail = refusal.message if refusal.detail is None else refusal.detail
        return json_answer({"detail": detail}, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/token", self._token, methods=["POST"]),
            Route("/customer/", self._create_customer, methods=["POST"]),
            Route("/customer/{id}", self._update_customer, methods=["PUT"]),
            Route("/customercontact/", self._create_contact, methods=["POST"]),
            Route("/customercontact/{id}", self._update_contact, methods=["PUT"]),
            Route("/supplier/", self._list_suppliers, methods=["GET"]),
            *(Route(f"/{kind.name}/", self._list_of(kind), methods=["GET"]) for kind in _READABLE),
            *(Route(f"/{kind.name}/{{id}}", self._one_of(kind), methods=["GET"]) for kind in _READABLE),
        ]

    async def _token(self, request: Request) -> Response:
        """Swap the one-time key for an access token; the key is spent by its first use."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if request.headers.get("content-type", "").split(";")[0] != "application/x-www-form-urlencoded":
            raise Refusal(422, "The token request must be a form")
        if form.get("grant_type") != "password":
            raise Refusal(400, "unsupported_grant_type")
        spent = self._store[_TOKENS].count() > 0
        if spent or any(form.get(name) != value for name, value in _ONE_TIME.items()):
            raise Refusal(401, "invalid_grant")
        token = str(uuid5(NAMESPACE_URL, f"{_ONE_TIME['password']} {self._clock()}"))
        self._store[_TOKENS].put({"access_token": token})
        return json_answer({"access_token": token, "token_type": "bearer"})

    def _list_of(self, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        async def listed(request: Request) -> Response:
            return self._listed(kind, request)

        return listed

    def _one_of(self, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        async def one(request: Request) -> Response:
            return json_answer(self._existing(kind, request))

        return one

    async def _list_suppliers(self, request: Request) -> Response:
        return self._listed(CUSTOMERS, request, lambda row: row["issupplier"] is True)

    def _listed(self, kind: Kind, request: Request, extra: Callable[[Document], bool] | None = None) -> Response:
        page, size = _integer(request, "page", 1, None), _integer(request, "size", 50, 100)
        noun, known = _READABLE[kind]
        wanted = Filter(request.query_params.get("filter_str"), known, noun)
        start = (page - 1) * size
        if wanted.everything() and extra is None and "active" in known:
            return _paged(self._store[kind].bodies(size, start), self._store[kind].count(), page, size)
        rows = [row for row in self._candidates(kind, wanted) if wanted.fits(row) and (extra is None or extra(row))]
        return _paged([exact.encoded(row) for row in rows[start : start + size]], len(rows), page, size)

    def _candidates(self, kind: Kind, wanted: Filter) -> Any:
        for field in (kind.key, *kind.indexed):
            values = wanted.equal(field)
            if values is not None and None not in values:
                return self._store[kind].where(field, values)
        return self._store[kind]

    def _existing(self, kind: Kind, request: Request) -> Document:
        key = request.path_params["id"]
        if not re.fullmatch(r"\d{1,18}", key):
            problem = {"loc": ["path", "id"], "msg": "value is not a valid integer", "type": "type_error.integer"}
            raise Refusal(422, "Validation error", detail=[problem])
        document = self._store[kind].get(key)
        if document is None:
            raise Refusal(404, "Not found")
        return document

    async def _create_customer(self, request: Request) -> Response:
        sent = checked(await sent_object(request), fields.CUSTOMER_WRITABLE, fields.CUSTOMER_ANSWERED)
        counted = {"hasfavorites": False, "hasprices": False}
        document = ruled({**self._new(CUSTOMERS), **complete(sent, fields.CUSTOMER_WRITABLE), **counted})
        self._store[CUSTOMERS].put(document)
        return json_answer(document)

    async def _update_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        sent = checked(await sent_object(request), fields.CUSTOMER_WRITABLE, fields.CUSTOMER_ANSWERED)
        document = ruled(merged(customer, {**sent, **self._touched()}))
        self._store[CUSTOMERS].put(document)
        return json_answer(document)

    async def _create_contact(self, request: Request) -> Response:
        sent = checked(await sent_object(request), fields.CONTACT_WRITABLE, fields.AUDIT)
        document = {**self._new(CONTACTS), **complete(sent, fields.CONTACT_WRITABLE)}
        self._customer_must_exist(document)
        self._store[CONTACTS].put(document)
        return json_answer(document)

    async def _update_contact(self, request: Request) -> Response:
        contact = self._existing(CONTACTS, request)
        sent = checked(await sent_object(request), fields.CONTACT_WRITABLE, fields.AUDIT)
        document = merged(contact, {**sent, **self._touched()})
        self._customer_must_exist(document)
        self._store[CONTACTS].put(document)
        return json_answer(document)

    def _customer_must_exist(self, contact: Document) -> None:
        if contact["customerid"] not in self._store[CUSTOMERS]:
            raise Refusal(400, f"customerid {contact['customerid']} does not exist")

    def _new(self, kind: Kind) -> Document:
        touched = self._touched()
        stamps = {"created": touched["changed"], "createdby": _ACTING_USER}
        return {"id": self._store[kind].largest("id") + 1, **touched, **stamps}

    def _touched(self) -> Document:
        return {"changed": moments.local(moments.now(self._clock()), moments.STOCKHOLM), "changedby": _ACTING_USER}


def _caller(request: Request) -> str:
    """Integrator and database, which the token stands for; calls without one are counted by address."""
    return request.headers.get("authorization") or (request.client.host if request.client else "")


def _integer(request: Request, name: str, default: int, most: int | None) -> int:
    text = request.query_params.get(name, str(default))
    number = int(text) if re.fullmatch(r"-?\d{1,9}", text) else None
    if number is None:
        message, kind = "value is not a valid integer", "type_error.integer"
    elif number < 1:
        message, kind = "value must be at least 1", "value_error.number.not_ge"
    elif most is not None and number > most:
        message, kind = f"value must be at most {most}", "value_error.number.not_le"
    else:
        return number
    raise Refusal(422, "Validation error", detail=[{"loc": ["query", name], "msg": message, "type": kind}])


def _paged(bodies: Sequence[bytes], total: int, page: int, size: int) -> Response:
    numbers = b'"total":%d,"page":%d,"size":%d,"pages":%d' % (total, page, size, ceil(total / size))
    return raw_answer(b'{"items":' + raw_list(bodies) + b"," + numbers + b"}")
