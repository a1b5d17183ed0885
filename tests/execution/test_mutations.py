from __future__ import annotations

import asyncio
from typing import Any

import pytest
from execution.sameness import Case, assert_same
from graphql import build_schema

from customer_gateway.execution import compile_operation

pytestmark = pytest.mark.anyio

SCHEMA = build_schema(
    """
    type Holder { number: Int, later: Int }
    type Query { holder: Holder }
    type Mutation { set(to: Int!): Holder, setLater(to: Int!): Holder, fail: Holder, failLater: Holder, must: Holder! }
    """
)


class Root:
    """One number, changed at once or after a while."""

    def __init__(self) -> None:
        self.number = 6

    def set(self, _info: Any, to: int) -> Root:
        self.number = to
        return self

    async def setLater(self, _info: Any, to: int) -> Root:  # noqa: N802  the schema's name
        await asyncio.sleep(0.001)
        return self.set(None, to)

    async def later(self, _info: Any) -> int:
        await asyncio.sleep(0)
        return self.number

    def fail(self, _info: Any) -> Root:
        raise ValueError("cannot change the number")

    async def failLater(self, _info: Any) -> Root:  # noqa: N802  the schema's name
        await asyncio.sleep(0)
        raise ValueError("cannot change the number")

    must = fail


async def test_mutations_go_one_after_another_each_with_all_it_answers() -> None:
    document = """mutation {
      first: set(to: 1) { number later } second: setLater(to: 2) { later number } third: set(to: 3) { later }
      fourth: setLater(to: 4) { number }
    }"""

    data = await assert_same(Case(SCHEMA, document, root=Root))

    assert data == {
        "first": {"number": 1, "later": 1},
        "second": {"later": 2, "number": 2},
        "third": {"later": 3},
        "fourth": {"number": 4},
    }


async def test_a_failed_mutation_does_not_keep_the_next_from_its_turn() -> None:
    document = (
        "mutation { a: set(to: 1) { number } b: fail { number } c: failLater { later } d: setLater(to: 4) { number } }"
    )

    data = await assert_same(Case(SCHEMA, document, root=Root))

    assert data == {"a": {"number": 1}, "b": None, "c": None, "d": {"number": 4}}


async def test_a_failed_mutation_that_may_not_be_null_ends_the_operation() -> None:
    root = Root()
    document = "mutation { a: set(to: 1) { number } must { number } b: set(to: 2) { number } }"

    await assert_same(Case(SCHEMA, document, root=Root))
    result = await compile_operation(SCHEMA, document).execute(root=root)

    assert result.data is None
    assert root.number == 1


async def test_an_operation_the_schema_has_not_is_refused() -> None:
    result = await compile_operation(build_schema("type Query { a: Int }"), "mutation { a }", None, ()).execute()

    assert not result.executed
    assert [error.message for error in result.errors or []] == [
        "Schema is not configured to execute mutation operation."
    ]
