"""Binding: one batched declaration serves graphql-core's executor, object by object, as well as breadth-first."""

from __future__ import annotations

import asyncio
import gc
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import strawberry
from graphql import execute, parse  # pyright: ignore[reportUnknownVariableType] - its executor_class is untyped upstream

from customer_gateway.api.declare import attribute, batched, bind
from customer_gateway.execution import Partitioned, compile_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLSchema

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]


@dataclass(frozen=True)
class Row:
    number: int


@dataclass
class Context:
    """What a request carries: the loaders of the reference executor, and a log of the resolvers' calls."""

    loaders: dict[object, Any] = field(default_factory=dict[object, Any])
    log: list[Any] = field(default_factory=list[Any])


class Shop:
    """A schema with one list of rows, whose field `told` is resolved by the test's own batched resolver."""

    def __init__(self, executor: str, told: Callable[..., Any], rows: int = 4, first: int = 0) -> None:
        self.executor = executor
        self.context = Context()
        self.schema = schema_of(told, range(first, first + rows))

    async def ask(self, document: str) -> tuple[Any, list[tuple[Any, str]]]:
        """Data, and path and message of each error."""
        outcome: Any = self._run(document)
        if inspect.isawaitable(outcome):
            outcome = await outcome
        errors: list[Any] = outcome.errors or []
        return outcome.data, [(error.path, error.message) for error in errors]

    def _run(self, document: str) -> Any:
        if self.executor == "reference":
            return execute(self.schema, parse(document), context_value=self.context)
        return compile_operation(self.schema, parse(document), None, ()).execute({}, self.context)


def schema_of(told: Callable[..., Any], numbers: Sequence[int]) -> GraphQLSchema:
    annotations = {"number": int, "called_otherwise": int, "told": str | None}
    body = {
        "__annotations__": annotations,
        "number": attribute("Its number."),
        "called_otherwise": attribute("The same.", name="number"),
        "told": batched(told, "What the resolver tells."),
    }
    row: Any = strawberry.type(type("Row", (), body))

    def listed() -> Any:
        return [Row(number) for number in numbers]

    listed.__annotations__ = {"return": list[row]}  # a type made here cannot be written there
    query = strawberry.type(type("Query", (), {"rows": strawberry.field(resolver=listed)}))
    made: Any = strawberry.Schema(query=query)
    bind(made._schema, {Row: "Row"})
    return made._schema


async def test_all_objects_of_a_level_are_one_call(executor: str) -> None:
    def told(rows: Sequence[Row], context: Context) -> list[str]:
        context.log.append([row.number for row in rows])
        return [f"row {row.number}" for row in rows]

    shop = Shop(executor, told)
    data, errors = await shop.ask("{ rows { number calledOtherwise told } }")

    assert data == {"rows": [{"number": n, "calledOtherwise": n, "told": f"row {n}"} for n in range(4)]}
    assert errors == []
    assert shop.context.log == [[0, 1, 2, 3]]


async def test_an_awaited_answer_serves_both(executor: str) -> None:
    async def told(rows: Sequence[Row], _context: Context) -> list[str]:
        await asyncio.sleep(0)
        return [str(row.number) for row in rows]

    data, errors = await Shop(executor, told).ask("{ rows { told } }")

    assert (data, errors) == ({"rows": [{"told": str(n)} for n in range(4)]}, [])


async def test_an_exception_among_the_values_fails_its_own_object_only(executor: str) -> None:
    def told(rows: Sequence[Row], _context: Context) -> list[Any]:
        return [ValueError("not this one") if row.number == 2 else "fine" for row in rows]

    data, errors = await Shop(executor, told).ask("{ rows { told } }")

    assert data == {"rows": [{"told": "fine"}, {"told": "fine"}, {"told": None}, {"told": "fine"}]}
    assert errors == [(["rows", 2, "told"], "not this one")]


async def test_a_resolver_that_raises_fails_each_object(executor: str) -> None:
    def told(_rows: Sequence[Row], _context: Context) -> list[Any]:
        raise ValueError("none of them")

    data, errors = await Shop(executor, told, rows=2).ask("{ rows { number told } }")

    assert data == {"rows": [{"number": 0, "told": None}, {"number": 1, "told": None}]}
    assert sorted(errors, key=str) == [(["rows", n, "told"], "none of them") for n in range(2)]


async def test_an_answer_in_parts_is_put_together(executor: str) -> None:
    async def of(rows: list[Row]) -> list[str]:
        return [f"row {row.number}" for row in rows]

    def told(rows: Sequence[Row], _context: Context) -> Partitioned:
        even, odd = list(range(0, len(rows), 2)), list(range(1, len(rows), 2))
        return Partitioned([(odd, of([rows[each] for each in odd])), (even, of([rows[each] for each in even]))])

    data, errors = await Shop(executor, told).ask("{ rows { told } }")

    assert (data, errors) == ({"rows": [{"told": f"row {n}"} for n in range(4)]}, [])


async def test_a_failed_part_costs_its_own_objects(executor: str) -> None:
    async def good() -> list[str]:
        return ["fine", "fine"]

    async def bad() -> list[str]:
        raise ValueError("this part")

    def told(_rows: Sequence[Row], _context: Context) -> Partitioned:
        return Partitioned([([0, 3], good()), ([1, 2], bad())])

    data, errors = await Shop(executor, told).ask("{ rows { told } }")

    assert data == {"rows": [{"told": "fine"}, {"told": None}, {"told": None}, {"told": "fine"}]}
    assert sorted(errors, key=str) == [(["rows", n, "told"], "this part") for n in (1, 2)]


async def test_a_failure_of_a_part_that_nobody_needs_any_more_is_no_noise(executor: str) -> None:
    async def bad() -> list[str]:
        await asyncio.sleep(0.01)
        raise ValueError("this part")

    async def good() -> list[str]:
        return ["fine"]

    def told(_rows: Sequence[Row], _context: Context) -> Partitioned:
        return Partitioned([([0], good()), ([1], bad())])

    noise: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: noise.append(context))
    beyond_int = 2**31
    data, errors = await Shop(executor, told, rows=2, first=beyond_int).ask("{ rows { told number } }")
    await asyncio.sleep(0.02)
    gc.collect()

    assert (data, len(errors)) == (None, 1)
    assert not noise


async def test_the_same_field_with_other_arguments_is_another_call(executor: str) -> None:
    def told(rows: Sequence[Row], context: Context, prefix: str, times: int = 1) -> list[str]:
        context.log.append((prefix, times, len(rows)))
        return [f"{prefix * times}{row.number}" for row in rows]

    shop = Shop(executor, told, rows=2)
    data, errors = await shop.ask(
        '{ rows { a: told(prefix: "a") b: told(prefix: "b", times: 2) same: told(prefix: "a", times: 1) } }'
    )

    assert errors == []
    assert data == {"rows": [{"a": f"a{n}", "b": f"bb{n}", "same": f"a{n}"} for n in range(2)]}
    assert {call[:2] for call in shop.context.log} == {("a", 1), ("b", 2)}
    assert all(call[2] % 2 == 0 for call in shop.context.log), "every call is for all rows"
