"""Two endpoints as one writes them by hand, without GraphQL.

`/page` makes the three calls of a page with httpx over its best transport and answers the gateway's bytes; `/bare`
answers those bytes from memory and calls nobody. The body of a request is `{"offset": 100}`.
"""

from __future__ import annotations

import asyncio
import os
from base64 import urlsafe_b64encode
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from pyreqwest.compatibility.httpx import HttpxTransport
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from bench.collection import freeze

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

JSON = "application/graphql-response+json; charset=utf-8"
BY_ID = '{"by":"_id","direction":1}'

client = httpx.AsyncClient(
    base_url=os.environ["BENCH_STUB"], headers={"x-api-key": "bench:secret"}, transport=HttpxTransport(), timeout=10
)
bare_pages: dict[int, bytes] = {}


async def page(request: Request) -> Response:
    offset = orjson.loads(await request.body())["offset"]
    return Response(await read_page(offset), media_type=JSON)


async def bare(request: Request) -> Response:
    offset = orjson.loads(await request.body())["offset"]
    body = bare_pages.get(offset)
    if body is None:
        body = bare_pages[offset] = await read_page(offset)
    return Response(body, media_type=JSON)


async def smallest(request: Request) -> Response:
    orjson.loads(await request.body())
    return Response(b'{"data":{"__typename":"Query"}}', media_type=JSON)


async def read_page(offset: int) -> bytes:
    customers = await rows("/customers/", {"limit": "50", "offset": str(offset), "sort": BY_ID})
    statuses = [customer["status"] for customer in customers]
    user_ids = {status[name] for status in statuses for name in ("createdBy", "lastModifiedBy")}
    users, contacts = await asyncio.gather(
        rows("/users/", {"ids": list(user_ids), "limit": str(len(user_ids))}),
        rows("/contacts/", {"customerId": [customer["_id"] for customer in customers], "limit": "1000"}),
    )
    nodes = joined(customers, users, contacts)
    return orjson.dumps({"data": {"system": {"customers": {"nodes": nodes}}}})


async def rows(path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    response = await client.get(path, params=query)
    response.raise_for_status()
    return orjson.loads(response.content)


def joined(
    customers: list[dict[str, Any]], users: list[dict[str, Any]], contacts: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    user_of = {
        user["_id"]: {
            "id": global_id("User", user["_id"]),
            "name": f"{user['general']['firstName']} {user['general']['lastName']}",
            "email": user["access"]["email"],
        }
        for user in users
    }
    contacts_of: dict[str, list[Any]] = {customer["_id"]: [] for customer in customers}
    for contact in contacts:
        contacts_of[contact["customerId"]].append(
            {
                "id": global_id("Contact", contact["_id"]),
                "name": f"{contact['firstName']} {contact['lastName']}",
                "email": contact["email"],
                "phone": contact["phone"],
            }
        )
    return [
        {
            "id": global_id("Customer", customer["_id"]),
            "name": customer["name"],
            "number": str(customer["number"]),
            "status": "ACTIVE" if customer["status"]["status"] == "1" else "INACTIVE",
            "vatNumber": customer["vatNumber"],
            "email": customer["contact"]["email"],
            "phone": customer["contact"]["telephone"] or customer["contact"]["mobile"],
            "address": {
                "street": customer["address"]["street"],
                "postalCode": customer["address"]["zip"],
                "city": customer["address"]["city"],
                "countryCode": customer["address"]["country"],
            },
            "creator": user_of.get(customer["status"]["createdBy"]),
            "updater": user_of.get(customer["status"]["lastModifiedBy"]),
            "contacts": contacts_of[customer["_id"]],
        }
        for customer in customers
    ]


def global_id(type_name: str, key: str) -> str:
    return urlsafe_b64encode(f"{type_name}:pland:{key}".encode()).rstrip(b"=").decode()


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    freeze()
    async with client:
        yield


app = Starlette(
    routes=[
        Route("/page", page, methods=["POST"]),
        Route("/bare", bare, methods=["POST"]),
        Route("/smallest", smallest, methods=["POST"]),
    ],
    lifespan=lifespan,
)
