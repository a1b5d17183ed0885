"""An operation is compiled once and executed many times: what one execution met may not show in the next."""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any

import pytest
from execution.sameness import Case, assert_same
from graphql import Undefined, build_schema
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from graphql import GraphQLSchema


class Oak:
    name = "oak"


class Elm:
    name = None


async def arriving() -> Oak:
    await asyncio.sleep(0)
    return Oak()


@types.coroutine
def arriving_in_the_old_style() -> Generator[Any, Any, Oak]:
    yield
    return Oak()


def generated() -> Generator[str]:
    """No coroutine, but of the same class as one of the old style."""
    yield "a generator is an object too"


MAKERS: tuple[Callable[[], Any], ...] = (
    Oak,
    Elm,
    lambda: None,
    lambda: Undefined,
    lambda: ValueError("this one failed"),
    arriving,
    arriving_in_the_old_style,
    generated,
)
COLUMNS = st.lists(st.sampled_from(MAKERS), min_size=1, max_size=3)


def is_oak(value: object, _info: object) -> bool:
    return isinstance(value, Oak)


def tree_schema(*, asked: bool) -> GraphQLSchema:
    """Trees in every kind of place, bushes beside them; with `asked` the type of trees is to be asked what is one."""
    schema = build_schema(
        """
        type Tree { name: String }
        type Bush { name: String }
        type Query { trees: [Tree], wanted: [Tree!], rows: [[Tree]!]!, bushes: [Bush] }
        """
    )
    tree: Any = schema.type_map["Tree"]
    if asked:
        tree.is_type_of = is_oak
        tree.extensions = {"python_type": Oak}
    return schema


def root_of(column: list[Callable[[], Any]]) -> Callable[[], dict[str, Any]]:
    def made(_info: object) -> list[Any]:
        return [make() for make in column]

    def twice(info: object) -> list[Any]:
        return [made(info), made(info)]

    return lambda: {"trees": made, "wanted": made, "rows": twice, "bushes": made}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


# graphql-core leaves coroutines behind where an error ends a list before its items were awaited.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@settings(max_examples=400)
@given(
    st.sampled_from(
        [
            "{ trees { name } }",
            "{ wanted { name } }",
            "{ rows { name } trees { name } }",
            "{ bushes { name } trees { name } }",
        ]
    ),
    st.sampled_from([tree_schema(asked=False), tree_schema(asked=True)]),
    st.lists(COLUMNS, min_size=1, max_size=3),
    COLUMNS,
)
def test_no_column_is_completed_as_one_of_an_earlier_execution_was(
    runner: asyncio.Runner, document: str, schema: GraphQLSchema, before: list[Any], column: Any
) -> None:
    earlier = [root_of(each) for each in [column, *before]]

    runner.run(assert_same(Case(schema, document, root=root_of(column), earlier=earlier)))
