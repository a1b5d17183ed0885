# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest
from execution.loading import SCHEMA, Context, Customer, User, batched, opens
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from customer_gateway.execution import Partitioned, compile_operation

pytestmark = pytest.mark.anyio


def parted(parents: list[Any], context: Context) -> Partitioned:
    async def quick() -> list[User]:
        return [User(parent.number) for parent in parents[1::2]]

    async def waiting() -> list[User]:
        context.log.append("waiting")
        await context.gate.wait()
        return [User(parent.number) for parent in parents[::2]]

    indices = range(len(parents))
    return Partitioned([(indices[::2], waiting()), (indices[1::2], quick())])


def parted_schema(resolve: Any) -> GraphQLSchema:
    customer = GraphQLObjectType("Customer", {"field": batched(SCHEMA.type_map["User"], resolve)})
    page = batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(5)]])
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


@pytest.mark.parametrize("turns", range(10))
async def test_cancelled_at_any_moment_an_execution_leaves_no_coroutine_behind(turns: int) -> None:
    document = "{ customers { field { number } again: field { boss { name } } } more: customers { field { name } } }"
    compiled = compile_operation(parted_schema(parted), document)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        execution = asyncio.ensure_future(compiled.execute(None, Context()))
        for _ in range(turns):
            await asyncio.sleep(0)
        execution.cancel()
        with pytest.raises(asyncio.CancelledError):
            await execution
        del execution
        gc.collect()

    assert not told


async def test_a_part_that_is_there_goes_on_without_the_part_that_is_not() -> None:
    context = Context()

    # The waiting part is let go by a field below the quick one.
    compiled = compile_operation(parted_schema(parted), "{ customers { field { number opens } } }")
    result = await asyncio.wait_for(compiled.execute(context=context), 5)

    assert context.log == ["waiting", "opened", "opened"]
    assert result.data == {"customers": [{"field": {"number": number, "opens": "open"}} for number in range(5)]}


async def test_a_field_beside_parts_that_wait_begins_at_once() -> None:
    async def gated(context: Context, count: int) -> list[User]:
        await context.gate.wait()
        return [User(9)] * count

    def apart(_parents: list[Any], context: Context) -> Partitioned:
        return Partitioned([([0], gated(context, 1)), ([1, 2], gated(context, 2))])

    async def opening(parents: list[Any], context: Context) -> list[str]:
        return opens(parents, context)

    customer = GraphQLObjectType(
        "Customer",
        {
            "parted": batched(
                SCHEMA.type_map["User"],
                apart,
            ),
            "opening": batched(GraphQLString, opening),
        },
    )
    page = batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(3)]])
    schema = GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))

    compiled = compile_operation(schema, "{ customers { parted { number } opening } }")
    result = await asyncio.wait_for(compiled.execute(context=Context()), 2)

    assert result.data == {"customers": [{"parted": {"number": 9}, "opening": "open"}] * 3}


async def test_parts_of_which_one_fails_cost_the_positions_of_that_one() -> None:
    async def fails() -> list[User]:
        raise ValueError("the system is down")

    async def users(count: int) -> list[User]:
        return [User(9)] * count

    def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([4, 0], users(2)), ([1, 3], fails()), ([2], users(2))])

    result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()

    nine, none = {"field": {"number": 9}}, {"field": None}
    assert result.data == {"customers": [nine, none, none, none, nine]}
    assert [(error.message, error.path) for error in result.errors or []] == [
        ("the system is down", ["customers", 1, "field"]),
        ("the system is down", ["customers", 3, "field"]),
        ("Customer.field gave 2 values for 1 parents.", ["customers", 2, "field"]),
    ]


@pytest.mark.parametrize("indices", [[0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3, 7]])
async def test_parts_that_do_not_name_each_parent_once_are_an_error(indices: list[int]) -> None:
    async def users() -> list[User]:
        return []

    schema = parted_schema(lambda *_: Partitioned([(indices, users())]))

    result = await compile_operation(schema, "{ customers { field { number } } }").execute()

    message = "Customer.field does not name each of its parents once."
    assert [error.message for error in result.errors or []] == [message] * 5


