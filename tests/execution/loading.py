"""Customers with owners and updaters, loaded by a dataloader: what batching is for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from customer_gateway.execution import Attribute, Batched, compile_operation


@dataclass
class Loader:
    """Joins keys until the loop comes round, as dataloaders do."""

    batches: list[list[int]] = field(default_factory=list)
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def load(self, key: int) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._dispatch)
        return self._waiting.setdefault(key, loop.create_future())

    async def load_many(self, keys: list[int]) -> list[Any]:
        return list(await asyncio.gather(*map(self.load, keys)))

    def _dispatch(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self.batches.append(list(waiting))
        for key, future in waiting.items():
            future.set_result(User(key))


@dataclass
class User:
    number: int
    name: str = "user"


@dataclass
class Customer:
    number: int


@dataclass
class Context:
    loader: Loader = field(default_factory=Loader)
    log: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)


async def owner(parents: list[Customer], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number for parent in parents])


async def updater(parents: list[Customer], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number + 100 for parent in parents])


async def boss(parents: list[User], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number + 1000 for parent in parents])


async def slow(parents: list[Customer], context: Context) -> list[User]:
    context.log.append("slow begins")
    await context.gate.wait()
    context.log.append("slow ends")
    return [User(parent.number) for parent in parents]


def noted(parents: list[Any], context: Context, say: str = "") -> list[str]:
    context.log.append((say, len(parents)))
    return [say] * len(parents)


def opens(parents: list[Any], context: Context) -> list[str]:
    context.log.append("opened")
    context.gate.set()
    return ["open"] * len(parents)


def customers(_parents: list[Any], _context: Context, count: int) -> list[list[Customer]]:
    return [[Customer(number) for number in range(count)]]


def batched(output: Any, resolve: Any, args: Any = None) -> GraphQLField:
    return GraphQLField(output, args, extensions={"execution": Batched(resolve)})


def schema() -> GraphQLSchema:
    user: GraphQLObjectType = GraphQLObjectType(
        "User",
        lambda: {
            "number": GraphQLField(GraphQLInt, extensions={"execution": Attribute("number")}),
            "name": GraphQLField(GraphQLString, extensions={"execution": Attribute("name")}),
            "boss": batched(user, boss),
            "opens": batched(GraphQLString, opens),
        },
    )
    customer = GraphQLObjectType(
        "Customer",
        {
            "number": GraphQLField(GraphQLInt, extensions={"execution": Attribute("number")}),
            "owner": batched(user, owner),
            "updater": batched(user, updater),
            "slow": batched(user, slow),
            "noted": batched(GraphQLString, noted, {"say": GraphQLArgument(GraphQLString)}),
        },
    )
    page = batched(
        GraphQLNonNull(GraphQLList(GraphQLNonNull(customer))),
        customers,
        {"count": GraphQLArgument(GraphQLInt, default_value=3)},
    )
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


SCHEMA = schema()


async def executed(document: str, context: Context) -> Any:
    result = await compile_operation(SCHEMA, document).execute(context=context)
    assert result.errors is None
    return result.data


__all__ = ["SCHEMA", "Context", "Customer", "User", "batched", "executed", "opens"]
