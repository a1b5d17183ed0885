# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from execution.sameness import Case, assert_same
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    build_schema,
    get_introspection_query,
)

from customer_gateway.execution import compile_operation

pytestmark = pytest.mark.anyio


async def run(schema: GraphQLSchema, document: str, root: Any = None, **variables: Any) -> Any:
    return await assert_same(Case(schema, document, variables, root=lambda: root))


async def test_fields_come_in_the_order_they_are_asked_for_whenever_they_arrive() -> None:
    schema = build_schema("type Query { a: String b: String c: String }")

    async def late(_info: Any) -> str:
        await asyncio.sleep(0.001)
        return "late"

    data = await run(schema, "{ c a b }", {"a": "now", "b": late, "c": late})

    assert list(data.items()) == [("c", "late"), ("a", "now"), ("b", "late")]


async def test_fragments_and_fields_of_one_name_are_merged() -> None:
    schema = build_schema("type Deep { a: String b: String deep: Deep } type Query { deep: Deep }")
    root: dict[str, Any] = {"deep": {"a": "A", "b": "B", "deep": {"a": "AA", "b": "BB"}}}

    data = await run(
        schema, "{ deep { a ...More deep { b } } deep { b } } fragment More on Deep { b deep { a } }", root
    )

    assert data == {"deep": {"a": "A", "b": "B", "deep": {"a": "AA", "b": "BB"}}}


async def test_an_alias_names_the_field_in_the_answer() -> None:
    schema = build_schema("type Query { hello(to: String): String }")

    data = await run(schema, '{ one: hello(to: "a") two: hello(to: "b") }', {"hello": lambda _info, to: f"hello {to}"})

    assert data == {"one": "hello a", "two": "hello b"}


async def test_a_resolver_is_told_where_it_is() -> None:
    told: list[Any] = []

    def resolve(_source: Any, info: Any) -> str:
        told.append((info.field_name, info.path.as_list(), str(info.parent_type), str(info.return_type)))
        told.append((info.path.typename, info.path.prev.typename))
        told.append((info.context, info.root_value, info.operation.name.value, info.variable_values.coerced))
        return "x"

    item = GraphQLObjectType("Item", {"name": GraphQLField(GraphQLNonNull(GraphQLString), resolve=resolve)})
    schema = GraphQLSchema(GraphQLObjectType("Query", {"item": GraphQLField(item, resolve=lambda *_: {})}))
    compiled = compile_operation(
        schema, "query Named($x: String) { item { called: name @skip(if: false) n: name } }", None, []
    )

    result = await compiled.execute({"x": "3"}, "context", "root")

    assert result.data == {"item": {"called": "x", "n": "x"}}
    assert told[0] == ("name", ["item", "called"], "Item", "String!")
    assert told[1] == ("Item", "Query")
    assert told[2] == ("context", "root", "Named", {"x": "3"})


async def test_an_attribute_a_key_and_a_method_are_found_without_a_resolver() -> None:
    class Thing:
        attribute = "attribute"

        def method(self, info: Any, factor: int) -> int:
            return info.context * factor

    schema = build_schema(
        "type Thing { attribute: String method(factor: Int!): Int gone: String } type Query { thing: Thing }"
    )

    data = await assert_same(
        Case(
            schema,
            "{ thing { attribute method(factor: 2) gone } }",
            root=lambda: {"thing": Thing()},
            context=lambda: 21,
        )
    )

    assert data == {"thing": {"attribute": "attribute", "method": 42, "gone": None}}


async def test_objects_of_mixed_classes_are_each_asked_in_their_way() -> None:
    schema = build_schema("type Thing { name: String } type Query { things: [Thing] }")

    data = await run(
        schema, "{ things { name } }", {"things": [{"name": "a"}, SimpleNamespace(name="b"), {"name": lambda _i: "c"}]}
    )

    assert data == {"things": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}


