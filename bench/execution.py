"""In process: a page of customers by this executor, by graphql-core through Strawberry, and joined by hand.

`python -m bench.execution` prints two tables: (a) the page query, (e) growth with the number of objects.
"""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any

import orjson
import uvloop
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from bench.page_records import Contact, Customer, Memory, User, memory
from bench.page_strawberry import strawberry_schema
from customer_gateway.execution import Attribute, Batched, compile_operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

OURS, STOCK, BY_HAND = "this executor", "graphql-core through Strawberry", "joined by hand"

QUERY = """
query Page($first: Int!) {
  customers(first: $first) {
    id number name email phone city country status createdAt updatedAt
    owner { id name email }
    updater { id name email }
    contacts { id name email phone }
  }
}
"""


def breadth_schema(*, awaitable: bool) -> GraphQLSchema:
    """With resolvers that answer at once, or that are coroutines and so cost tasks and turns of the event loop."""
    text, identity = GraphQLString, GraphQLNonNull(GraphQLID)

    def column(output: Any, name: str) -> GraphQLField:
        return GraphQLField(output, extensions={"execution": Attribute(name)})

    user = GraphQLObjectType(
        "User",
        {"id": column(identity, "id"), "name": column(text, "name"), "email": column(text, "email")},
    )
    contact = GraphQLObjectType(
        "Contact",
        {"id": column(identity, "id"), **{name: column(text, name) for name in ("name", "email", "phone")}},
    )

    def owners(parents: list[Customer], context: Memory) -> list[User]:
        return [context.users[parent.owner_id] for parent in parents]

    def updaters(parents: list[Customer], context: Memory) -> list[User]:
        return [context.users[parent.updater_id] for parent in parents]

    def contacts(parents: list[Customer], context: Memory) -> list[list[Contact]]:
        return [context.contacts[parent.id] for parent in parents]

    def customers(parents: list[None], context: Memory, first: int) -> list[list[Customer]]:
        return [context.customers[:first]] * len(parents)

    def batched(output: Any, resolve: Any, args: dict[str, GraphQLArgument] | None = None) -> GraphQLField:
        async def awaited(*arguments: Any, **named: Any) -> Any:
            return resolve(*arguments, **named)

        declaration = Batched(awaited) if awaitable else Batched(resolve)
        return GraphQLField(output, args, extensions={"execution": declaration})

    customer = GraphQLObjectType(
        "Customer",
        {
            "id": column(identity, "id"),
            "number": column(GraphQLInt, "number"),
            **{name: column(text, name) for name in ("name", "email", "phone", "city", "country", "status")},
            "createdAt": column(text, "created_at"),
            "updatedAt": column(text, "updated_at"),
            "owner": batched(user, owners),
            "updater": batched(user, updaters),
            "contacts": batched(GraphQLList(GraphQLNonNull(contact)), contacts),
        },
    )
    page = batched(GraphQLList(GraphQLNonNull(customer)), customers, {"first": GraphQLArgument(GraphQLInt)})
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


def joined_by_hand(context: Memory, first: int) -> bytes:
    def user(found: User) -> dict[str, str]:
        return {"id": found.id, "name": found.name, "email": found.email}

    page = [
        {
            "id": record.id,
            "number": record.number,
            "name": record.name,
            "email": record.email,
            "phone": record.phone,
            "city": record.city,
            "country": record.country,
            "status": record.status,
            "createdAt": record.created_at,
            "updatedAt": record.updated_at,
            "owner": user(context.users[record.owner_id]),
            "updater": user(context.users[record.updater_id]),
            "contacts": [
                {"id": person.id, "name": person.name, "email": person.email, "phone": person.phone}
                for person in context.contacts[record.id]
            ],
        }
        for record in context.customers[:first]
    ]
    return orjson.dumps({"data": {"customers": page}})


