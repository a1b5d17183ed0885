# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
from execution.sameness import Case, assert_same
from graphql import build_schema

from customer_gateway.execution import compile_operation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

pytestmark = pytest.mark.anyio


class Counting:
    """An iterable of a class of its own."""

    def __iter__(self) -> Iterator[int]:
        return iter((1, 2))


class Touchy:
    """Raises at any question about what it has."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError("do not ask")


def generator() -> Iterator[Any]:
    yield 1
    yield None


def failing_generator() -> Iterator[Any]:
    yield 1
    raise ValueError("the generator failed")


async def async_generator() -> AsyncIterator[Any]:
    yield 1
    yield None
    yield later(2)


async def failing_async_generator() -> AsyncIterator[Any]:
    yield 1
    raise ValueError("the generator failed")


async def later(value: Any) -> Any:
    return value


async def fail() -> Any:
    raise ValueError("the item failed")


VALUES: dict[str, Callable[[], Any]] = {
    "list": lambda: [1, 2],
    "tuple": lambda: (1, None),
    "set": lambda: {1},
    "generator": generator,
    "custom": Counting,
    "touchy": Touchy,
    "dict": lambda: {1: 2},
    "text": lambda: "Singular",
    "bytes": lambda: b"12",
    "number": lambda: 7,
    "null": lambda: None,
    "empty": list,
    "with null": lambda: [1, None, 2],
    "with error": lambda: [1, ValueError("the item failed"), 2],
    "with wrong": lambda: [1, "two"],
    "failing generator": failing_generator,
    "error": lambda: ValueError("the list failed"),
    "async generator": async_generator,
    "failing async generator": failing_async_generator,
    "awaited": lambda: later([1, 2]),
    "awaited null": lambda: later(None),
    "awaited error": fail,
    "items awaited": lambda: [later(1), 2, later(None)],
    "items failing": lambda: [later(1), fail(), 3],
    "an item is a list": lambda: [[1], 2],
}


@pytest.mark.parametrize("output", ["[Int]", "[Int]!", "[Int!]", "[Int!]!"])
@pytest.mark.parametrize("name", VALUES)
async def test_any_value_of_a_list_field_is_completed_as_by_graphql_core(name: str, output: str) -> None:
    schema = build_schema(f"type Item {{ list: {output} }} type Query {{ items: [Item] }}")

    await assert_same(
        Case(schema, "{ items { list } }", root=lambda: {"items": [{"list": VALUES[name]()}, {"list": [9]}]})
    )


@pytest.mark.parametrize("output", ["[[Int]]", "[[Int!]]", "[[Int!]!]", "[[Int]!]!", "[[[Int!]!]!]!"])
async def test_lists_of_lists_take_nulls_and_errors_at_every_level(output: str) -> None:
    schema = build_schema(f"type Item {{ grid: {output} }} type Query {{ items: [Item] }}")
    grids: list[Any] = [
        [[1, 2], [], [3]],
        [[1, None], None, [ValueError("cell")]],
        [[[1], [None]], [[2, ValueError("deep")]], []],
        [later([1]), [later(2), fail()], 5],
        None,
    ]

    for grid in grids:
        values = [{"grid": grid}, {"grid": [[4]]}]
        if not any(
            hasattr(cell, "__await__") for row in grid or [] for cell in [row, *(row if isinstance(row, list) else [])]
        ):
            await assert_same(Case(schema, "{ items { grid } }", root=lambda values=values: {"items": values}))
    fresh: Callable[[], Any] = lambda: {"items": [{"grid": [later([1]), [later(2), fail()], 5]}]}  # noqa: E731  coroutines are awaited once
    await assert_same(Case(schema, "{ items { grid } }", root=fresh))
    for row in grids[3][0], *grids[3][1]:
        row.close()


async def test_empty_lists_ask_no_resolver() -> None:
    schema = build_schema("type Item { name: String } type Query { items: [Item!]! }")

    data = await assert_same(Case(schema, "{ items { name } }", root=lambda: {"items": []}))

    assert data == {"items": []}


async def test_async_items_of_objects_are_completed_with_the_rest() -> None:
    schema = build_schema("type Item { name: String } type Query { items: [Item] }")

    data = await assert_same(
        Case(schema, "{ items { name } }", root=lambda: {"items": [later({"name": "a"}), {"name": "b"}, fail()]})
    )

    assert data == {"items": [{"name": "a"}, {"name": "b"}, None]}


class Unbound:
    """As a proxy of nothing: not even its class can be asked."""

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]  nobody sets it
        raise RuntimeError("unbound")


class AnswersAll:
    """A record that has every attribute, those of an awaitable too."""

    def __getattr__(self, name: str) -> Any:
        return None


@pytest.mark.parametrize("value", [Unbound, AnswersAll])
@pytest.mark.parametrize("beside", [lambda: None, lambda: later({"x": 1}), lambda: ValueError("beside")])
async def test_a_value_that_cannot_stand_being_looked_at_costs_nothing_beside_it(value: Any, beside: Any) -> None:
    schema = build_schema("type Thing { x: Int } type Query { things: [Thing] other: Int }")
    told = {"things": [beside(), value(), {"x": 3}], "other": 7}

    result = await compile_operation(schema, "{ things { x } other }").execute(root=told)

    assert result.data is not None
    assert result.data["other"] == 7
    assert result.data["things"][1:] == [{"x": None}, {"x": 3}]


async def test_what_only_looks_awaitable_is_an_error_of_its_own() -> None:
    class Hollow:
        __await__ = None

    schema = build_schema("type Thing { x: Int } type Query { things: [Thing] }")

    result = await compile_operation(schema, "{ things { x } }").execute(
        root={"things": [later({"x": 1}), Hollow(), None]}
    )

    assert result.data == {"things": [{"x": 1}, None, None]}
    assert [error.path for error in result.errors or []] == [["things", 1]]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_coroutines_of_a_list_that_fails_midway_are_not_left_behind(asynchronous: bool) -> None:
    def plain() -> Iterator[Any]:
        yield later(1)
        raise ValueError("midway")

    async def awaited() -> AsyncIterator[Any]:
        yield later(1)
        raise ValueError("midway")

    schema = build_schema("type Query { all: [Int] }")
    root = {"all": awaited() if asynchronous else plain()}

    result = await compile_operation(schema, "{ all }").execute(root=root)
    gc.collect()

    assert result.data == {"all": None}
    assert [error.message for error in result.errors or []] == ["midway"]
