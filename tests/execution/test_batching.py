# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
from typing import Any

import pytest
from execution.loading import Context, Customer, batched, executed
from graphql import (
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from customer_gateway.execution import compile_operation

pytestmark = pytest.mark.anyio


async def test_a_batched_field_is_called_once_for_all_parents_of_its_level() -> None:
    context = Context()

    data = await executed('{ customers(count: 50) { noted(say: "a") } }', context)

    assert context.log == [("a", 50)]
    assert data == {"customers": [{"noted": "a"}] * 50}


async def test_fields_of_one_level_reach_the_loader_in_one_batch() -> None:
    context = Context()

    await executed("{ customers { owner { name } updater { name } } }", context)

    assert context.loader.batches == [[0, 1, 2, 100, 101, 102]]


async def test_fields_of_several_scopes_reach_the_loader_in_one_batch() -> None:
    context = Context()

    await executed(
        "{ customers { owner { boss { name } } } others: customers { updater { boss { number } } } }", context
    )

    assert context.loader.batches == [
        [0, 1, 2, 100, 101, 102],
        [1000, 1001, 1002, 1100, 1101, 1102],
    ]


async def test_siblings_begin_in_the_order_of_the_fields() -> None:
    context = Context()

    await executed('{ customers { b: noted(say: "b") a: noted(say: "a") } }', context)

    assert context.log == [("b", 3), ("a", 3)]


async def test_a_branch_does_not_wait_for_a_sibling_that_waits_for_another_system() -> None:
    context = Context()

    # `opens` lies two levels below a sibling of `slow`, and `slow` ends only when it has been reached.
    data = await asyncio.wait_for(
        executed("{ customers(count: 1) { slow { number } owner { boss { opens } } } }", context), 5
    )

    assert context.log == ["slow begins", "opened", "slow ends"]
    assert data == {"customers": [{"slow": {"number": 0}, "owner": {"boss": {"opens": "open"}}}]}


async def test_cancelling_an_execution_cancels_all_that_it_began() -> None:
    ended: list[str] = []

    async def hang(parents: list[Any], _context: Any) -> list[Any]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return parents

    query = GraphQLObjectType("Query", {"a": batched(GraphQLString, hang), "b": batched(GraphQLString, hang)})
    before = asyncio.all_tasks()
    execution = asyncio.ensure_future(compile_operation(GraphQLSchema(query), "{ a b }").execute())
    await asyncio.sleep(0.01)

    execution.cancel()
    with pytest.raises(asyncio.CancelledError):
        await execution

    assert ended == ["ended", "ended"]
    assert asyncio.all_tasks() == before


async def raising(_parents: list[Any], _context: Any) -> list[Any]:
    raise ValueError("all fail")


def raising_at_once(_parents: list[Any], _context: Any) -> list[Any]:
    raise ValueError("all fail")


def short(_parents: list[Any], _context: Any) -> list[Any]:
    return ["one"]


def nothing(_parents: list[Any], _context: Any) -> Any:
    return None


def one_text(_parents: list[Any], _context: Any) -> Any:
    return "abc"


def by_key(parents: list[Any], _context: Any) -> Any:
    return {parent.number: "value" for parent in parents}


def unordered(parents: list[Any], _context: Any) -> Any:
    return {f"value {parent.number}" for parent in parents}


class Unreadable(list[Any]):
    """Raises while it is read."""

    def __iter__(self) -> Any:
        yield "one"
        raise LookupError("read no further")


async def unreadable(_parents: list[Any], _context: Any) -> Any:
    return Unreadable()


def unreadable_at_once(_parents: list[Any], _context: Any) -> Any:
    return Unreadable()


class ByIndex:
    """A sequence of the old kind."""

    def __getitem__(self, index: int) -> str:
        return ["one", "two", "three"][index]


def by_index(_parents: list[Any], _context: Any) -> Any:
    return ByIndex()


def of_no_type(_parents: list[Any], _context: Any) -> Any:
    return (1 / 0 for _ in range(3))


def some_fail(parents: list[Any], _context: Any) -> tuple[Any, ...]:
    return tuple(ValueError("this one") if parent.number == 1 else "fine" for parent in parents)


@pytest.mark.parametrize(
    ("resolve", "messages"),
    [
        (raising, ["all fail"] * 3),
        (raising_at_once, ["all fail"] * 3),
        (short, ["Customer.field gave 1 values for 3 parents."] * 3),
        (nothing, ["Customer.field gave 0 values for 3 parents."] * 3),
        (one_text, ["Customer.field gave 0 values for 3 parents."] * 3),
        (by_key, ["Customer.field gave 0 values for 3 parents."] * 3),
        (unordered, ["Customer.field gave 0 values for 3 parents."] * 3),
        (unreadable, ["read no further"] * 3),
        (unreadable_at_once, ["read no further"] * 3),
        (by_index, []),
        (of_no_type, ["division by zero"] * 3),
        (some_fail, ["this one"]),
    ],
)
async def test_an_error_of_a_batch_is_the_error_of_the_elements_it_concerns(resolve: Any, messages: list[str]) -> None:
    customer = GraphQLObjectType("Customer", {"field": batched(GraphQLString, resolve)})
    query = GraphQLObjectType(
        "Query", {"customers": batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(3)]])}
    )

    result = await compile_operation(GraphQLSchema(query), "{ customers { field } }").execute()

    assert [error.message for error in result.errors or []] == messages
    numbers = [0, 1, 2] if len(messages) == 3 else [1][: len(messages)]
    assert [error.path for error in result.errors or []] == [["customers", number, "field"] for number in numbers]


async def test_a_resolver_may_change_its_list_after_it_has_answered() -> None:
    kept = ["x", "y"]

    async def clearing(parents: list[Any], _context: Any) -> list[Any]:
        await asyncio.sleep(0)
        kept.clear()
        return ["b"] * len(parents)

    thing = GraphQLObjectType(
        "Thing", {"a": batched(GraphQLString, lambda *_: kept), "b": batched(GraphQLString, clearing)}
    )
    things = batched(GraphQLList(thing), lambda *_: [[1, 2]])

    result = await compile_operation(
        GraphQLSchema(GraphQLObjectType("Query", {"things": things})), "{ things { a b } }"
    ).execute()

    assert result.data == {"things": [{"a": "x", "b": "b"}, {"a": "y", "b": "b"}]}
