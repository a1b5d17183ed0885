# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
import gc
import weakref
from copy import deepcopy
from typing import Any

import pytest
from execution.calls import told_of_calls
from execution.sameness import with_reference_resolvers
from graphql import build_schema, parse
from graphql.execution import experimental_execute_incrementally

from customer_gateway.execution import Batched, ExecutionResult, IncrementalResults, compile_operation, payload

pytestmark = pytest.mark.anyio

DIRECTIVE = "directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT "
calls: list[tuple[str, int]] = []


async def noted(parents: list[Any], _context: Any) -> list[Any]:
    calls.append(("batched", len(parents)))
    await asyncio.sleep(0)
    return [f"batched {parent['id']}" for parent in parents]


def hero_schema() -> Any:
    schema = build_schema(
        DIRECTIVE
        + """
        type Hero {
          id: ID!, name: String, slow: String, required: String!, bad: String, badRequired: String!
          batched: String, best: Hero, bestRequired: Hero!, friends: [Hero!], friendsOrNull: [Hero]
        }
        type Query { hero: Hero, heroRequired: Hero!, count: Int }
        type Mutation { hero: Hero }
        """
    )
    hero: Any = schema.type_map["Hero"]
    hero.fields["batched"].extensions = {"execution": Batched(noted)}
    return with_reference_resolvers(schema)


SCHEMA = hero_schema()


async def slow(_info: Any) -> str:
    await asyncio.sleep(0.001)
    return "slow"


def bad(_info: Any) -> str:
    raise ValueError("bad")


async def bad_later(_info: Any) -> str:
    await asyncio.sleep(0)
    raise ValueError("bad")


def hero(number: int, friends: list[Any], best: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"hero {number}",
        "slow": slow,
        "required": "required",
        "bad": bad,
        "badRequired": bad_later,
        "best": best,
        "bestRequired": best,
        "friends": friends,
        "friendsOrNull": friends,
    }


FRIENDS = [hero(number, [hero(number * 10, [], None)], None) for number in (2, 3, 4)]
ROOT = {"hero": hero(1, FRIENDS, FRIENDS[0]), "heroRequired": hero(5, FRIENDS, FRIENDS[1]), "count": 7}


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """What a client has in the end: the data, each completed fragment by label and path, and the errors."""
    data = deepcopy(parts[0].get("data"))
    errors = list(parts[0].get("errors", ()))
    pending: dict[str, Any] = {}
    ended: list[Any] = []
    for part in parts:
        pending.update({entry["id"]: entry for entry in part.get("pending", ())})
        for entry in part.get("incremental", ()):
            place: Any = data
            for key in [*pending[entry["id"]]["path"], *entry.get("subPath", ())]:
                place = place[key]
            join(place, entry["data"])
            errors += entry.get("errors", ())
        for entry in part.get("completed", ()):
            begun = pending.pop(entry["id"])
            ended.append((begun.get("label"), begun["path"], repr(entry.get("errors"))))
    assert not pending
    return {"data": data, "ended": sorted(ended, key=repr), "errors": sorted(errors, key=repr)}


def join(place: Any, data: Any) -> None:
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(place.get(key), dict):
            join(place[key], value)
        else:
            assert key not in place, f"{key} was delivered twice"
            place[key] = value


async def ours(document: str, variables: Any = None) -> list[dict[str, Any]]:
    results = await compile_operation(SCHEMA, document, None, ()).execute_incrementally(variables, None, ROOT)
    if isinstance(results, ExecutionResult):
        return [results.response()]
    parts = [payload(results.initial), *[payload(part) async for part in results.subsequent]]
    assert [part["hasNext"] for part in parts] == [True] * (len(parts) - 1) + [False]
    return parts


async def theirs(document: str, variables: Any = None) -> list[dict[str, Any]]:
    results: Any = experimental_execute_incrementally(SCHEMA, parse(document), ROOT, variable_values=variables)
    results = await results if hasattr(results, "__await__") else results
    if not hasattr(results, "initial_result"):
        return [results.formatted]
    return [results.initial_result.formatted, *[part.formatted async for part in results.subsequent_results]]


