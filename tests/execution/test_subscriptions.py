# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from execution.sameness import described
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    parse,
    subscribe,
)

from customer_gateway.execution import Batched, CompiledOperation, ExecutionResult, compile_operation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

closed: list[str] = []


async def counting(_root: Any, _info: Any, to: int = 2) -> AsyncIterator[Any]:
    try:
        for number in range(to):
            yield {"count": number}
    finally:
        closed.append("counting")


async def failing(_root: Any, _info: Any) -> AsyncIterator[Any]:
    yield {"failing": "one"}
    raise RuntimeError("the source failed")


async def awaited(root: Any, info: Any) -> Any:
    return counting(root, info)


def raising(*_arguments: Any) -> Any:
    raise ValueError("cannot subscribe")


async def raising_later(*_arguments: Any) -> Any:
    raise ValueError("cannot subscribe")


def sometimes(source: Any, _info: Any) -> Any:
    if source["count"] == 1:
        raise ValueError("this event failed")
    return source["count"]


def doubled(events: list[Any], _context: Any) -> list[Any]:
    return [event["count"] * 2 for event in events]


def field(subscribe_to: Any, resolve: Any = None, **more: Any) -> GraphQLField:
    return GraphQLField(GraphQLInt, subscribe=subscribe_to, resolve=resolve, **more)


SCHEMA = GraphQLSchema(
    GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)}),
    subscription=GraphQLObjectType(
        "Subscription",
        {
            "count": field(counting, args={"to": GraphQLArgument(GraphQLInt)}),
            "sometimes": field(counting, sometimes),
            "sometimesRequired": GraphQLField(GraphQLNonNull(GraphQLInt), subscribe=counting, resolve=sometimes),
            "doubled": field(counting, extensions={"execution": Batched(doubled)}),
            "failing": GraphQLField(GraphQLString, subscribe=failing),
            "awaited": field(awaited, lambda event, _info: event["count"]),
            "raising": field(raising),
            "raisingLater": field(raising_later),
            "returned": field(lambda *_: ValueError("returned")),
            "noStream": field(lambda *_: "no stream"),
            "nothing": field(lambda *_: None),
            "plain": field(None),
        },
    ),
)


def shown(result: Any) -> Any:
    return result.data, [described(error) for error in result.errors or []]


async def all_of(results: Any) -> Any:
    if isinstance(results, ExecutionResult):
        return shown(results)
    return [shown(result) async for result in results]


async def by_graphql_core(document: str, variables: Any, root: Any) -> Any:
    results: Any = subscribe(SCHEMA, parse(document), root, variable_values=variables)
    results = await results if hasattr(results, "__await__") else results
    return [shown(result) async for result in results] if hasattr(results, "__aiter__") else shown(results)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("subscription { count }", {}),
        ("subscription ($n: Int) { c: count(to: $n) }", {"n": 3}),
        ("subscription ($n: Int) { count(to: $n) }", {"n": "x"}),
        ("subscription { sometimes }", {}),
        ("subscription { sometimesRequired }", {}),
        ("subscription { awaited }", {}),
        ("subscription { raising }", {}),
        ("subscription { raisingLater }", {}),
        ("subscription { returned }", {}),
        ("subscription { noStream }", {}),
        ("subscription { nothing }", {}),
        ("subscription { plain }", {}),
    ],
)
async def test_each_event_is_one_execution_as_by_graphql_core(document: str, variables: Any) -> None:
    root = {"plain": lambda _info: counting(None, None)}

    results = await compile_operation(SCHEMA, document).subscribe(variables, None, root)

    assert await all_of(results) == await by_graphql_core(document, variables, root)


async def test_what_is_no_subscription_gives_no_events() -> None:
    result = await compile_operation(SCHEMA, "{ a }").subscribe()

    with pytest.raises(GraphQLError) as reference:
        subscribe(SCHEMA, parse("{ a }"))

    assert isinstance(result, ExecutionResult)
    assert not result.executed
    assert [error.message for error in result.errors or []] == [reference.value.message]


@pytest.mark.parametrize("schema", [SCHEMA, GraphQLSchema(SCHEMA.query_type)], ids=["without", "with no such type"])
async def test_a_field_that_is_not_defined_has_no_events(schema: GraphQLSchema) -> None:
    result = await compile_operation(schema, "subscription { nonsense }", None, ()).subscribe()

    reference: Any = subscribe(schema, parse("subscription { nonsense }"))

    assert shown(result) == shown(reference)


