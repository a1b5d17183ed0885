"""In process: a page of customers by this executor, by graphql-core through Strawberry, and joined by hand.

`python -m bench.execution` prints two tables: (a) the page query, (e) growth with the number of objects. A round goes
through all contestants in short turns, each the median of its calls; a figure is the median of the rounds, each the
median of its turns: a machine that is slow for a while is so for all. Every contestant encodes with orjson, and the
garbage collector is as the gateway sets it.
"""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import statistics
from dataclasses import dataclass
from functools import partial
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

from bench.collection import exempt
from bench.page_records import Contact, Customer, Memory, User, memory
from bench.page_strawberry import strawberry_schema
from customer_gateway.execution import Attribute, Batched, compile_operation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Call = Callable[[Memory, int], Awaitable[bytes]]

OURS, STOCK, BY_HAND = "this executor", "graphql-core through Strawberry", "joined by hand"
AWAITING = f"{OURS}, awaiting"
ROUNDS = 3

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
    """With resolvers that answer at once, or that are coroutines and so cost tasks and iterations of the event loop."""
    batched = partial(_batched, awaitable=awaitable)
    user = GraphQLObjectType("User", {"id": _identity(), **_texts("name", "email")})
    contact = GraphQLObjectType("Contact", {"id": _identity(), **_texts("name", "email", "phone")})
    relations = {
        "owner": batched(user, _owners),
        "updater": batched(user, _updaters),
        "contacts": batched(_list_of(contact), _contacts),
    }
    customer = GraphQLObjectType("Customer", {**_customer_columns(), **relations})
    page = batched(_list_of(customer), _customers, {"first": GraphQLArgument(GraphQLInt)})
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


def _customer_columns() -> dict[str, GraphQLField]:
    return {
        "id": _identity(),
        "number": _column(GraphQLInt, "number"),
        **_texts("name", "email", "phone", "city", "country", "status"),
        "createdAt": _column(GraphQLString, "created_at"),
        "updatedAt": _column(GraphQLString, "updated_at"),
    }


def _identity() -> GraphQLField:
    return _column(GraphQLNonNull(GraphQLID), "id")


def _texts(*names: str) -> dict[str, GraphQLField]:
    return {name: _column(GraphQLString, name) for name in names}


def _column(output: Any, name: str) -> GraphQLField:
    return GraphQLField(output, extensions={"execution": Attribute(name)})


def _list_of(item: GraphQLObjectType) -> GraphQLList[Any]:
    return GraphQLList(GraphQLNonNull(item))


def _batched(
    output: Any, resolve: Any, args: dict[str, GraphQLArgument] | None = None, *, awaitable: bool
) -> GraphQLField:
    """Return a field that is resolved for all of its parents at once."""

    async def awaited(*arguments: Any, **named: Any) -> Any:
        return resolve(*arguments, **named)

    declaration = Batched(awaited) if awaitable else Batched(resolve)
    return GraphQLField(output, args, extensions={"execution": declaration})


def _owners(parents: list[Customer], context: Memory) -> list[User]:
    return [context.users[parent.owner_id] for parent in parents]


def _updaters(parents: list[Customer], context: Memory) -> list[User]:
    return [context.users[parent.updater_id] for parent in parents]


def _contacts(parents: list[Customer], context: Memory) -> list[list[Contact]]:
    return [context.contacts[parent.id] for parent in parents]


def _customers(parents: list[None], context: Memory, first: int) -> list[list[Customer]]:
    return [context.customers[:first]] * len(parents)


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


def contestants() -> dict[str, Call]:
    compiled = compile_operation(breadth_schema(awaitable=False), QUERY)
    compiled_awaiting = compile_operation(breadth_schema(awaitable=True), QUERY)
    stock = strawberry_schema()

    async def breadth(context: Memory, first: int) -> bytes:
        return await compiled.execute_to_bytes({"first": first}, context)

    async def awaiting(context: Memory, first: int) -> bytes:
        return await compiled_awaiting.execute_to_bytes({"first": first}, context)

    async def depth(context: Memory, first: int) -> bytes:
        result = await stock.execute(QUERY, {"first": first}, context_value=context)
        return orjson.dumps({"data": result.data})

    async def by_hand(context: Memory, first: int) -> bytes:
        return joined_by_hand(context, first)

    return {OURS: breadth, AWAITING: awaiting, STOCK: depth, BY_HAND: by_hand}


