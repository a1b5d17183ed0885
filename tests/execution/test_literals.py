"""Literals of every input type in the place of arguments, with variables in them."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from execution.calls import told_of_calls
from execution.literals import ANYTHING, CHOICE, DEEP, PICKY, SCHEMA, literals, place
from execution.sameness import Case, assert_same
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)
from hypothesis import example, given, settings

from customer_gateway.execution import compile_operation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

FUZZ = bool(os.environ.get("FUZZ"))
"""Set by `make fuzz`: a fresh seed and many more literals."""


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@settings(max_examples=15_000 if FUZZ else 1_500)
@given(literals())
@example((f"{{ native{place(DEEP)}(first: {{ must: 1, strange: 1 }}) }}", {}))
@example((f"{{ native{place(CHOICE)}(first: {{ text: $missing, number: 4 }}) }}", {}))
def test_any_literal_arrives_as_by_graphql_core(runner: asyncio.Runner, operation: tuple[str, dict[str, Any]]) -> None:
    document, variables = operation

    runner.run(assert_same(Case(SCHEMA, document, variables, rules=())))


@pytest.mark.parametrize("literal", ["[1]", "[$n]", "{ a: $n }", '"fine"'])
def test_what_a_scalar_makes_of_a_literal_is_of_one_execution(runner: asyncio.Runner, literal: str) -> None:
    def spoil(_source: Any, _info: Any, first: list[Any]) -> str:
        shown_now = repr(first)
        first.append("spoilt")
        return shown_now

    spoilt = GraphQLField(GraphQLString, {"first": GraphQLArgument(PICKY)}, spoil)
    schema = GraphQLSchema(GraphQLObjectType("Query", {"a": spoilt}))
    compiled = compile_operation(schema, f'query ($n: String = "n") {{ a(first: {literal}) }}', None, ())

    first, second = runner.run(compiled.execute()), runner.run(compiled.execute())

    assert first.errors is None
    assert first.data == second.data


def test_a_cached_operation_does_not_look_at_its_document_again(runner: asyncio.Runner) -> None:
    document = f"""
    query ($n: Int = 3, $t: String, $d: Deep = {{must: 5}}, $yes: Boolean!) {{
      native{place(DEEP)}(first: {{must: $n, texts: [$t, "x"], matrix: [[$n]], colour: RED, deep: $d}})
      batched{place(CHOICE)}(first: {{text: $t}}) @include(if: $yes) ...Parts @skip(if: $yes)
    }}
    fragment Parts on Query {{ batched{place(GraphQLInt)}(first: $n) }}
    """
    compiled = compile_operation(SCHEMA, document, None, ())
    variables = {"t": "t", "d": {"must": 6, "texts": "one"}, "yes": True}
    first = runner.run(compiled.execute(variables))

    with told_of_calls() as called:
        second = runner.run(compiled.execute(variables))

    assert first.data == second.data
    assert first.errors is None
    assert not called.keys() & OF_DOCUMENTS


@pytest.mark.parametrize(
    ("literal", "times"),
    [
        ('{ a: [1, { b: "x" }], c: null }', 0),
        ("[1, 2]", 0),
        ("$n", 0),
        ("{ a: [$n] }", 1),
        ("[$n, 3]", 1),
    ],
)
def test_a_literal_of_any_shape_is_read_once_a_level_at_most(runner: asyncio.Runner, literal: str, times: int) -> None:
    def spoil(_source: Any, _info: Any, any: Any) -> str:  # noqa: A002  the argument's name
        shown_now = repr(any)
        if isinstance(any, list):
            any.append("spoilt")
        elif isinstance(any, dict):
            for value in any.values():
                if isinstance(value, list):
                    value.append("spoilt")
        return shown_now

    item = GraphQLObjectType("Item", {"a": GraphQLField(GraphQLString, {"any": GraphQLArgument(ANYTHING)}, spoil)})
    items = GraphQLField(GraphQLList(item), resolve=lambda *_: range(10))
    schema = GraphQLSchema(GraphQLObjectType("Query", {"items": items}))
    document = f"query ($n: Anything) {{ items {{ a(any: {literal}) }} }}"
    compiled = compile_operation(schema, document, None, ())
    variables = {"n": 7}
    expected = runner.run(assert_same(Case(schema, document, variables, rules=())))
    runner.run(compiled.execute(variables))

    with told_of_calls() as called:
        result = runner.run(compiled.execute(variables))

    assert result.data == expected
    assert (called["coerce_input_literal"], called["get_argument_values"]) == (times, 0)


def test_a_cached_subscription_does_not_look_at_its_document_again(runner: asyncio.Runner) -> None:
    async def events(_root: Any, _info: Any, to: int, any: Any) -> AsyncIterator[Any]:  # noqa: A002  the argument's name
        for number in range(to):
            yield {"count": [number, any]}

    args = {"to": GraphQLArgument(GraphQLInt), "any": GraphQLArgument(ANYTHING)}
    count = GraphQLField(GraphQLString, args, subscribe=events, resolve=lambda event, _, **__: repr(event["count"]))
    schema = GraphQLSchema(
        GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)}),
        subscription=GraphQLObjectType("Subscription", {"count": count}),
    )
    compiled = compile_operation(
        schema,
        "subscription ($to: Int! = 3) { count(to: $to, any: { of: [1] }) ... @include(if: true) { __typename } }",
        None,
        (),
    )

    async def subscribed() -> list[Any]:
        results: Any = await compiled.subscribe({"to": 2})
        return [result.data async for result in results]

    first = runner.run(subscribed())
    with told_of_calls() as called:
        second = runner.run(subscribed())

    assert (
        second
        == first
        == [{"count": f"[{number}, {{'of': [1]}}]", "__typename": "Subscription"} for number in range(2)]
    )
    assert not called.keys() & OF_DOCUMENTS


OF_DOCUMENTS = {
    "build",
    "coerce_input_literal",
    "collect_fields",
    "collect_subfields",
    "execute_subscription",
    "get_argument_values",
    "get_variable_signature",
    "get_variable_values",
    "replace_variables",
    "type_from_ast",
    "validate",
    "visit",
}
"""The functions of graphql-core that read documents."""
