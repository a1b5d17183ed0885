# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
from typing import Any

import pytest
from execution.loading import Context, User, batched, executed
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from customer_gateway.execution import Attribute, compile_operation

pytestmark = pytest.mark.anyio


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


@pytest.mark.parametrize("count", [3, 20])
async def test_a_property_is_read_once_whatever_another_raises(count: int) -> None:
    class Counting:
        def __init__(self, number: int) -> None:
            self.number, self.read = number, 0

        @property
        def first(self) -> int:
            self.read += 1
            return self.read

        @property
        def second(self) -> int:
            if self.number == 2:
                raise ValueError("no second")
            return 2

    fields = {name: GraphQLField(GraphQLInt, extensions={"execution": Attribute(name)}) for name in ("first", "second")}
    page = batched(
        GraphQLList(GraphQLObjectType("Thing", fields)), lambda *_: [[Counting(number) for number in range(count)]]
    )
    compiled = compile_operation(
        GraphQLSchema(GraphQLObjectType("Query", {"things": page})), "{ things { first second } }"
    )

    result = await compiled.execute()

    assert result.data is not None
    assert [row["first"] for row in result.data["things"]] == [1] * count
    assert [error.path for error in result.errors or []] == [["things", 2, "second"]]


async def test_a_name_with_a_dot_is_a_name() -> None:
    class Thing:
        def __init__(self) -> None:
            vars(self)["a.b"] = "dotted"

    field = GraphQLField(GraphQLString, extensions={"execution": Attribute("a.b")})
    page = batched(GraphQLList(GraphQLObjectType("Thing", {"x": field})), lambda *_: [[Thing()]])

    result = await compile_operation(
        GraphQLSchema(GraphQLObjectType("Query", {"things": page})), "{ things { x } }"
    ).execute()

    assert result.data == {"things": [{"x": "dotted"}]}