async def test_a_property_is_read_once_whatever_stands_beside_it() -> None:
    schema = build_schema("type Thing { value: String } type Query { things: [Thing] }")
    read: list[int] = []

    def called(_info: Any) -> str:
        return "called"

    class Thing:
        def __init__(self, number: int) -> None:
            self.number = number

        @property
        def value(self) -> Any:
            read.append(self.number)
            if self.number == 2:
                raise ValueError("no value")
            return asyncio.sleep(0, "late") if self.number else called

    things = [Thing(0), Thing(1), Thing(2)]
    result = await compile_operation(schema, "{ things { value } }").execute(root={"things": things})

    assert result.data == {"things": [{"value": "called"}, {"value": "late"}, {"value": None}]}
    assert read == [0, 1, 2]


async def test_errors_of_sync_and_async_resolvers_are_both_reported() -> None:
    schema = build_schema("type Query { sync: String failing: String async: String broken: String returned: String }")

    def failing(_info: Any) -> str:
        raise ValueError("sync failed")

    async def broken(_info: Any) -> str:
        raise ValueError("async failed")

    async def fine(_info: Any) -> str:
        return "fine"

    root = {"sync": "s", "failing": failing, "async": fine, "broken": broken, "returned": ValueError("returned")}
    data = await run(schema, "{ sync failing async broken returned }", root)

    assert data == {"sync": "s", "failing": None, "async": "fine", "broken": None, "returned": None}


async def test_an_error_keeps_the_exception_it_came_from() -> None:
    cause = ValueError("the cause")
    compiled = compile_operation(build_schema("type Query { a: String }"), "{ a }")

    result = await compiled.execute(root={"a": cause})

    assert result.errors is not None
    assert result.errors[0].original_error is cause


async def test_the_path_of_an_error_goes_through_aliases_lists_and_fragments() -> None:
    schema = build_schema("type Item { name: String! items: [[Item!]] } type Query { items: [Item] }")

    def items() -> Any:
        return {"items": [{"name": "a", "items": [[{"name": "b"}], [{"name": "c"}, {"name": ValueError("no")}]]}]}

    case = Case(
        schema, "{ all: items { ...Inner } } fragment Inner on Item { below: items { called: name } }", root=items
    )
    await assert_same(case)
    result = await compile_operation(schema, case.document).execute(root=items())

    assert result.errors is not None
    assert result.errors[0].path == ["all", 0, "below", 1, 1, "called"]
    assert result.data == {"all": [{"below": [[{"called": "b"}], None]}]}


async def test_a_scalar_that_serialises_to_nothing_is_an_error() -> None:
    nothing = GraphQLScalarType("Nothing", coerce_output_value=lambda _value: None)
    schema = GraphQLSchema(GraphQLObjectType("Query", {"a": GraphQLField(nothing, resolve=lambda *_: 1)}))

    assert await run(schema, "{ a }") == {"a": None}


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, "x", 1.5, float("nan"), [], True, "7", 3.0, 2**31 - 1])
@pytest.mark.parametrize("output", ["Int", "Int!", "Float", "String", "Boolean", "ID!"])
async def test_every_built_in_scalar_takes_and_refuses_what_graphql_core_does(value: Any, output: str) -> None:
    schema = build_schema(f"type Item {{ v: {output} }} type Query {{ items: [Item] }}")
    many = [{"v": value}, {"v": None}, {"v": value}]

    await run(schema, "{ items { v } }", {"items": many})


