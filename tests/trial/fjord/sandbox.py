"""Fjord's API in the sandbox: a cursor that says nothing, and tokens that live five minutes."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from starlette.routing import Route

from customer_gateway.sandbox import VendorDefinition, moments
from customer_gateway.sandbox.changes import Changes
from customer_gateway.sandbox.exchange import Refusal, json_answer, merged, sent_object
from customer_gateway.sandbox.limits import Parallel
from customer_gateway.sandbox.people import Market, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.limits import Window
    from customer_gateway.sandbox.people import Party
    from customer_gateway.sandbox.store import Document, Store

LIFE_SECONDS: Final = 300
_CLIENT: Final = {"client_id": "gateway", "client_secret": "fjord-hemmelighed"}
_CUSTOMERS: Final = Kind("customers", "id")
_USERS: Final = Kind("users", "id")
_KINDS: Final = {"customers": _CUSTOMERS, "users": _USERS}
_MOST: Final = 50
_FORM: Final = "application/x-www-form-urlencoded"
_WRITABLE: Final = {
    *("number", "name", "email", "phone", "vat", "currency", "street", "zip", "city", "country"),
    *("archived", "people", "owner"),
}
HARBOURS: Final = Market("harbours", ("DE", "SE"))
_STAFF: Final = staff_of("fjord", HARBOURS)


class Fjord:
    """The vendor of /api. What is not documented is refused: parameters, fields, sizes, cursors of another list."""

    name = "fjord"
    base_path = "/api"
    retry_after = True
    login_paths: tuple[str, ...] = ("/oauth/token",)
    error_under_200 = b"[]"

    def __init__(self, store: Store, clock: Clock) -> None:
        self.credentials: Mapping[str, str | int] = _CLIENT
        self.other_credentials: Mapping[str, str] = {}
        self.windows: tuple[Window, ...] = ()
        self.parallel = Parallel(None, lambda _request: "")
        self._store = store
        self._clock = clock
        self._ends: dict[str, float] = {}

    def authenticate(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self._clock() >= self._ends.get(token, 0.0):
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Refusal(401, "The token is not valid, or has ended.", headers=challenge)

    def refusal(self, refusal: Refusal) -> Response:
        return json_answer({"error": refusal.message}, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/{kind}", self._list, methods=["GET"]),
            Route("/customers/{id}", self._change, methods=["PATCH"]),
            Route("/{kind}/{id}", self._one, methods=["GET"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
        if request.headers.get("content-type", "").partition(";")[0] != _FORM:
            raise Refusal(400, "invalid_request")
        if form.pop("grant_type", "") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type")
        if form != _CLIENT:
            raise Refusal(401, "invalid_client")
        token = f"token-{len(self._ends) + 1}"
        self._ends[token] = self._clock() + LIFE_SECONDS
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_SECONDS}
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    async def _list(self, request: Request) -> Response:
        kind, asked = self._kind(request), request.query_params
        if unknown := sorted(set(asked) - {"limit", "cursor"}):
            raise Refusal(400, f"There is no parameter {unknown[0]}.")
        size = asked.get("limit", str(_MOST))
        if not re.fullmatch("[0-9]{1,9}", size) or not 1 <= int(size) <= _MOST:
            raise Refusal(400, f"The limit is 1 to {_MOST}.")
        start = _place(kind, asked["cursor"]) if "cursor" in asked else 0
        rows = self._store[kind].page(int(size), start)
        end = start + len(rows)
        more = bool(self._store[kind].page(1, end))
        return json_answer({"data": rows, "next_cursor": _cursor(kind, end) if more else None})

    async def _one(self, request: Request) -> Response:
        return json_answer(self._existing(self._kind(request), request))

    async def _change(self, request: Request) -> Response:
        customer, sent = self._existing(_CUSTOMERS, request), await sent_object(request)
        if unknown := sorted(sent.keys() - _WRITABLE):
            raise Refusal(422, f"{unknown[0]} cannot be written.")
        document = merged(customer, {**sent, "updated": moments.now(self._clock()).isoformat()})
        self._store[_CUSTOMERS].put(document)
        return json_answer(document)

    def _existing(self, kind: Kind, request: Request) -> Document:
        found = self._store[kind].get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "There is none of this id.")
        return found

    def _kind(self, request: Request) -> Kind:
        kind = _KINDS.get(request.path_params["kind"])
        if kind is None:
            raise Refusal(404, "There is no such list.")
        return kind


def _cursor(kind: Kind, place: int) -> str:
    return urlsafe_b64encode(orjson.dumps([kind.name, place])).decode()


def _place(kind: Kind, cursor: str) -> int:
    try:
        name, place = orjson.loads(urlsafe_b64decode(cursor))
    except (ValueError, TypeError):
        name, place = "", 0
    if name != kind.name:
        raise Refusal(400, "The cursor is not one of this list.")
    return place


def fill_fjord(store: Store, parties: Sequence[Party]) -> None:
    users = [{"id": _id("user", each.email), "name": each.name, "email": each.email} for each in _STAFF]
    store[_USERS].put_all(users)
    store[_CUSTOMERS].put_all(_customer(place, party) for place, party in enumerate(parties))


def _customer(place: int, party: Party) -> Document:
    rng = Random(f"fjord customer {party.number}")
    created, changed = moments.life_of_record(rng)
    people: list[dict[str, Any]] = [
        {"name": each.name, "email": each.email, "phone": each.phone, "role": each.job} for each in party.people
    ]
    return {
        "id": _id("customer", str(party.number)),
        "number": f"F-{place:04d}",
        "name": party.name,
        "email": party.email,
        "phone": party.phone,
        "vat": party.vat,
        "currency": party.land.currency,
        "street": f"{party.street} {party.house_number}",
        "zip": party.postal_code,
        "city": party.city,
        "country": party.land.code,
        "archived": place % 9 == 8,
        "people": people,
        "owner": _id("user", _STAFF[place % len(_STAFF)].email) if place % 4 else None,
        "created": created.isoformat(),
        "updated": changed.isoformat(),
    }


def _id(noun: str, of: str) -> str:
    return str(UUID(int=Random(f"fjord {noun} {of}").getrandbits(128), version=4))


def _stamped(customer: Document, moment: datetime) -> Document:
    return {**customer, "updated": moment.isoformat()}


def _made(customer: Document, moment: datetime) -> Document:
    return {**_stamped(customer, moment), "created": moment.isoformat()}


CHANGES: Final = Changes(("name", "email", "phone", "vat", "street", "zip", "city", "country"), _stamped, _made)
VENDOR: Final = VendorDefinition("fjord", Fjord, HARBOURS, _CUSTOMERS, fill_fjord, port=9309, changes=CHANGES)
