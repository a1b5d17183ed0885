"""The sandbox's routes for what happens to a vendor's customers: /_sandbox/customers, churn, tenant and clock."""

from __future__ import annotations

from asyncio import to_thread
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from customer_gateway.sandbox import exact
from customer_gateway.sandbox.exchange import json_answer
from customer_gateway.sandbox.tenants import FIRST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from customer_gateway.sandbox.vendor import Vendor

_YEAR: Final = 366 * 24 * 3600


def steering_routes(vendor: Vendor) -> Sequence[Route]:
    return [
        *_customer_routes(vendor),
        *_churn_routes(vendor),
        *_setting("/_sandbox/tenant", _Tenant(vendor)),
        *_setting("/_sandbox/clock", _Clock(vendor)),
    ]


def _customer_routes(vendor: Vendor) -> Sequence[Route]:
    async def show_all(_request: Request) -> Response:
        return json_answer(vendor.churn.truth())

    async def show(request: Request) -> Response:
        document = vendor.churn.truth().get(request.path_params["key"])
        return Response(status_code=404) if document is None else json_answer(document)

    async def enter(request: Request) -> Response:
        """Store the body as the customer; without one the customer that has vanished comes back."""
        key, body = request.path_params["key"], await request.body()
        try:
            if body:
                vendor.population.enter(key, exact.decoded(body))
            else:
                vendor.population.come_back(key)
        except ValueError as error:
            return _wrong(error)
        except KeyError:
            return Response(status_code=404)
        return await show(request)

    async def vanish(request: Request) -> Response:
        try:
            vendor.population.vanish(request.path_params["key"])
        except KeyError:
            return Response(status_code=404)
        return Response(status_code=204)

    one = "/_sandbox/customers/{key:path}"
    return [
        Route("/_sandbox/customers", show_all),
        Route(one, show),
        Route(one, enter, methods=["PUT"]),
        Route(one, vanish, methods=["DELETE"]),
    ]


def _churn_routes(vendor: Vendor) -> Sequence[Route]:
    churn = vendor.churn

    async def show(_request: Request) -> Response:
        customers = len(churn.truth())
        kinds = Counter(change.kind for change in churn.log)
        state = {"running": churn.is_running, "changes": len(churn.log), **kinds, "customers": customers}
        return JSONResponse(state)

    async def start(request: Request) -> Response:
        try:
            asked = _object(
                await request.body(), {"per_second": (int, float), "per_call": (int, float), "seed": (str,)}
            )
            # In a thread, so that the other vendors answer meanwhile.
            await to_thread(vendor.population.prepare)
            churn.start(**asked)
        except ValueError as error:
            return _wrong(error)
        return await show(request)

    async def stop(_request: Request) -> Response:
        churn.stop()
        return Response(status_code=204)

    async def show_log(_request: Request) -> Response:
        churn.truth()
        return JSONResponse([asdict(change) for change in churn.log])

    path = "/_sandbox/churn"
    return [
        Route(path, show),
        Route(path, start, methods=["PUT"]),
        Route(path, stop, methods=["DELETE"]),
        Route(f"{path}/log", show_log),
    ]


class _Tenant:
    def __init__(self, vendor: Vendor) -> None:
        self._tenants = vendor.tenants

    def shown(self) -> dict[str, Any]:
        return {"name": self._tenants.current}

    async def put(self, body: bytes) -> None:
        asked = _object(body, {"name": (str,)})
        if "name" not in asked:
            raise ValueError('A tenant is a JSON object, such as {"name": "other"}.')
        await to_thread(self._tenants.prepare, asked["name"])
        self._tenants.switch(asked["name"])

    def reset(self) -> None:
        self._tenants.switch(FIRST)


class _Clock:
    def __init__(self, vendor: Vendor) -> None:
        self._clock = vendor.clock

    def shown(self) -> dict[str, Any]:
        return {"offset": self._clock.offset, "now": self._clock()}

    async def put(self, body: bytes) -> None:
        asked = _object(body, {"offset": (int, float)})
        if not -_YEAR <= asked.get("offset", _YEAR + 1) <= _YEAR:
            raise ValueError('A clock is a JSON object of seconds, a year at most, such as {"offset": 3600}.')
        self._clock.offset = float(asked["offset"])

    def reset(self) -> None:
        self._clock.offset = 0.0


def _setting(path: str, of: _Tenant | _Clock) -> Sequence[Route]:
    async def show(_request: Request) -> Response:
        return JSONResponse(of.shown())

    async def put(request: Request) -> Response:
        try:
            await of.put(await request.body())
        except ValueError as error:
            return _wrong(error)
        return await show(request)

    async def reset(_request: Request) -> Response:
        of.reset()
        return Response(status_code=204)

    return [Route(path, show), Route(path, put, methods=["PUT"]), Route(path, reset, methods=["DELETE"])]


def _object(body: bytes, members: dict[str, tuple[type, ...]]) -> dict[str, Any]:
    """Return the body as a JSON object with some of these members. Raises ValueError for anything else."""
    asked: object = exact.decoded(body)
    if not isinstance(asked, dict):
        raise ValueError(f"The body is a JSON object with some of {', '.join(members)}.")  # noqa: TRY004 - JSON that will not do, like any other
    named = cast("dict[str, Any]", asked)
    for name, value in named.items():
        if name not in members:
            raise ValueError(f"There is no `{name}`; what there may be is {', '.join(members)}.")
        if not isinstance(value, members[name]) or isinstance(value, bool):
            raise ValueError(f"`{name}` is {'a text' if str in members[name] else 'a number'}.")  # noqa: TRY004 - see above
    return named


def _wrong(error: ValueError) -> Response:
    return JSONResponse({"error": str(error)}, 400)