async def test_introspection_is_answered_as_by_graphql_core() -> None:
    schema = build_schema(
        '"a" type Query { a(x: Int = 3): [E!]! @deprecated } enum E { A B } interface I { i: ID } '
        "type T implements I { i: ID } union U = T | Query input In { a: Int! = 2, b: [In!] } scalar S"
    )

    data = await run(schema, get_introspection_query(input_value_deprecation=True, schema_description=True))

    assert data["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


async def test_a_type_can_be_asked_for_by_name() -> None:
    schema = build_schema("type Query { a: String }")

    data = await run(
        schema, '{ __typename __type(name: "Query") { name fields { name } } none: __type(name: "No") { name } }'
    )

    assert data == {"__typename": "Query", "__type": {"name": "Query", "fields": [{"name": "a"}]}, "none": None}


async def test_fields_the_schema_has_not_and_missing_selections_are_left_out_as_by_graphql_core() -> None:
    schema = build_schema("type Query { a: Query b: Int }")
    case = Case(schema, "{ a b unknown other { b } }", root=lambda: {"a": {"b": 1}, "b": 2}, rules=())

    assert await assert_same(case) == {"a": {}, "b": 2}


async def test_a_deep_operation_is_answered() -> None:
    schema = build_schema("type Query { a: Query b: Int }")
    chain: dict[str, Any] = {"b": 1}
    chain["a"] = chain
    depth = 60

    data = await run(schema, "{ " + "a { " * depth + "b" + " }" * depth + " }", chain)

    assert repr(data).count("'a'") == depth


async def test_a_wide_operation_is_answered_without_a_generated_reader() -> None:
    schema = GraphQLSchema(
        GraphQLObjectType("Query", {f"f{n}": GraphQLField(GraphQLInt, resolve=lambda *_, n=n: n) for n in range(200)})
    )

    data = await run(schema, "{ " + " ".join(f"f{n}" for n in range(200)) + " }")

    assert data == {f"f{n}": n for n in range(200)}


async def test_a_fragment_that_spreads_itself_is_read_once() -> None:
    schema = build_schema("type Query { a: String b: String }")
    document = "{ a ...F ...F } fragment F on Query { b ...F }"

    data = await assert_same(Case(schema, document, root=lambda: {"a": "A", "b": "B"}, rules=()))

    assert data == {"a": "A", "b": "B"}


class Unlocatable(Exception):
    """Has what graphql-core takes for nodes of a document."""

    nodes = ("10.0.0.1:6379",)


class Mute(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        raise LookupError("no text")


@pytest.mark.parametrize("error", [Unlocatable("down"), Mute()])
async def test_an_error_that_cannot_be_told_costs_its_own_field_alone(error: Exception) -> None:
    schema = build_schema("type Thing { a: Int b: Int } type Query { thing: Thing }")

    result = await compile_operation(schema, "{ thing { a b } }").execute(root={"thing": {"a": error, "b": 2}})

    assert result.data == {"thing": {"a": None, "b": 2}}
    [told] = result.errors or []
    assert (told.message, told.path) == (f"{type(error).__name__} cannot be read.", ["thing", "a"])
    assert told.original_error is not None
    assert told.original_error.__cause__ is error


def listing(scalar: GraphQLScalarType) -> GraphQLSchema:
    """A schema whose field `all` is a list of the scalar."""
    return GraphQLSchema(GraphQLObjectType("Query", {"all": GraphQLField(GraphQLList(scalar))}))


async def test_each_value_is_serialised_once_whatever_stands_beside_it() -> None:
    asked: list[Any] = []

    def serialise(value: Any) -> Any:
        asked.append(value)
        return {1: "one", 2: None}[value]

    schema = listing(GraphQLScalarType("Once", coerce_output_value=serialise))

    result = await compile_operation(schema, "{ all }").execute(root={"all": [1, 2, 3, None, 1]})

    assert result.data == {"all": ["one", None, None, None, "one"]}
    assert [error.path for error in result.errors or []] == [["all", 1], ["all", 2]]
    assert asked == [1, 2, 3, 1]


async def test_a_scalar_may_serialise_with_a_coroutine() -> None:
    async def doubled(value: int) -> int:
        if value == 2:
            raise ValueError("not two")
        return 2 * value

    schema = listing(GraphQLScalarType("Doubled", coerce_output_value=doubled))

    assert await assert_same(Case(schema, "{ all }", root=lambda: {"all": [1, 2, None, 3]})) == {
        "all": [2, None, None, 6]
    }


async def test_an_enum_value_that_cannot_be_looked_up_loses_no_other() -> None:
    class Unhashable:
        def __hash__(self) -> int:
            raise StopIteration

    schema = build_schema("enum E { A B } type Query { all: [E] }")

    result = await compile_operation(schema, "{ all }").execute(root={"all": ["A", Unhashable(), "B"]})

    assert result.data == {"all": ["A", None, "B"]}
    assert [error.path for error in result.errors or []] == [["all", 1]]


async def test_what_a_resolver_does_to_its_nodes_the_next_execution_does_not_see() -> None:
    def adding(_source: Any, info: Any) -> int:
        info.field_nodes.append("junk")
        return len(info.field_nodes)

    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLInt, resolve=adding)})
    compiled = compile_operation(GraphQLSchema(query), "{ a }")

    assert [(await compiled.execute()).data for _ in range(3)] == [{"a": 2}] * 3
