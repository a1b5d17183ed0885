"""Fjord's API in the sandbox: a cursor that says nothing, and tokens that live five minutes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import orjson
from starlette.routing import Route

from customer_gateway.sandbox import VendorDefinition, moments
from customer_gateway.sandbox.exchange import Refusal, json_answer
from customer_gateway.sandbox.limits import Parallel
from customer_gateway.sandbox.people import Market, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
HARBOURS: Final = Market("harbours", ("DE", "SE"))


class Fjord:
    """The vendor of /api."""

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
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self._clock() >= self._ends.get(token, 0.0):
            raise Refusal(401, "The token is not valid, or has ended.")

    def refusal(self, refusal: Refusal) -> Response:
        return json_answer({"error": refusal.message}, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/{kind}", self._list, methods=["GET"]),
            Route("/{kind}/{id:int}", self._one, methods=["GET"]),
        ]

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form != {"grant_type": "client_credentials", **_CLIENT}:
            raise Refusal(401, "invalid_client")
        token = f"token-{len(self._ends) + 1}"
        self._ends[token] = self._clock() + LIFE_SECONDS
        return json_answer({"access_token": token, "token_type": "Bearer", "expires_in": LIFE_SECONDS})

    async def _list(self, request: Request) -> Response:
        collection = self._store[self._kind(request)]
        start = _place(request.query_params.get("cursor"))
        size = min(_MOST, int(request.query_params.get("limit", _MOST)))
        rows = collection.page(size, start)
        more = start + len(rows) < collection.count()
        return json_answer({"data": rows, "next_cursor": _cursor(start + len(rows)) if more else None})

    async def _one(self, request: Request) -> Response:
        found = self._store[self._kind(request)].get(request.path_params["id"])
        if found is None:
            raise Refusal(404, "There is none of this id.")
        return json_answer(found)

    def _kind(self, request: Request) -> Kind:
        kind = _KINDS.get(request.path_params["kind"])
        if kind is None:
            raise Refusal(404, "There is no such list.")
        return kind


def _cursor(place: int) -> str:
    return urlsafe_b64encode(orjson.dumps({"after": place})).decode()


def _place(cursor: str | None) -> int:
    try:
        return orjson.loads(urlsafe_b64decode(cursor))["after"] if cursor else 0
    except ValueError:
        raise Refusal(400, "The cursor is not one of this list.") from None


def fill_fjord(store: Store, parties: Sequence[Party]) -> None:
    staff = staff_of("fjord", HARBOURS)
    users = enumerate(staff, start=1)
    store[_USERS].put_all({"id": number, "name": each.name, "email": each.email} for number, each in users)
    store[_CUSTOMERS].put_all(_customer(place, party) for place, party in enumerate(parties))


def _customer(place: int, party: Party) -> Document:
    rng = Random(f"fjord customer {party.number}")
    created, changed = moments.life_of_record(rng)
    people: list[dict[str, Any]] = [
        {"name": each.name, "email": each.email, "phone": each.phone, "role": each.job} for each in party.people
    ]
    return {
        "id": 5001 + place,
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
        "owner": 1 + place % len(staff_of("fjord", HARBOURS)) if place % 4 else None,
        "created": created.isoformat(),
        "updated": changed.isoformat(),
    }


VENDOR: Final = VendorDefinition("fjord", Fjord, HARBOURS, _CUSTOMERS, fill_fjord, port=9309)
