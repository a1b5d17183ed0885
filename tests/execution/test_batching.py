# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
# pyright: reportUnknownLambdaType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
import gc
import warnings
from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from customer_gateway.execution import Attribute, Batched, Partitioned, compile_operation

pytestmark = pytest.mark.anyio


@dataclass
class Loader:
    """Joins keys until the loop comes round, as dataloaders do."""

    batches: list[list[int]] = field(default_factory=list)
    _waiting: dict[int, asyncio.Future[Any]] = field(default_factory=dict)

    def load(self, key: int) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._dispatch)
        return self._waiting.setdefault(key, loop.create_future())

    async def load_many(self, keys: list[int]) -> list[Any]:
        return list(await asyncio.gather(*map(self.load, keys)))

    def _dispatch(self) -> None:
        waiting, self._waiting = self._waiting, {}
        self.batches.append(list(waiting))
        for key, future in waiting.items():
            future.set_result(User(key))


@dataclass
class User:
    number: int
    name: str = "user"


@dataclass
class Customer:
    number: int


@dataclass
class Context:
    loader: Loader = field(default_factory=Loader)
    log: list[Any] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)


async def owner(parents: list[Customer], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number for parent in parents])


async def updater(parents: list[Customer], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number + 100 for parent in parents])


async def boss(parents: list[User], context: Context) -> list[User]:
    return await context.loader.load_many([parent.number + 1000 for parent in parents])


async def slow(parents: list[Customer], context: Context) -> list[User]:
    context.log.append("slow begins")
    await context.gate.wait()
    context.log.append("slow ends")
    return [User(parent.number) for parent in parents]


def noted(parents: list[Any], context: Context, say: str = "") -> list[str]:
    context.log.append((say, len(parents)))
    return [say] * len(parents)


def opens(parents: list[Any], context: Context) -> list[str]:
    context.log.append("opened")
    context.gate.set()
    return ["open"] * len(parents)


def customers(_parents: list[Any], _context: Context, count: int) -> list[list[Customer]]:
    return [[Customer(number) for number in range(count)]]


def batched(output: Any, resolve: Any, args: Any = None) -> GraphQLField:
    return GraphQLField(output, args, extensions={"execution": Batched(resolve)})


def schema() -> GraphQLSchema:
    user: GraphQLObjectType = GraphQLObjectType(
        "User",
        lambda: {
            "number": GraphQLField(GraphQLInt, extensions={"execution": Attribute("number")}),
            "name": GraphQLField(GraphQLString, extensions={"execution": Attribute("name")}),
            "boss": batched(user, boss),
            "opens": batched(GraphQLString, opens),
        },
    )
    customer = GraphQLObjectType(
        "Customer",
        {
            "number": GraphQLField(GraphQLInt, extensions={"execution": Attribute("number")}),
            "owner": batched(user, owner),
            "updater": batched(user, updater),
            "slow": batched(user, slow),
            "noted": batched(GraphQLString, noted, {"say": GraphQLArgument(GraphQLString)}),
        },
    )
    page = batched(
        GraphQLNonNull(GraphQLList(GraphQLNonNull(customer))),
        customers,
        {"count": GraphQLArgument(GraphQLInt, default_value=3)},
    )
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


SCHEMA = schema()


async def executed(document: str, context: Context) -> Any:
    result = await compile_operation(SCHEMA, document).execute(context=context)
    assert result.errors is None
    return result.data


async def test_a_batched_field_is_called_once_for_all_parents_of_its_level() -> None:
    context = Context()

    data = await executed('{ customers(count: 50) { noted(say: "a") } }', context)

    assert context.log == [("a", 50)]
    assert data == {"customers": [{"noted": "a"}] * 50}


async def test_fields_of_one_level_reach_the_loader_in_one_batch() -> None:
    context = Context()

    await executed("{ customers { owner { name } updater { name } } }", context)

    assert context.loader.batches == [[0, 1, 2, 100, 101, 102]]


async def test_fields_of_several_scopes_reach_the_loader_in_one_batch() -> None:
    context = Context()

    await executed(
        "{ customers { owner { boss { name } } } others: customers { updater { boss { number } } } }", context
    )

    assert context.loader.batches == [
        [0, 1, 2, 100, 101, 102],
        [1000, 1001, 1002, 1100, 1101, 1102],
    ]


async def test_siblings_begin_in_the_order_of_the_fields() -> None:
    context = Context()

    await executed('{ customers { b: noted(say: "b") a: noted(say: "a") } }', context)

    assert context.log == [("b", 3), ("a", 3)]