SIZES = (10, 100, 1000, 5000, 25_000)
"""Objects in an answer."""
PAGE = 50
OBJECTS_PER_CUSTOMER = 5
"""The customer, its owner, its updater and two contacts."""
TURNS = 10
TURN_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds by contestant: `page` of a page, `growth` of an object by the number of objects in the answer."""

    page: dict[str, float]
    growth: dict[str, dict[int, float]]

    def fixed(self, name: str) -> float:
        """Seconds that an execution costs whatever the number of its objects: a line through 10 and 1,000 of them."""
        few, many = (self.growth[name][size] * size for size in (10, 1000))
        return few - 10 * (many - few) / 990

    def beyond_fixed(self, name: str) -> dict[int, float]:
        """Seconds of an object without its part of what is fixed, by the number of objects in the answer."""
        fixed = self.fixed(name)
        return {size: time - fixed / size for size, time in self.growth[name].items()}


def spread(times: dict[int, float]) -> float:
    """The largest time of an object by the smallest, of 100 to 5,000 objects."""
    compared = [time for size, time in times.items() if 100 <= size <= 5000]
    return max(compared) / min(compared)


async def run(rounds: int) -> Figures:
    """All figures."""
    before = gc.get_threshold()
    entries, context = contestants(), memory(max(SIZES) // OBJECTS_PER_CUSTOMER)
    exempt()
    try:
        await _must_answer_alike(entries, context)
        pages = await _medians(entries, context, (PAGE,), rounds)
        growth = await _medians(entries, context, [size // OBJECTS_PER_CUSTOMER for size in SIZES], rounds)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
    return Figures(
        {name: times[PAGE] for name, times in pages.items()},
        {name: {size: times[size // OBJECTS_PER_CUSTOMER] / size for size in SIZES} for name, times in growth.items()},
    )


async def page() -> dict[str, float]:
    """Seconds of a page by contestant, without graphql-core: a round of bench/against.py, in a process of its own."""
    entries, context = contestants(), memory(PAGE)
    del entries[STOCK]
    exempt()
    await _must_answer_alike(entries, context)
    return {name: times[PAGE] for name, times in (await _medians(entries, context, (PAGE,), 1)).items()}


async def _must_answer_alike(entries: dict[str, Call], context: Memory) -> None:
    bodies = [orjson.loads(await call(context, PAGE)) for call in entries.values()]
    if any(body != bodies[0] for body in bodies):
        raise RuntimeError("the contestants do not give the same answer")


async def _medians(
    entries: dict[str, Call], context: Memory, customers: Sequence[int], rounds: int
) -> dict[str, dict[int, float]]:
    """Seconds per call, by contestant and number of customers asked for."""
    found: dict[str, dict[int, list[float]]] = {name: {first: [] for first in customers} for name in entries}
    for _ in range(rounds):
        for first in customers:
            turns: dict[str, list[float]] = {name: [] for name in entries}
            for _ in range(TURNS):
                for name, call in entries.items():
                    turns[name].append(await _seconds(call, context, first, TURN_SECONDS))
            for name, times in turns.items():
                found[name][first].append(statistics.median(times))
    return {name: {first: statistics.median(times) for first, times in by.items()} for name, by in found.items()}


async def _seconds(call: Call, context: Memory, first: int, spent: float) -> float:
    """The median time of one call, over calls that together take about `spent` seconds."""
    begin = perf_counter()
    await call(context, first)
    once = max(perf_counter() - begin, 1e-6)
    times: list[float] = []
    for _ in range(max(1, min(4000, int(spent / once)))):
        begin = perf_counter()
        await call(context, first)
        times.append(perf_counter() - begin)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.execution", description="Measure the executor in process.")
    parser.add_argument(
        "--uvloop", action="store_true", help="on uvloop, as the whole benchmark, not on asyncio's loop"
    )
    parser.add_argument(
        "--page", action="store_true", help="a round of (a) on uvloop without graphql-core: a line of JSON, in seconds"
    )
    asked = parser.parse_args()
    if asked.page:
        print(json.dumps(uvloop.run(page())))
        return
    figures = uvloop.run(run(ROUNDS)) if asked.uvloop else asyncio.run(run(ROUNDS))
    hand, stock = figures.page[BY_HAND], figures.page[STOCK]
    print(f"medians of {ROUNDS} rounds")
    print("(a) a page of 50 customers with owner, updater and contacts, encoded; milliseconds")
    for name, time in figures.page.items():
        print(
            f"  {name:34} {time * 1000:8.3f}  {time / hand:7.2f} x by hand  {stock / time:7.1f} x as fast as Strawberry"
        )
    print("(e) microseconds per object, by the number of objects in the answer, and fixed per execution")
    for name, times in figures.growth.items():
        steps = "  ".join(f"{size}: {time * 1e6:6.3f}" for size, time in times.items())
        print(f"  {name:34} {steps}   fixed: {figures.fixed(name) * 1e6:6.1f}")


if __name__ == "__main__":
    main()
