"""Literals of every input type in the place of arguments, with variables in them."""

# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from execution.literals import CHOICE, DEEP, PICKY, SCHEMA, literals, place
from execution.sameness import Case, assert_same
from graphql import GraphQLArgument, GraphQLField, GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString
from hypothesis import example, given, settings

from customer_gateway.execution import compile_operation

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import FrameType

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
    assert not called & OF_DOCUMENTS


OF_DOCUMENTS = {
    "coerce_input_literal",
    "collect_fields",
    "collect_subfields",
    "get_argument_values",
    "get_variable_signature",
    "get_variable_values",
    "replace_variables",
    "type_from_ast",
    "validate",
    "visit",
}
"""The functions of graphql-core that read documents."""


@contextmanager
def told_of_calls() -> Generator[set[str]]:
    """The names of all Python functions called meanwhile."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.add(frame.f_code.co_name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(before)
