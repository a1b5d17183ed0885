from __future__ import annotations

import asyncio
import gc
import os
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from execution.deferred import DeferringWriter, assert_same_delivered
from execution.hard_data import Ash
from execution.hard_schema import hard_schema
from execution.operations import RULES, declaring_what_it_uses, operations
from execution.sameness import Case, assert_same, assert_same_errors, assert_same_events, described
from graphql import GraphQLError, parse, validate
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from customer_gateway.execution import OperationRejected, compile_operation

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = hard_schema()

FUZZ = bool(os.environ.get("FUZZ"))
"""Set by `make fuzz`: a fresh seed and many more operations."""

QUERIES = st.sampled_from([2, 3, 3, 4]).flatmap(lambda depth: operations(SCHEMA, "query", depth))

MANY = settings(
    max_examples=3_000 if FUZZ else 800,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


# graphql-core leaves coroutines behind where an error ends an object before its fields were awaited, some of them
# where Python cannot even warn. That this executor leaves none is tested below.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running
    gc.collect()


@MANY
@given(QUERIES, st.integers(0, 10_000))
def test_any_query_gives_what_graphql_core_gives(
    runner: asyncio.Runner, operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    document, variables = operation

    runner.run(assert_same(Case(SCHEMA, document, variables, root=lambda: Ash(-1 - seed), rules=RULES)))


@MANY
@given(operations(SCHEMA, "mutation", 2), st.integers(0, 10_000))
def test_any_mutation_gives_what_graphql_core_gives(
    runner: asyncio.Runner, operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    document, variables = operation

    runner.run(assert_same(Case(SCHEMA, document, variables, root=lambda: Ash(-1 - seed), rules=RULES)))


@settings(MANY, max_examples=2_000 if FUZZ else 400)
@given(operations(SCHEMA, "subscription", 2))
def test_any_event_of_a_subscription_gives_what_graphql_core_gives(
    runner: asyncio.Runner, operation: tuple[str, dict[str, Any]]
) -> None:
    document, variables = operation

    runner.run(assert_same_events(Case(SCHEMA, document, variables, rules=RULES)))


@settings(MANY, max_examples=2_000 if FUZZ else 400)
@given(st.sampled_from([1, 2, 2, 3]).flatmap(lambda depth: operations(SCHEMA, "query", depth)), st.integers(0, 10_000))
def test_a_document_is_refused_or_executed_as_by_graphql_core(
    runner: asyncio.Runner, operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    document, variables = declaring_what_it_uses(operation[0]), operation[1]
    mistakes = validate(SCHEMA, parse(document))
    case = Case(SCHEMA, document, variables, root=lambda: Ash(-1 - seed))

    if mistakes:
        event("refused")
        with pytest.raises(OperationRejected) as rejection:
            compile_operation(SCHEMA, document)
        assert list(map(described, rejection.value.errors)) == list(map(described, mistakes))
    else:
        runner.run(assert_same(case))


DEFERRING = st.sampled_from([("query", 2), ("query", 3), ("query", 3), ("mutation", 2)]).flatmap(
    lambda kind: operations(SCHEMA, *kind, DeferringWriter)
)


@settings(MANY, max_examples=1_500 if FUZZ else 400)
@given(DEFERRING, st.integers(0, 10_000))
def test_any_deferred_part_arrives_as_by_graphql_core(
    runner: asyncio.Runner, operation: tuple[str, dict[str, Any]], seed: int
) -> None:
    document, variables = operation

    runner.run(assert_same_delivered(Case(SCHEMA, document, variables, root=lambda: Ash(-1 - seed), rules=RULES)))


@settings(MANY, max_examples=800 if FUZZ else 200)
@given(QUERIES, st.integers(0, 10_000))
def test_no_coroutine_is_left_behind(runner: asyncio.Runner, operation: tuple[str, dict[str, Any]], seed: int) -> None:
    document, variables = operation
    compiled = compile_operation(SCHEMA, document, None, RULES)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        runner.run(compiled.execute(variables, None, Ash(-1 - seed)))
        gc.collect(0)

    assert not told


@pytest.mark.parametrize("path", [["b"], ["a", 1], ["a", "c"], ["a", 0, "c"]])
def test_an_error_at_a_place_that_the_response_has_not_is_a_difference(path: list[str | int]) -> None:
    strange = [GraphQLError("strange", path=path)]

    with pytest.raises(AssertionError, match="where the response has nothing: strange"):
        assert_same_errors({"a": [1]}, strange, strange)