async def test_a_branch_does_not_wait_for_a_sibling_that_waits_for_another_system() -> None:
    context = Context()

    # `opens` lies two levels below a sibling of `slow`, and `slow` ends only when it has been reached.
    data = await asyncio.wait_for(
        executed("{ customers(count: 1) { slow { number } owner { boss { opens } } } }", context), 5
    )

    assert context.log == ["slow begins", "opened", "slow ends"]
    assert data == {"customers": [{"slow": {"number": 0}, "owner": {"boss": {"opens": "open"}}}]}


async def test_cancelling_an_execution_cancels_all_that_it_began() -> None:
    ended: list[str] = []

    async def hang(parents: list[Any], _context: Any) -> list[Any]:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return parents

    query = GraphQLObjectType("Query", {"a": batched(GraphQLString, hang), "b": batched(GraphQLString, hang)})
    before = asyncio.all_tasks()
    execution = asyncio.ensure_future(compile_operation(GraphQLSchema(query), "{ a b }").execute())
    await asyncio.sleep(0.01)

    execution.cancel()
    with pytest.raises(asyncio.CancelledError):
        await execution

    assert ended == ["ended", "ended"]
    assert asyncio.all_tasks() == before


def parted(parents: list[Any], context: Context) -> Partitioned:
    async def quick() -> list[User]:
        return [User(parent.number) for parent in parents[1::2]]

    async def waiting() -> list[User]:
        context.log.append("waiting")
        await context.gate.wait()
        return [User(parent.number) for parent in parents[::2]]

    indices = range(len(parents))
    return Partitioned([(indices[::2], waiting()), (indices[1::2], quick())])


def parted_schema(resolve: Any) -> GraphQLSchema:
    customer = GraphQLObjectType("Customer", {"field": batched(SCHEMA.type_map["User"], resolve)})
    page = batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(5)]])
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


@pytest.mark.parametrize("turns", range(10))
async def test_cancelled_at_any_moment_an_execution_leaves_no_coroutine_behind(turns: int) -> None:
    document = "{ customers { field { number } again: field { boss { name } } } more: customers { field { name } } }"
    compiled = compile_operation(parted_schema(parted), document)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        execution = asyncio.ensure_future(compiled.execute(None, Context()))
        for _ in range(turns):
            await asyncio.sleep(0)
        execution.cancel()
        with pytest.raises(asyncio.CancelledError):
            await execution
        del execution
        gc.collect()

    assert not told


async def test_a_part_that_is_there_goes_on_without_the_part_that_is_not() -> None:
    context = Context()

    # The waiting part is let go by a field below the quick one.
    compiled = compile_operation(parted_schema(parted), "{ customers { field { number opens } } }")
    result = await asyncio.wait_for(compiled.execute(context=context), 5)

    assert context.log == ["waiting", "opened", "opened"]
    assert result.data == {"customers": [{"field": {"number": number, "opens": "open"}} for number in range(5)]}


async def test_a_field_beside_parts_that_wait_begins_at_once() -> None:
    async def gated(context: Context, count: int) -> list[User]:
        await context.gate.wait()
        return [User(9)] * count

    def apart(_parents: list[Any], context: Context) -> Partitioned:
        return Partitioned([([0], gated(context, 1)), ([1, 2], gated(context, 2))])

    async def opening(parents: list[Any], context: Context) -> list[str]:
        return opens(parents, context)

    customer = GraphQLObjectType(
        "Customer",
        {
            "parted": batched(
                SCHEMA.type_map["User"],
                apart,
            ),
            "opening": batched(GraphQLString, opening),
        },
    )
    page = batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(3)]])
    schema = GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))

    compiled = compile_operation(schema, "{ customers { parted { number } opening } }")
    result = await asyncio.wait_for(compiled.execute(context=Context()), 2)

    assert result.data == {"customers": [{"parted": {"number": 9}, "opening": "open"}] * 3}


async def test_parts_of_which_one_fails_cost_the_positions_of_that_one() -> None:
    async def fails() -> list[User]:
        raise ValueError("the system is down")

    async def users(count: int) -> list[User]:
        return [User(9)] * count

    def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([4, 0], users(2)), ([1, 3], fails()), ([2], users(2))])

    result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()

    nine, none = {"field": {"number": 9}}, {"field": None}
    assert result.data == {"customers": [nine, none, none, none, nine]}
    assert [(error.message, error.path) for error in result.errors or []] == [
        ("the system is down", ["customers", 1, "field"]),
        ("the system is down", ["customers", 3, "field"]),
        ("Customer.field gave 2 values for 1 parents.", ["customers", 2, "field"]),
    ]