async def test_a_subscription_that_selects_nothing_has_no_events() -> None:
    compiled = compile_operation(SCHEMA, "subscription { count @skip(if: true) }", None, ())

    result = await compiled.subscribe()

    assert shown(result)[1] == [described(GraphQLError("The subscription selects no field.", compiled.definition))]


async def events_of(compiled: CompiledOperation) -> Any:
    results = await compiled.subscribe()
    assert not isinstance(results, ExecutionResult)
    return results


async def test_an_event_is_resolved_by_batched_fields_too() -> None:
    events = await events_of(compile_operation(SCHEMA, "subscription { doubled }"))

    assert [result.data async for result in events] == [{"doubled": 0}, {"doubled": 2}]


async def test_closing_the_results_closes_the_source() -> None:
    closed.clear()
    events = await events_of(compile_operation(SCHEMA, "subscription { count(to: 100) }"))

    first = await anext(events)
    await events.aclose()

    assert first.data == {"count": 0}
    assert closed == ["counting"]


class Bell:
    """A source that rings when it is told to; `closed` says how often it was ended."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()
        self.waited_for = asyncio.Event()
        self.closed = 0

    async def events(self) -> Any:
        schema = GraphQLSchema(
            GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)}),
            subscription=GraphQLObjectType(
                "Subscription", {"a": GraphQLField(GraphQLInt, subscribe=lambda *_: self._rings())}
            ),
        )
        return await events_of(compile_operation(schema, "subscription { a }"))

    async def waiting(self, events: Any) -> asyncio.Task[Any]:
        """A reader that waits for an event."""
        reader = asyncio.create_task(anext(events))
        await asyncio.wait_for(self.waited_for.wait(), 1)
        return reader

    async def _rings(self) -> AsyncIterator[Any]:
        try:
            while True:
                self.waited_for.set()
                await self.rung.wait()
                self.rung.clear()
                yield {"a": 1}
        finally:
            await asyncio.sleep(0)
            self.closed += 1


async def test_closing_the_results_while_an_event_is_waited_for_closes_the_source() -> None:
    bell = Bell()
    events = await bell.events()
    reader = await bell.waiting(events)

    await asyncio.wait_for(events.aclose(), 1)

    assert bell.closed == 1
    with pytest.raises(StopAsyncIteration):
        await reader
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_closing_the_results_again_does_nothing_more() -> None:
    bell = Bell()
    bell.rung.set()
    events = await bell.events()
    assert (await anext(events)).data == {"a": 1}

    await asyncio.gather(events.aclose(), events.aclose())
    await events.aclose()

    assert bell.closed == 1


async def test_a_reader_that_is_cancelled_closes_the_source() -> None:
    bell = Bell()
    events = await bell.events()
    reader = await bell.waiting(events)

    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader

    assert bell.closed == 1
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_one_event_has_one_reader() -> None:
    bell = Bell()
    events = await bell.events()
    reader = await bell.waiting(events)

    with pytest.raises(RuntimeError, match="waits for the next event already"):
        await anext(events)
    bell.rung.set()

    assert (await reader).data == {"a": 1}


async def test_closing_the_results_ends_what_is_resolved_for_an_event() -> None:
    ended: list[str] = []
    begun = asyncio.Event()

    async def hang(_event: Any, _info: Any) -> Any:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)})
    stream = GraphQLObjectType("Subscription", {"count": field(counting, hang)})
    events = await events_of(compile_operation(GraphQLSchema(query, subscription=stream), "subscription { count }"))
    closed.clear()
    reader = asyncio.create_task(anext(events))
    await asyncio.wait_for(begun.wait(), 1)

    await asyncio.wait_for(events.aclose(), 1)

    assert (ended, closed) == (["ended"], ["counting"])
    with pytest.raises(StopAsyncIteration):
        await reader


async def test_a_source_keeps_its_context_from_event_to_event() -> None:
    told: ContextVar[str] = ContextVar("told", default="nothing")

    async def telling(_root: Any, _info: Any) -> AsyncIterator[Any]:
        token = told.set("something")
        yield {"a": told.get()}
        yield {"a": told.get()}
        told.reset(token)
        yield {"a": told.get()}

    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)})
    stream = GraphQLObjectType("Subscription", {"a": GraphQLField(GraphQLString, subscribe=telling)})
    events = await events_of(compile_operation(GraphQLSchema(query, subscription=stream), "subscription { a }"))

    assert [result.data["a"] async for result in events] == ["something", "something", "nothing"]


async def test_closing_the_results_before_the_first_event_closes_the_source_too() -> None:
    class Source:
        open = True

        def __aiter__(self) -> Source:
            return self

        async def __anext__(self) -> Any:
            return {"a": 1}

        async def aclose(self) -> None:
            self.open = False

    source = Source()
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)})
    stream = GraphQLObjectType("Subscription", {"a": GraphQLField(GraphQLInt, subscribe=lambda *_: source)})
    events = await events_of(compile_operation(GraphQLSchema(query, subscription=stream), "subscription { a }"))

    await events.aclose()

    assert not source.open
    assert [result.data async for result in events] == []


async def test_an_error_of_the_source_is_raised_to_the_reader() -> None:
    events = await events_of(compile_operation(SCHEMA, "subscription { failing }"))

    assert (await anext(events)).data == {"failing": "one"}
    with pytest.raises(RuntimeError, match="the source failed"):
        await anext(events)


async def test_an_event_is_delivered_before_the_next_is_there() -> None:
    gate = asyncio.Event()

    async def gated(_root: Any, _info: Any) -> AsyncIterator[Any]:
        yield {"a": 1}
        await gate.wait()
        yield {"a": 2}

    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)})
    stream = GraphQLObjectType("Subscription", {"a": GraphQLField(GraphQLInt, subscribe=gated)})
    events = await events_of(compile_operation(GraphQLSchema(query, subscription=stream), "subscription { a }"))

    first = await asyncio.wait_for(anext(events), 1)
    gate.set()

    assert [first.data, (await anext(events)).data] == [{"a": 1}, {"a": 2}]


def told_by(source: Any) -> CompiledOperation:
    """A subscription whose events are what the source yields."""
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt)})
    event = GraphQLField(GraphQLInt, subscribe=source, resolve=lambda event, _info: event)
    schema = GraphQLSchema(query, subscription=GraphQLObjectType("Subscription", {"a": event}))
    return compile_operation(schema, "subscription { a }")


async def heard(events: Any) -> list[Any]:
    """The events and what ended them."""
    found: list[Any] = []
    try:
        async for result in events:
            found.append(result.data["a"])  # noqa: PERF401  what came before an error is kept
    except BaseException as error:  # noqa: BLE001  the test looks at it
        found.append(type(error))
    return found


async def test_a_source_may_give_itself_a_time() -> None:
    async def timed(_root: Any, _info: Any) -> AsyncIterator[int]:
        async with asyncio.timeout(0.02):
            yield 1
            await asyncio.sleep(5)
            yield 2

    assert await heard(await events_of(told_by(timed))) == [1, TimeoutError]


async def test_a_source_whose_time_runs_out_while_nobody_asks_has_ended_for_who_asks_next() -> None:
    async def timed(_root: Any, _info: Any) -> AsyncIterator[int]:
        async with asyncio.timeout(0.02):
            yield 1

    events = await events_of(told_by(timed))
    assert (await anext(events)).data == {"a": 1}
    await asyncio.sleep(0.05)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(anext(events), 1)
    assert await heard(events) == []


async def test_a_source_may_have_helpers_whose_failure_is_its_own() -> None:
    async def failing_helper() -> None:
        await asyncio.sleep(0)
        raise ValueError("the helper failed")

    async def helped(_root: Any, _info: Any) -> AsyncIterator[int]:
        async with asyncio.TaskGroup() as helpers:
            helpers.create_task(failing_helper())
            yield 1
            await asyncio.sleep(5)
            yield 2

    assert await heard(await events_of(told_by(helped))) == [1, ExceptionGroup]


async def test_a_source_that_is_cancelled_within_is_no_source_that_ended() -> None:
    async def cancelled(_root: Any, _info: Any) -> AsyncIterator[int]:
        yield 1
        raise asyncio.CancelledError

    assert await heard(await events_of(told_by(cancelled))) == [1, asyncio.CancelledError]


async def test_closing_the_results_before_the_source_has_begun_ends_who_waits() -> None:
    bell = Bell()
    events = await bell.events()
    reader = asyncio.create_task(anext(events))
    await asyncio.sleep(0)

    await asyncio.wait_for(events.aclose(), 1)

    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(reader, 1)