DOCUMENTS = {
    "scalars": "{ hero { id ...N @defer } } fragment N on Hero { name }",
    "label": '{ hero { id ...N @defer(label: "L") } } fragment N on Hero { slow }',
    "switched off": "{ hero { id ... @defer(if: false) { name } } }",
    "by variable": "query ($d: Boolean!) { hero { id ... @defer(if: $d) { name } } }",
    "at the root": "{ count ... @defer { hero { id best { name } } } }",
    "with errors at the root": "{ count ... @defer { hero { id bad } } }",
    "nested": '{ hero { id ... @defer(label: "A") { name ... @defer(label: "B") { slow friends { name } } } } }',
    "also not deferred": "{ hero { ... @defer { name slow } name } }",
    "not deferred first": "{ hero { name ... @defer { name slow } } }",
    "empty": "{ hero { id ... @defer { id } } }",
    "children of empty": "{ hero { id ... @defer { id ... @defer { name } } } }",
    "two on one object": '{ hero { ... @defer(label: "x") { name id } ... @defer(label: "y") { slow id } } }',
    "shared subfields": """{ ... @defer(label: "x") { hero { id } }
        ... @defer(label: "y") { hero { name best { id } } } }""",
    "in a list": "{ hero { friends { id ... @defer { name slow batched } } } }",
    "list in list": """{ hero { friends { ...F @defer(label: "f") } }
        heroRequired { friends { ...F @defer(label: "g") } } }
        fragment F on Hero { slow best { id } }""",
    "several levels": """{ hero { best { id }
        ... @defer { best { id name friends { id } ... @defer { best { id name } slow } } } } }""",
    "error inside": "{ hero { id ... @defer { bad name } } }",
    "fatal error inside": "{ hero { id ... @defer { badRequired name } } }",
    "fatal error for some": "{ hero { friends { id ... @defer { best { badRequired } bestRequired { id } } } } }",
    "error outside": "{ hero { badRequired ... @defer { name } } }",
    "error outside at the root": "{ heroRequired { badRequired } ... @defer { count } }",
    "fatal in shared": """{ hero { ... @defer(label: "x") { best { badRequired } }
        ... @defer(label: "y") { best { name } slow } } }""",
    "nulled with children": """{ hero { friendsOrNull { id
        ... @defer(label: "x") { best { id } badRequired ... @defer(label: "y") { slow } } } } }""",
    "nested in a list": """{ hero { friends { id
        ... @defer(label: "x") { name ... @defer(label: "y") { slow } } } } }""",
    "lists in deferred parts of a list": """{ hero { friends { id
        ... @defer(label: "x") { name friends { id ... @defer(label: "y") { slow badRequired } } } } } }""",
    "nothing deferred": "{ hero { id name } }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_the_client_ends_with_what_it_has_by_graphql_core(name: str) -> None:
    document = DOCUMENTS[name]
    variables = {"d": True} if "$d" in document else None

    assert merged(await ours(document, variables)) == merged(await theirs(document, variables))


async def test_the_initial_result_has_what_is_not_deferred() -> None:
    parts = await ours('{ hero { id ...N @defer(label: "names") } } fragment N on Hero { name }')

    assert parts == [
        {"data": {"hero": {"id": "1"}}, "pending": [{"id": "0", "path": ["hero"], "label": "names"}], "hasNext": True},
        {"hasNext": False, "incremental": [{"data": {"name": "hero 1"}, "id": "0"}], "completed": [{"id": "0"}]},
    ]


async def test_a_deferred_batched_field_is_called_once_for_all_objects() -> None:
    calls.clear()

    await ours("{ hero { friends { id ... @defer { batched } } } }")

    assert calls == [("batched", 3)]


async def test_deferred_fields_begin_when_the_results_that_follow_are_asked_for() -> None:
    calls.clear()
    compiled = compile_operation(SCHEMA, "{ hero { id ... @defer { batched } } }", None, ())

    results = await compiled.execute_incrementally(None, None, ROOT)
    assert isinstance(results, IncrementalResults)
    before = list(calls)
    _ = [part async for part in results.subsequent]

    assert before == []
    assert calls == [("batched", 1)]


@pytest.mark.parametrize(
    "document",
    ["{ a ... @defer { c } ... @defer { b } }", "{ a ... @defer { below { c ... @defer { b } } } }"],
    ids=["beside", "within"],
)
async def test_closing_the_results_abandons_what_is_deferred(document: str) -> None:
    ended: list[str] = []
    begun = asyncio.Event()

    async def hang(parents: list[Any], _context: Any) -> list[Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return parents

    schema = build_schema(DIRECTIVE + "type Query { a: String, b: String, c: String, below: Query }")
    query: Any = schema.query_type
    query.fields["b"].extensions = {"execution": Batched(hang)}
    compiled = compile_operation(schema, document, None, ())
    results = await compiled.execute_incrementally(root={"a": "A", "c": "C", "below": {"c": "C"}})
    assert isinstance(results, IncrementalResults)

    first = payload(await anext(results.subsequent))
    await asyncio.wait_for(begun.wait(), 1)
    await results.subsequent.aclose()

    assert first["incremental"][0]["data"] in ({"c": "C"}, {"below": {"c": "C"}})
    assert ended == ["ended"]


class Read:
    """What a resolver has read."""


@pytest.mark.parametrize("parts", [1, 2, 3])
async def test_what_was_read_is_freed_with_the_results_and_not_when_the_collector_comes_by(parts: int) -> None:
    read: list[weakref.ref[Read]] = []

    def some(*_arguments: Any) -> list[Read]:
        made = [Read(), Read()]
        read.extend(map(weakref.ref, made))
        return made

    schema = build_schema(DIRECTIVE + "type Thing { id: ID, x: Int, things: [Thing] } type Query { things: [Thing] }")
    owners: list[Any] = [schema.type_map["Thing"], schema.query_type]
    for owner in owners:
        owner.fields["things"].resolve = some
    document = "{ things { id ... @defer { x things { id ... @defer { x } } } } }"
    compiled = compile_operation(schema, document, None, ())
    gc.collect()
    gc.disable()
    try:
        results = await compiled.execute_incrementally()
        assert isinstance(results, IncrementalResults)
        for _ in range(parts):
            await anext(results.subsequent, None)
        await results.subsequent.aclose()
        del results
        await asyncio.sleep(0.01)
        kept = [reference for reference in read if reference() is not None]
    finally:
        gc.enable()

    assert len(read) >= 2
    assert kept == []


async def test_a_client_that_takes_no_parts_gets_all_at_once() -> None:
    result = await compile_operation(SCHEMA, DOCUMENTS["nested"], None, ()).execute(root=ROOT)

    names = [{"name": f"hero {number}"} for number in (2, 3, 4)]
    assert result.data == {"hero": {"id": "1", "name": "hero 1", "slow": "slow", "friends": names}}


async def test_a_mutation_may_defer_a_part_of_its_answer() -> None:
    document = "mutation { hero { id ... @defer { name } } }"

    assert merged(await ours(document)) == merged(await theirs(document))


async def test_errors_of_every_part_go_through_the_formatter() -> None:
    compiled = compile_operation(SCHEMA, DOCUMENTS["fatal error for some"], None, ())
    results = await compiled.execute_incrementally(None, None, ROOT)
    assert isinstance(results, IncrementalResults)

    parts = [payload(part, lambda _error: {"message": "masked"}) async for part in results.subsequent]

    errors = [
        error
        for part in parts
        for entry in [*part.get("incremental", ()), *part["completed"]]
        for error in entry.get("errors", ())
    ]
    assert errors == [{"message": "masked"}] * 3


async def work_for(count: int) -> int:
    """How many calls of Python functions it takes to deliver so many objects in two layers of fragments."""
    document = "{ hero { friends { id ... @defer { name best { id ... @defer { name bad } } } } } }"
    compiled = compile_operation(SCHEMA, document, None, ())
    root = {"hero": hero(1, [hero(number, [], hero(number, [], None)) for number in range(count)], None)}
    with told_of_calls() as called:
        results: Any = await compiled.execute_incrementally(root=root)
        parts = [part async for part in results.subsequent]
    assert sum(len(part.completed or ()) for part in parts) == 2 * count
    return called.total()


async def test_the_work_of_nested_fragments_grows_with_the_objects_and_no_faster() -> None:
    await work_for(10)

    few, many = await work_for(50), await work_for(200)

    assert many < 4.2 * few