@pytest.mark.parametrize("indices", [[0, 1, 2, 3], [0, 1, 2, 3, 3], [0, 1, 2, 3, 7]])
async def test_parts_that_do_not_name_each_parent_once_are_an_error(indices: list[int]) -> None:
    async def users() -> list[User]:
        return []

    schema = parted_schema(lambda *_: Partitioned([(indices, users())]))

    result = await compile_operation(schema, "{ customers { field { number } } }").execute()

    message = "Customer.field does not name each of its parents once."
    assert [error.message for error in result.errors or []] == [message] * 5


async def test_parts_may_be_awaited_together_too() -> None:
    async def users(count: int) -> list[User]:
        return [User(9)] * count

    async def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([4, 0], users(2)), ([1, 2, 3], users(3))])

    result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()

    assert (result.errors, result.data) == (None, {"customers": [{"field": {"number": 9}}] * 5})


async def test_parts_awaited_together_that_do_not_fit_are_an_error_and_leave_nothing_behind() -> None:
    async def users() -> list[User]:
        return []

    async def resolve(_parents: list[Any], _context: Any) -> Partitioned:
        return Partitioned([([0, 0], users())])

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = await compile_operation(parted_schema(resolve), "{ customers { field { number } } }").execute()
        gc.collect()

    message = "Customer.field does not name each of its parents once."
    assert [error.message for error in result.errors or []] == [message] * 5
    assert not told


async def test_one_part_with_all_parents_is_as_one_answer() -> None:
    async def users() -> list[User]:
        return [User(number) for number in range(5)]

    schema = parted_schema(lambda *_: Partitioned([(range(5), users())]))

    result = await compile_operation(schema, "{ customers { field { number } } }").execute()

    assert result.data == {"customers": [{"field": {"number": number}} for number in range(5)]}


async def raising(_parents: list[Any], _context: Any) -> list[Any]:
    raise ValueError("all fail")


def raising_at_once(_parents: list[Any], _context: Any) -> list[Any]:
    raise ValueError("all fail")


def short(_parents: list[Any], _context: Any) -> list[Any]:
    return ["one"]


def nothing(_parents: list[Any], _context: Any) -> Any:
    return None


def one_text(_parents: list[Any], _context: Any) -> Any:
    return "abc"


def by_key(parents: list[Any], _context: Any) -> Any:
    return {parent.number: "value" for parent in parents}


def unordered(parents: list[Any], _context: Any) -> Any:
    return {f"value {parent.number}" for parent in parents}


class Unreadable(list[Any]):
    """Raises while it is read."""

    def __iter__(self) -> Any:
        yield "one"
        raise LookupError("read no further")


async def unreadable(_parents: list[Any], _context: Any) -> Any:
    return Unreadable()


def unreadable_at_once(_parents: list[Any], _context: Any) -> Any:
    return Unreadable()


def of_no_type(_parents: list[Any], _context: Any) -> Any:
    return (1 / 0 for _ in range(3))


def some_fail(parents: list[Any], _context: Any) -> tuple[Any, ...]:
    return tuple(ValueError("this one") if parent.number == 1 else "fine" for parent in parents)


@pytest.mark.parametrize(
    ("resolve", "messages"),
    [
        (raising, ["all fail"] * 3),
        (raising_at_once, ["all fail"] * 3),
        (short, ["Customer.field gave 1 values for 3 parents."] * 3),
        (nothing, ["Customer.field gave 0 values for 3 parents."] * 3),
        (one_text, ["Customer.field gave 0 values for 3 parents."] * 3),
        (by_key, ["Customer.field gave 0 values for 3 parents."] * 3),
        (unordered, ["Customer.field gave 0 values for 3 parents."] * 3),
        (unreadable, ["read no further"] * 3),
        (unreadable_at_once, ["read no further"] * 3),
        (of_no_type, ["division by zero"] * 3),
        (some_fail, ["this one"]),
    ],
)
async def test_an_error_of_a_batch_is_the_error_of_the_elements_it_concerns(resolve: Any, messages: list[str]) -> None:
    customer = GraphQLObjectType("Customer", {"field": batched(GraphQLString, resolve)})
    query = GraphQLObjectType(
        "Query", {"customers": batched(GraphQLList(customer), lambda *_: [[Customer(n) for n in range(3)]])}
    )

    result = await compile_operation(GraphQLSchema(query), "{ customers { field } }").execute()

    assert [error.message for error in result.errors or []] == messages
    numbers = [0, 1, 2] if len(messages) == 3 else [1]
    assert [error.path for error in result.errors or []] == [["customers", number, "field"] for number in numbers]


