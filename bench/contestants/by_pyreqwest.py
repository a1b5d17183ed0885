"""The hand-written endpoint with its three calls by pyreqwest directly, as the gateway makes its own: no httpx between.

`/page` answers the gateway's bytes; the join is that of by_hand.py. The body of a request is `{"offset": 100}`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson
from pyreqwest.client import ClientBuilder
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bench.collection import freeze
from bench.contestants.by_hand import BY_ID, JSON, joined

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

URL = os.environ["BENCH_STUB"]
MOST_BYTES = 20_000_000
HEADERS = [("x-api-key", "bench:secret")]

client = ClientBuilder().http1_only().no_proxy().pool_max_idle_per_host(100).build()


async def page(request: Request) -> Response:
    offset = orjson.loads(await request.body())["offset"]
    customers = await rows("/customers/", [("limit", "50"), ("offset", str(offset)), ("sort", BY_ID)])
    statuses = [customer["status"] for customer in customers]
    user_ids = {status[name] for status in statuses for name in ("createdBy", "lastModifiedBy")}
    users, contacts = await asyncio.gather(
        rows("/users/", [*(("ids", key) for key in user_ids), ("limit", str(len(user_ids)))]),
        rows("/contacts/", [*(("customerId", customer["_id"]) for customer in customers), ("limit", "1000")]),
    )
    nodes = joined(customers, users, contacts)
    return Response(orjson.dumps({"data": {"system": {"customers": {"nodes": nodes}}}}), media_type=JSON)


async def rows(path: str, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
    async with client.get(URL + path).query(query).headers(HEADERS).build_streamed() as response:
        response.error_for_status()
        body = await response.body_reader.read(MOST_BYTES)
    return orjson.loads(b"" if body is None else memoryview(body))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    freeze()
    yield
    await client.close()


app = Starlette(routes=[Route("/page", page, methods=["POST"])], lifespan=lifespan)
