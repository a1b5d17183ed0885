"""The budget of an answer: what a short document multiplies to is bounded, whatever the data grow to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customer_gateway.execution import AnswerLimits, Attribute, Batched, Budget, Partitioned, compile_operation
from customer_gateway.execution.run.budget import ITERATION_VALUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.execution import ExecutionResult

pytestmark = pytest.mark.anyio


@dataclass
class Growth:
    """Data that grow without end: each row has `width` rows below. Counts what is read of them."""

    width: int
    read: int = 0
    before_turn: int = 0
    most_in_a_turn: int = 0
    reading: bool = field(default=False)

    def count(self, values: int = 1) -> None:
        self.read += values
        self.before_turn += values
        self.most_in_a_turn = max(self.most_in_a_turn, self.before_turn)

    def turn(self) -> None:
        """Called in each iteration of the event loop while an operation is executed."""
        self.before_turn = 0
        if self.reading:
            asyncio.get_running_loop().call_soon(self.turn)


class Row:
    __slots__ = ("growth",)

    def __init__(self, growth: Growth) -> None:
        self.growth = growth

    @property
    def name(self) -> str:
        self.growth.count()
        return "a name"

    @property
    def number(self) -> int:
        self.growth.count()
        return 7

    @property
    def rows(self) -> list[Row]:
        self.growth.count()
        return [Row(self.growth) for _ in range(self.growth.width)]


async def later(rows: Sequence[Row], growth: Growth) -> list[Any]:
    await asyncio.sleep(0)
    growth.count(len(rows))
    return [[Row(growth) for _ in range(growth.width)] for _ in rows]


def batched_names(rows: Sequence[Row], growth: Growth) -> list[str]:
    growth.count(len(rows))
    return ["a name"] * len(rows)


def in_parts(rows: Sequence[Row], growth: Growth) -> list[Any]:
    async def part(count: int) -> list[Row]:
        await asyncio.sleep(0)
        return [Row(growth) for _ in range(count)]

    growth.count(len(rows))
    half = growth.width // 2
    rest = growth.width - half
    return [Partitioned([(list(range(half)), part(half)), (list(range(half, growth.width)), part(rest))]) for _ in rows]


def native(_row: Row | None, info: Any) -> Row:
    info.context.count()
    return Row(info.context)


def schema() -> GraphQLSchema:
    row: GraphQLObjectType = GraphQLObjectType("Row", lambda: fields)
    rows = GraphQLList(GraphQLNonNull(row))
    fields = {
        "name": GraphQLField(GraphQLString, extensions={"execution": Attribute("name")}),
        "number": GraphQLField(GraphQLNonNull(GraphQLInt), extensions={"execution": Attribute("number")}),
        "rows": GraphQLField(GraphQLNonNull(rows), extensions={"execution": Attribute("rows")}),
        "later": GraphQLField(rows, extensions={"execution": Batched(later)}),
        "parts": GraphQLField(rows, extensions={"execution": Batched(in_parts)}),
        "named": GraphQLField(GraphQLString, extensions={"execution": Batched(batched_names)}),
        "native": GraphQLField(row, resolve=native),
    }
    return GraphQLSchema(GraphQLObjectType("Query", {"row": GraphQLField(row, resolve=native)}))


SCHEMA = schema()


async def answer(
    growth: Growth, document: str, variables: dict[str, Any] | None = None, *, budget: Budget | None = None
) -> ExecutionResult:
    growth.reading = True
    growth.turn()
    bound = compile_operation(SCHEMA, document, validate_rules=()).bind(variables)
    try:
        return await bound.execute(growth, budget=budget or Budget())
    finally:
        growth.reading = False


def nested(field: str, levels: int, leaf: str = "name number") -> str:
    return "{ row { " + f"{field} {{ " * levels + leaf + " }" * levels + " } }"


@pytest.mark.parametrize("field", ["rows", "later", "parts"])
async def test_a_document_that_multiplies_past_the_budget_is_one_error_and_no_data(field: str) -> None:
    growth = Growth(60)

    result = await answer(growth, nested(field, 6), budget=Budget(AnswerLimits(values=100_000)))

    assert result.data is None
    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions == {"code": "QUERY_TOO_COMPLEX"}
    assert error.path is not None
    assert {name for name in error.path if isinstance(name, str)} == {"row", field}
    assert error.path[-1] == field
    assert error.message == (
        "The answer has more than 100000 values; ask for fewer rows or fewer fields here, or in several requests."
    )
    assert growth.read <= 100_000


async def test_an_answer_within_the_budget_is_given_in_full_whatever_its_size() -> None:
    growth = Growth(30)
    values = 2 + 30 + 30 + 30 * 30 + 30**2 + 30**3 + 30**3 * 2

    result = await answer(growth, nested("rows", 3), budget=Budget(AnswerLimits(values=values)))

    assert result.errors is None
    assert result.data is not None
    last: Any = result.data["row"]["rows"][29]["rows"][29]["rows"][29]
    assert last == {"name": "a name", "number": 7}


async def test_one_value_more_than_the_budget_is_refused() -> None:
    values = 2 + 30 + 30 + 30 * 30 + 30**2 + 30**3 + 30**3 * 2

    result = await answer(Growth(30), nested("rows", 3), budget=Budget(AnswerLimits(values=values - 2)))

    assert result.data is None


async def test_the_refusal_waits_for_no_read_that_is_under_way() -> None:
    async def never(rows: Sequence[Row], _growth: Growth) -> list[Any]:
        await asyncio.Event().wait()
        return list(rows)

    row = SCHEMA.type_map["Row"]
    assert isinstance(row, GraphQLObjectType)
    row.fields["never"] = GraphQLField(row, extensions={"execution": Batched(never)})

    async with asyncio.timeout(5):
        result = await answer(
            Growth(60),
            "{ row { never { name } rows { later { rows { rows { name } } } } } }",
            budget=Budget(AnswerLimits(values=10_000)),
        )

    assert result.data is None


async def test_work_past_the_deadline_is_ended_though_the_budget_is_not_reached() -> None:
    growth = Growth(5)

    result = await answer(growth, nested("later", 9), budget=Budget(AnswerLimits(values=10**9), expired=lambda: True))

    assert result.errors is not None
    assert [error.extensions for error in result.errors] == [{"code": "QUERY_TOO_COMPLEX"}]
    assert "before the deadline" in result.errors[0].message
    assert growth.read < 10 * ITERATION_VALUES


async def test_an_ordinary_answer_is_put_together_after_the_deadline() -> None:
    result = await answer(Growth(30), nested("rows", 2), budget=Budget(expired=lambda: True))

    assert result.errors is None


async def test_an_ordinary_answer_makes_no_turn_of_the_event_loop() -> None:
    growth = Growth(40)

    await answer(growth, nested("rows", 2))

    assert growth.most_in_a_turn == growth.read


async def test_a_cancelled_execution_is_cancelled_and_no_refusal() -> None:
    task = asyncio.ensure_future(answer(Growth(60), nested("later", 4)))
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


LONG = "x" * 1_000


class Text:
    long = LONG
    longer = LONG * 100


def texts(count: int) -> GraphQLSchema:
    text = GraphQLObjectType(
        "Text",
        {
            "read": GraphQLField(GraphQLString, extensions={"execution": Attribute("long")}),
            "longer": GraphQLField(GraphQLString, extensions={"execution": Attribute("longer")}),
            "batched": GraphQLField(
                GraphQLString, extensions={"execution": Batched(lambda rows, _: [LONG] * len(rows))}
            ),
            "native": GraphQLField(GraphQLString, resolve=lambda *_: LONG),
            "json": GraphQLField(GraphQLScalarType("Json"), resolve=lambda *_: {"a": [LONG]}),
        },
    )
    rows = GraphQLField(GraphQLList(text), resolve=lambda *_: [Text()] * count)
    return GraphQLSchema(GraphQLObjectType("Query", {"rows": rows}))


@pytest.mark.parametrize("count", [2, 100])
@pytest.mark.parametrize("field", ["read", "batched", "native", "json"])
async def test_the_texts_of_an_answer_are_bounded_before_it_is_encoded(field: str, count: int) -> None:
    bound = compile_operation(texts(count), f"{{ rows {{ a: {field} b: {field} }} }}").bind()
    limits = AnswerLimits(bytes=count * 2_200)

    whole = await bound.execute(budget=Budget(limits))
    over = await bound.execute(budget=Budget(AnswerLimits(bytes=count * 1_900)))

    assert whole.errors is None
    assert len(whole.to_bytes()) <= limits.bytes
    assert over.data is None
    assert over.errors is not None
    assert over.errors[0].message.startswith(f"The answer has more than {count * 1_900} bytes; ask for fewer rows")


def several(selections: int) -> str:
    return " ".join(f"r{number}: rows {{ longer }}" for number in range(selections))


async def exceeds(count: int, fields: str) -> bool:
    """Whether an answer of so many rows ends for its bytes, of which 120 values with 5,000 characters each make use."""
    bound = compile_operation(texts(count), f"{{ {fields} }}").bind()
    executed = await bound.execute(budget=Budget(AnswerLimits(bytes=600_000)))
    return executed.errors is not None and "600000 bytes" in executed.errors[0].message


async def test_texts_that_a_small_answer_has_a_few_times_are_not_counted() -> None:
    assert not await exceeds(10, several(4))
    assert await exceeds(10, several(5))
    assert not await exceeds(50, "rows { longer }")
    assert await exceeds(50, "rows { longer again: longer }")
    assert await exceeds(70, "rows { longer }")


Selection: TypeAlias = "Sequence[tuple[str, Selection | None]]"
LEAVES = st.sampled_from(["name", "number", "named"]).map(lambda name: (name, None))
BRANCHES = st.sampled_from(["rows", "rows", "later", "parts", "native"])


def selections(levels: int) -> st.SearchStrategy[Selection]:
    """Selections on a row; the fields are given aliases, so each counts."""
    leaves = st.lists(LEAVES, min_size=1, max_size=3)
    if levels == 0:
        return leaves
    branch = st.tuples(BRANCHES, selections(levels - 1))
    return st.tuples(st.lists(branch, min_size=1, max_size=2), leaves).map(lambda both: [*both[0], *both[1]])


def written(selection: Selection) -> str:
    fields = [
        f"f{n}: {name}" + (f" {{ {written(below)} }}" if below else "") for n, (name, below) in enumerate(selection)
    ]
    return " ".join(fields)


def values_of(selection: Selection, width: int) -> int:
    """The values of one row: its fields, the items of their lists, and what is below."""
    return sum(1 + _values_below(name, below, width) for name, below in selection)


def _values_below(name: str, below: Selection | None, width: int) -> int:
    if below is None:
        return 0
    return values_of(below, width) if name == "native" else width * (1 + values_of(below, width))


THREE_DEEP: Selection = [("rows", [("rows", [("rows", [("name", None), ("named", None)])])])]


@example(selection=THREE_DEEP, width=30, most=200_000)
@example(selection=THREE_DEEP, width=30, most=60_000)
@given(selections(3), st.integers(2, 30), st.integers(1_000, 60_000))
@settings(deadline=None, max_examples=40)
async def test_whatever_is_asked_no_turn_and_no_answer_is_larger_than_its_bound(
    selection: Selection, width: int, most: int
) -> None:
    growth = Growth(width)
    document = f"{{ row {{ {written(selection)} }} }}"

    result = await answer(growth, document, budget=Budget(AnswerLimits(values=most)))

    whole = 1 + values_of(selection, width)
    assert (result.data is None) is (whole > most)
    assert result.data is None or size_of(result.data) == whole
    assert growth.read <= most
    assert growth.most_in_a_turn <= ITERATION_VALUES


def size_of(data: Any) -> int:
    if isinstance(data, dict):
        return sum(1 + size_of(value) for value in data.values())
    return sum(1 + size_of(value) for value in data) if isinstance(data, list) else 0