async def test_parts_may_be_awaited_together_too() -> None:
    async def users(count: int) -> list[User]:
        return [User(9)] * count

    async def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([4, 0], users(2)), ([1, 2, 3], users(3))])

    result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()

    assert (result.errors, result.data) == (None, {"customers": [{"field": {"number": 9}}] * 5})


async def test_parts_awaited_together_that_do_not_fit_are_an_error_and_leave_nothing_behind() -> None:
    async def users() -> list[User]:
        return []

    async def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([0, 0], users())])

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()
        gc.collect()

    message = "Customer.field does not name each of its parents once."
    assert [error.message for error in result.errors or []] == [message] * 5
    assert not told


async def test_one_part_with_all_parents_is_as_one_answer() -> None:
    async def users() -> list[User]:
        return [User(number) for number in range(5)]

    schema = parted_schema(lambda *_: Partitioned([(range(5), users())]))

    result = await compile_operation(schema, "{ customers { field { number } } }").execute()

    assert result.data == {"customers": [{"field": {"number": number}} for number in range(5)]}


def listed_in_parts(resolve: Any) -> GraphQLSchema:
    users = GraphQLList(SCHEMA.type_map["User"])
    return GraphQLSchema(GraphQLObjectType("Query", {"users": GraphQLField(users, resolve=resolve)}))


async def test_what_is_below_an_item_that_is_there_does_not_wait_for_another_items_part() -> None:
    async def waiting(context: Context) -> list[User]:
        await context.gate.wait()
        return [User(0), User(2)]

    async def quick() -> list[User]:
        return [User(1)]

    def resolve(_root: Any, info: Any) -> Partitioned:
        return Partitioned([([0, 2], waiting(info.context)), ([1], quick())])

    schema = listed_in_parts(resolve)
    # The waiting part is let go by a field below the quick one.
    compiled = compile_operation(schema, "{ users { number opens } }")
    result = await asyncio.wait_for(compiled.execute(context=Context()), 5)

    assert result.data == {"users": [{"number": number, "opens": "open"} for number in range(3)]}


async def test_a_part_of_a_list_that_fails_costs_its_own_items() -> None:
    async def fails() -> list[User]:
        raise ValueError("the system is down")

    async def one() -> list[User]:
        return [User(1)]

    schema = listed_in_parts(lambda *_: Partitioned([([2, 0], fails()), ([1], one())]))
    result = await compile_operation(schema, "{ users { number } }").execute()

    assert result.data == {"users": [None, {"number": 1}, None]}
    assert sorted(str(error.path) for error in result.errors or []) == ["['users', 0]", "['users', 2]"]


async def test_a_part_of_a_list_with_too_few_items_is_an_error_of_each() -> None:
    async def one() -> list[User]:
        return [User(1)]

    schema = listed_in_parts(lambda *_: Partitioned([([0, 1], one())]))
    result = await compile_operation(schema, "{ users { number } }").execute()

    assert result.data == {"users": [None, None]}
    assert {error.message for error in result.errors or []} == {"Query.users gave 1 values for 2 items."}


async def test_parts_of_a_list_that_leave_an_item_out_are_an_error_of_the_field() -> None:
    async def one() -> list[User]:
        return [User(1)]

    schema = listed_in_parts(lambda *_: Partitioned([([0], one()), ([2], one())]))
    result = await compile_operation(schema, "{ users { number } }").execute()

    assert result.data == {"users": None}
    assert [error.message for error in result.errors or []] == ["Query.users does not name each of its items once."]


async def test_lists_in_parts_stand_beside_whole_ones_and_nothing() -> None:
    async def some(count: int) -> list[User]:
        return [User(count)] * count

    lists: list[Any] = [[User(7)], Partitioned([([1], some(1)), ([0, 2], some(2))]), None, Partitioned([])]
    customer = GraphQLObjectType("Customer", {"users": batched(GraphQLList(SCHEMA.type_map["User"]), lambda *_: lists)})
    page = batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(4)]])
    schema = GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))

    result = await compile_operation(schema, "{ customers { users { number } } }").execute()

    numbers = [[user["number"] for user in each["users"] or []] for each in (result.data or {})["customers"]]
    assert (numbers, result.errors) == ([[7], [2, 1, 2], [], []], None)