def contestants() -> dict[str, Callable[[Memory, int], Awaitable[bytes]]]:
    compiled = compile_operation(breadth_schema(awaitable=False), QUERY)
    compiled_awaiting = compile_operation(breadth_schema(awaitable=True), QUERY)
    stock = strawberry_schema()

    async def breadth(context: Memory, first: int) -> bytes:
        return await compiled.execute_to_bytes({"first": first}, context)

    async def awaiting(context: Memory, first: int) -> bytes:
        return await compiled_awaiting.execute_to_bytes({"first": first}, context)

    async def depth(context: Memory, first: int) -> bytes:
        result = await stock.execute(QUERY, {"first": first}, context_value=context)
        return json.dumps({"data": result.data}).encode()

    async def by_hand(context: Memory, first: int) -> bytes:
        return joined_by_hand(context, first)

    return {OURS: breadth, f"{OURS}, awaiting": awaiting, STOCK: depth, BY_HAND: by_hand}


async def seconds(call: Callable[[Memory, int], Awaitable[bytes]], context: Memory, first: int, spent: float) -> float:
    """The median time of one call, over runs that together take about `spent` seconds."""
    begin = perf_counter()
    await call(context, first)
    once = max(perf_counter() - begin, 1e-6)
    times: list[float] = []
    for _ in range(max(5, min(4000, int(spent / once)))):
        begin = perf_counter()
        await call(context, first)
        times.append(perf_counter() - begin)
    return statistics.median(times)


async def page(rounds: int = 5) -> dict[str, float]:
    """(a): seconds for a page of 50 customers, per contestant: the median of interleaved rounds."""
    context = memory(50)
    entries = contestants()
    bodies = {name: orjson.loads(await call(context, 50)) for name, call in entries.items()}
    if len({json.dumps(body, sort_keys=True) for body in bodies.values()}) != 1:
        raise RuntimeError("The contestants do not give the same answer")
    found: dict[str, list[float]] = {name: [] for name in entries}
    for _ in range(rounds):
        for name, call in entries.items():
            found[name].append(await seconds(call, context, 50, 0.4))
    return {name: statistics.median(times) for name, times in found.items()}


OBJECTS_PER_CUSTOMER = 5
"""The customer, its owner, its updater and two contacts."""


async def growth(rounds: int = 5) -> dict[str, dict[int, float]]:
    """(e): seconds per object, per contestant and number of objects in the answer; the best round, for noise adds."""
    sizes = (10, 100, 1000, 5000, 25_000)
    context = memory(max(sizes) // OBJECTS_PER_CUSTOMER)
    gc.collect()
    gc.freeze()
    table: dict[str, dict[int, float]] = {}
    for name, call in contestants().items():
        table[name] = dict.fromkeys(sizes, float("inf"))
        for _ in range(1 if name == STOCK else rounds):
            for size in sizes:
                took = await seconds(call, context, size // OBJECTS_PER_CUSTOMER, 0.3) / size
                table[name][size] = min(table[name][size], took)
    return table


async def run() -> dict[str, Any]:
    """All figures, in seconds: `page` by contestant, `growth` by contestant and number of objects."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    # As the gateway sets it for its process: a page makes hundreds of dicts that die young.
    gc.set_threshold(50_000, 20, 50)
    try:
        return {"page": await page(), "growth": await growth()}
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def main() -> None:
    figures = uvloop.run(run()) if "--uvloop" in sys.argv else asyncio.run(run())
    hand, stock = figures["page"][BY_HAND], figures["page"][STOCK]
    print("(a) a page of 50 customers with owner, updater and contacts, encoded; milliseconds")
    for name, time in figures["page"].items():
        print(
            f"  {name:34} {time * 1000:8.3f}  {time / hand:7.2f} x by hand  {stock / time:7.1f} x as fast as Strawberry"
        )
    print("(e) microseconds per object, by the number of objects in the answer")
    for name, times in figures["growth"].items():
        steps = "  ".join(f"{size}: {time * 1e6:6.3f}" for size, time in times.items())
        print(f"  {name:34} {steps}   5000 against 100: {times[5000] / times[100]:.2f}")


if __name__ == "__main__":
    main()
