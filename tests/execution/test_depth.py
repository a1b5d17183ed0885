# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import json
from typing import Any

import pytest
from execution.sameness import Case, assert_same, by_reference, with_reference_resolvers
from graphql import GraphQLSchema, build_schema, parse

from customer_gateway.execution import Batched, compile_operation

pytestmark = pytest.mark.anyio

DEEPEST = 198
"""A document nests 200 deep at most, by graphql-core's parser and its validation."""


DEFER = "directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT"


def schema(directives: str = "") -> GraphQLSchema:
    built = build_schema(
        directives
        + """
        interface Any { plain: Node, any: Any, text: String }
        type Node implements Any {
          plain: Node, later: Node!, list: [Node!]!, lists: [[Node!]!]!, batched: Node, any: Any, text: String,
          batches: [[[Node!]!]!]
        }
        type Query { node: Node }
        """
    )

    async def later(*_: Any) -> Any:
        return {"__typename": "Node"}

    node: Any = built.type_map["Node"]
    ways: dict[str, Any] = {
        "plain": lambda *_: {},
        "later": later,
        "list": lambda *_: [{}],
        "lists": lambda *_: [[{}]],
        "any": lambda *_: {"__typename": "Node"},
    }
    for name, resolve in ways.items():
        node.fields[name].resolve = resolve
    node.fields["batched"].extensions = {"execution": Batched(lambda parents, _: [{}] * len(parents))}
    node.fields["batches"].extensions = {"execution": Batched(lambda parents, _: [[[[{}]]]] * len(parents))}
    node.fields["text"].resolve = lambda _, info: len(info.path.as_list())
    built.type_map["Query"].fields["node"].resolve = lambda *_: {}  # pyright: ignore[reportAttributeAccessIssue]  an object type
    return with_reference_resolvers(built)


SCHEMA = schema()
WAYS = ["plain", "later", "list", "lists", "batched", "batches", "any"]
FEWEST_KEYS = {"list": 2, "lists": 3, "batches": 4}
"""How many keys of the path a level takes, where it is not one."""


def nested(way: str, depth: int, leaf: str = "text") -> str:
    return "{ node " + f"{{ {way} " * depth + f"{{ {leaf} }}" + " }" * (depth + 1)


def at_the_bottom(data: Any) -> Any:
    while isinstance(data, (dict, list)):
        data = next(iter(data.values())) if isinstance(data, dict) else data[0]
    return data


@pytest.mark.parametrize("way", WAYS)
async def test_a_document_may_nest_as_deep_as_it_can_be_written(way: str) -> None:
    compiled = compile_operation(SCHEMA, nested(way, DEEPEST - 2))

    result = await compiled.execute()

    assert result.errors is None
    assert at_the_bottom(result.data) == str(2 + (DEEPEST - 2) * FEWEST_KEYS.get(way, 1))
    assert at_the_bottom(json.loads(result.to_bytes())["data"]) == at_the_bottom(result.data)


@pytest.mark.parametrize("way", WAYS)
async def test_deep_is_as_by_graphql_core_as_far_as_that_goes(way: str) -> None:
    await assert_same(Case(SCHEMA, nested(way, 30 if way == "batches" else 50)))


@pytest.mark.parametrize("way", ["list", "lists"])
async def test_where_graphql_core_runs_out_of_stack_the_executor_does_not(way: str) -> None:
    case = Case(SCHEMA, nested(way, 150))

    reference = await by_reference(case, parse(case.document))
    result = await compile_operation(SCHEMA, case.document).execute()

    assert "maximum recursion depth exceeded" in reference.errors[0].message
    assert result.errors is None


@pytest.mark.parametrize("depth", [30, 31, 32, 33, 64, DEEPEST - 2])
async def test_an_error_far_below_goes_up_to_where_it_belongs(depth: int) -> None:
    compiled = compile_operation(SCHEMA, nested("later", depth, "... @include(if: $missing) { text }"), None, ())

    result = await compiled.execute()

    assert [error.path for error in result.errors or []] == [["node", *["later"] * depth]]
    assert result.data == {"node": None}


async def test_levels_past_the_first_stack_may_be_deferred() -> None:
    compiled = compile_operation(schema(DEFER), nested("plain", 100, "... @defer { text }"))

    results: Any = await compiled.execute_incrementally()
    parts = [part async for part in results.subsequent]

    assert [(part.incremental[0].data, list(part.pending or [])) for part in parts] == [({"text": "102"}, [])]
    assert [list(each.path) for each in results.initial.pending] == [["node", *["plain"] * 100]]


async def test_fragments_may_nest_as_deep_as_they_can_be_written() -> None:
    spreads = [
        f"fragment F{number} on Node {'{ plain ' * 10} {{ ...F{number + 1} }} {'}' * 10}" for number in range(16)
    ]
    document = "{ node { ...F0 } } " + " ".join([*spreads, "fragment F16 on Node { text }"])

    result = await compile_operation(SCHEMA, document).execute()

    assert (result.errors, at_the_bottom(result.data)) == (None, "162")
