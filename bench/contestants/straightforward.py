"""The server that a good developer writes in an afternoon: Strawberry, its own ASGI app, httpx, loaders per request."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import httpx
import strawberry
from aiodataloader import DataLoader
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.types import Info as StrawberryInfo

from bench.collection import freeze

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

client = httpx.AsyncClient(
    base_url=os.environ["BENCH_STUB"],
    headers={"x-api-key": "bench:secret"},
    timeout=60,
)


async def rows(path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    response = await client.get(path, params=query)
    response.raise_for_status()
    return response.json()


async def load_users(keys: list[str]) -> list[Any]:
    found = await rows("/users/", {"ids": keys, "limit": len(keys)})
    users = {row["_id"]: row for row in found}
    return [users.get(key) for key in keys]


async def load_contacts(keys: list[str]) -> list[Any]:
    contacts: dict[str, list[Any]] = {key: [] for key in keys}
    for row in await rows("/contacts/", {"customerId": keys, "limit": 1000}):
        contacts[row["customerId"]].append(row)
    return [contacts[key] for key in keys]


@dataclass
class Context:
    """The loaders of one request."""

    users: DataLoader[str, Any]
    contacts: DataLoader[str, Any]


Info = StrawberryInfo[Context, None]


def identified(type_name: str) -> Callable[..., strawberry.ID]:
    def resolve(root: Any) -> strawberry.ID:
        text = f"{type_name}:pland:{root.key}"
        return strawberry.ID(urlsafe_b64encode(text.encode()).rstrip(b"=").decode())

    return resolve


@strawberry.enum
class CustomerStatus(Enum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@strawberry.type
class User:
    key: strawberry.Private[str]
    name: str | None
    email: str | None
    id: strawberry.ID = strawberry.field(resolver=identified("User"))


@strawberry.type
class Contact:
    key: strawberry.Private[str]
    name: str | None
    email: str | None
    phone: str | None
    id: strawberry.ID = strawberry.field(resolver=identified("Contact"))


@strawberry.type
class Address:
    street: str | None
    postal_code: str | None
    city: str | None
    country_code: str | None


async def user_of(info: Info, key: str) -> User | None:
    row = await info.context.users.load(key)
    if row is None:
        return None
    name = f"{row['general']['firstName']} {row['general']['lastName']}"
    return User(key=row["_id"], name=name, email=row["access"]["email"])


@strawberry.type
class Customer:
    key: strawberry.Private[str]
    creator_key: strawberry.Private[str]
    updater_key: strawberry.Private[str]
    name: str | None
    number: str | None
    status: CustomerStatus | None
    vat_number: str | None
    email: str | None
    phone: str | None
    address: Address | None
    id: strawberry.ID = strawberry.field(resolver=identified("Customer"))

    @strawberry.field
    async def creator(self, info: Info) -> User | None:
        return await user_of(info, self.creator_key)

    @strawberry.field
    async def updater(self, info: Info) -> User | None:
        return await user_of(info, self.updater_key)

    @strawberry.field
    async def contacts(self, info: Info) -> list[Contact]:
        return [
            Contact(
                key=row["_id"],
                name=f"{row['firstName']} {row['lastName']}",
                email=row["email"],
                phone=row["phone"],
            )
            for row in await info.context.contacts.load(self.key)
        ]


def customer(row: dict[str, Any]) -> Customer:
    address, contact, status = row["address"], row["contact"], row["status"]
    return Customer(
        key=row["_id"],
        creator_key=status["createdBy"],
        updater_key=status["lastModifiedBy"],
        name=row["name"],
        number=str(row["number"]),
        status=CustomerStatus.ACTIVE if status["status"] == "1" else CustomerStatus.INACTIVE,
        vat_number=row["vatNumber"],
        email=contact["email"],
        phone=contact["telephone"] or contact["mobile"],
        address=Address(
            street=address["street"],
            postal_code=address["zip"],
            city=address["city"],
            country_code=address["country"],
        ),
    )


@strawberry.type
class Customers:
    nodes: list[Customer]


@strawberry.type
class System:
    name: str

    @strawberry.field
    async def customers(self, first: int, offset: int = 0) -> Customers:
        query = {"limit": first, "offset": offset, "sort": '{"by":"_id","direction":1}'}
        return Customers(nodes=[customer(row) for row in await rows("/customers/", query)])


@strawberry.type
class Query:
    @strawberry.field
    def system(self, name: str) -> System | None:
        return System(name=name) if name == "pland" else None


class App(GraphQL[Context, None]):
    async def get_context(self, request: Any, response: Any) -> Context:
        del request, response
        return Context(DataLoader(load_users), DataLoader(load_contacts))


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    freeze()
    async with client:
        yield


endpoint: Any = App(strawberry.Schema(Query))
app = Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)