async def test_a_property_that_raises_is_the_error_of_its_object_alone() -> None:
    class Odd(User):
        def __getattribute__(self, name: str) -> Any:
            if name == "name" and super().__getattribute__("number") == 3:
                raise ValueError("no name")
            return super().__getattribute__(name)

    user = GraphQLObjectType(
        "User",
        {
            name: GraphQLField(output, extensions={"execution": Attribute(name)})
            for name, output in (("number", GraphQLInt), ("name", GraphQLString))
        },
    )
    users = [Odd(number) for number in range(20)]
    query = GraphQLObjectType("Query", {"users": batched(GraphQLList(user), lambda *_: [users])})

    result = await compile_operation(GraphQLSchema(query), "{ users { number name } }").execute()

    assert [error.path for error in result.errors or []] == [["users", 3, "name"]]
    assert result.data is not None
    assert result.data["users"][3] == {"number": 3, "name": None}
    assert result.data["users"][4] == {"number": 4, "name": "user"}


@pytest.mark.parametrize("count", [1, 3, 20])
async def test_a_property_that_raises_stop_iteration_ends_no_column(count: int) -> None:
    class Empty(User):
        @property
        def first(self) -> str:
            if self.number == count - 1:
                raise StopIteration
            return "first"

    names = {"first": Attribute("first"), "again": Attribute("first")}
    user = GraphQLObjectType(
        "User", {name: GraphQLField(GraphQLString, extensions={"execution": each}) for name, each in names.items()}
    )
    page = batched(GraphQLList(user), lambda *_: [[Empty(number) for number in range(count)]])
    compiled = compile_operation(
        GraphQLSchema(GraphQLObjectType("Query", {"users": page})), "{ users { first again } }"
    )

    result = await compiled.execute()

    whole: list[Any] = [{"first": "first", "again": "first"}] * (count - 1)
    assert result.data == {"users": [*whole, {"first": None, "again": None}]}
    assert [error.path for error in result.errors or []] == [["users", count - 1, each] for each in ("first", "again")]


async def test_a_generated_reader_leaves_places_for_what_comes_later() -> None:
    context = Context()
    document = "{ customers(count: 20) { owner { name number } number updater { number } __typename } }"

    data = await executed(document, context)

    assert data == {
        "customers": [
            {
                "owner": {"name": "user", "number": number},
                "number": number,
                "updater": {"number": number + 100},
                "__typename": "Customer",
            }
            for number in range(20)
        ]
    }
    assert list(data["customers"][0]) == ["owner", "number", "updater", "__typename"]


async def test_an_attribute_may_be_awaitable() -> None:
    class Late:
        def __init__(self, number: int) -> None:
            self.number = number

        @property
        def name(self) -> Any:
            return asyncio.sleep(0, f"late {self.number}")

    user = GraphQLObjectType("User", {"name": GraphQLField(GraphQLString, extensions={"execution": Attribute("name")})})
    page = batched(GraphQLList(user), lambda *_: [[Late(n) for n in range(12)]])

    schema = GraphQLSchema(GraphQLObjectType("Query", {"users": page}))
    result = await compile_operation(schema, "{ users { name } }").execute()

    assert result.data == {"users": [{"name": f"late {n}"} for n in range(12)]}


async def test_odd_values_of_a_generated_reader_are_completed_one_by_one() -> None:
    user = GraphQLObjectType(
        "User",
        {
            "number": GraphQLField(GraphQLNonNull(GraphQLInt), extensions={"execution": Attribute("number")}),
            "name": GraphQLField(GraphQLString, extensions={"execution": Attribute("name")}),
        },
    )
    numbers: list[Any] = [0, 1, "2", 3.0, None, 2**31, True, ValueError("odd"), *range(8, 20)]
    names: list[Any] = ["a", None, 2, [], ValueError("name"), *["b"] * 15]
    users = [User(number, name) for number, name in zip(numbers, names, strict=True)]
    query = GraphQLObjectType("Query", {"users": batched(GraphQLList(user), lambda *_: [users])})

    result = await compile_operation(GraphQLSchema(query), "{ users { number name } }").execute()

    assert result.data is not None
    assert result.data["users"][:8] == [
        {"number": 0, "name": "a"},
        {"number": 1, "name": None},
        {"number": 2, "name": "2"},
        {"number": 3, "name": None},
        None,
        None,
        {"number": 1, "name": "b"},
        None,
    ]
    assert [error.path for error in result.errors or []] == [
        ["users", 3, "name"],
        ["users", 4, "number"],
        ["users", 5, "number"],
        ["users", 7, "number"],
    ]
