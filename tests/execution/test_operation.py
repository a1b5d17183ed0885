from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    parse,
)

from customer_gateway.execution import Attribute, JsonText, OperationRejected, compile_operation
from customer_gateway.execution.compile.rows import reader

pytestmark = pytest.mark.anyio

SCHEMA = build_schema(
    """
    interface Node { id: ID! } union Any = A | B
    type A implements Node { id: ID!, a: String, b: B, node: Node }
    type B implements Node { id: ID!, b: String, any: Any }
    type Query { node: Node, any: [Any!], a: A, hello: String }
    type Mutation { do: A }
    """
)


@pytest.mark.parametrize(
    ("document", "name", "stage", "message"),
    [
        ("{", None, "parse", "Syntax Error: Expected Name, found <EOF>."),
        ("{ unknown }", None, "validation", "Cannot query field 'unknown' on type 'Query'."),
        (
            "query A { hello } query B { hello }",
            None,
            "operation",
            "Must provide operation name if query contains multiple operations.",
        ),
        ("query A { hello }", "C", "operation", "Unknown operation named 'C'."),
        ("query A { hello }", "", "operation", "Unknown operation named ''."),
    ],
)
def test_a_document_that_cannot_be_executed_is_rejected_at_its_stage(
    document: str, name: str | None, stage: str, message: str
) -> None:
    with pytest.raises(OperationRejected) as rejection:
        compile_operation(SCHEMA, document, name)

    assert rejection.value.stage == stage
    assert [error.message for error in rejection.value.errors] == [message]


def test_a_document_without_operation_is_rejected() -> None:
    with pytest.raises(OperationRejected, match="Must provide an operation"):
        compile_operation(SCHEMA, "fragment F on Query { hello }", None, ())


def test_a_misspelt_declaration_is_refused_when_it_is_planned() -> None:
    query = GraphQLObjectType("Query", {"a": GraphQLField(SCHEMA.type_map["ID"], extensions={"execution": "name"})})  # pyright: ignore[reportArgumentType]  an output type
    compiled = compile_operation(GraphQLSchema(query), "{ a }")

    with pytest.raises(TypeError, match="neither Attribute nor Batched"):
        compiled.fields_by_type()


async def test_the_named_operation_is_the_one_executed() -> None:
    document = "query A { one: hello } query B { two: hello } mutation C { do { id } }"

    result = await compile_operation(SCHEMA, document, "B").execute(root={"hello": "x"})

    assert result.data == {"two": "x"}
    assert compile_operation(SCHEMA, document, "C").operation_type == "mutation"


async def test_a_parsed_document_is_compiled_too() -> None:
    result = await compile_operation(SCHEMA, parse("{ hello }")).execute(root={"hello": "x"})

    assert result.data == {"hello": "x"}


async def test_definitions_that_cannot_be_executed_are_passed_over() -> None:
    document = "{ hello } type Other { hello: String } fragment Unused on Query { hello }"

    result = await compile_operation(SCHEMA, document, None, ()).execute(root={"hello": "x"})

    assert result.data == {"hello": "x"}


def test_the_fields_an_operation_reads_are_known_by_concrete_type() -> None:
    document = """query ($yes: Boolean!) {
      node { id ... on A { renamed: b { b } node { ... on B { any { __typename } } } } }
      a @include(if: $yes) { ...Parts }
    } fragment Parts on A { a b @skip(if: $yes) { id } }"""
    compiled = compile_operation(SCHEMA, document)

    with_a, without = compiled.fields_by_type({"yes": True}), compiled.fields_by_type({"yes": False})

    assert with_a == {
        "Query": frozenset({"node", "a"}),
        "A": frozenset({"id", "a", "b", "node", "__typename"}),
        "B": frozenset({"id", "b", "any", "__typename"}),
    }
    assert without == {
        "Query": frozenset({"node"}),
        "A": frozenset({"id", "b", "node", "__typename"}),
        "B": frozenset({"id", "b", "any", "__typename"}),
    }
    assert compiled.fields_by_type({"yes": True}) is with_a
    assert compiled.fields_by_type({}) == {}


def test_the_fields_below_one_field_of_the_root_are_known_without_those_of_others() -> None:
    document = """query ($yes: Boolean!) {
      first: a { id ...Parts @include(if: $yes) b { b any { ... on A { a } } } } a { b { id } } node { ... on A { a } }
      first: a { node { __typename } }
    } fragment Parts on A { a b { id } }"""
    bound = compile_operation(SCHEMA, document).bind({"yes": True})

    assert bound.fields_below("first", 1) == {"A": frozenset({"id", "a", "b", "node"})}
    below = {"A": frozenset({"id", "a", "b", "node", "__typename"}), "B": frozenset({"id", "b", "any", "__typename"})}
    assert bound.fields_below("first", 2) == below
    assert bound.fields_below("first", 2) is bound.fields_below("first", 2)
    assert bound.fields_below("a", 9) == {"A": frozenset({"b"}), "B": frozenset({"id"})}
    without = compile_operation(SCHEMA, document).bind({"yes": False})
    assert without.fields_below("first", 1) == {"A": frozenset({"id", "b", "node"})}
    assert bound.fields_below("other", 1) == {}
    assert compile_operation(SCHEMA, document).bind({}).fields_below("first", 1) == {}


def test_what_stands_beside_a_condition_that_is_null_is_not_read() -> None:
    document = """query ($yes: Boolean = true) {
      hello node { ... on A { a @include(if: $yes) node { id } } ... on B { b } }
    }"""
    compiled = compile_operation(SCHEMA, document)

    assert compiled.fields_by_type({"yes": None}) == {
        "Query": frozenset({"hello", "node"}),
        "B": frozenset({"b"}),
    }


def test_interfaces_within_interfaces_are_looked_at_once() -> None:
    inner = "id"
    for _ in range(40):
        inner = f"id ... on A {{ node {{ {inner} }} }}"

    fields = compile_operation(SCHEMA, f"{{ node {{ {inner} }} }}", None, ()).fields_by_type()

    assert fields["A"] == frozenset({"id", "node"})


async def test_bytes_are_the_response_in_the_order_of_the_specification() -> None:
    compiled = compile_operation(SCHEMA, "{ hello a { id } }")

    body = await compiled.execute_to_bytes(root={"hello": "ä", "a": {}}, extensions={"cost": 1})

    assert list(json.loads(body)) == ["errors", "data", "extensions"]
    assert json.loads(body)["data"] == {"hello": "ä", "a": None}
    assert json.loads(body)["errors"][0]["path"] == ["a", "id"]


async def test_errors_are_formatted_by_whoever_sends_them() -> None:
    compiled = compile_operation(SCHEMA, "{ hello }")

    body = await compiled.execute_to_bytes(
        root={"hello": ValueError("secret")},
        formatter=lambda error: {"message": type(error.original_error).__name__, "path": error.path},
    )

    assert json.loads(body) == {"errors": [{"message": "ValueError", "path": ["hello"]}], "data": {"hello": None}}


@pytest.mark.parametrize("value", ["\ud800", 2**70, {1: "a"}, ["x", None, 1.5], dt.date(2026, 1, 2)])
async def test_whatever_a_scalar_gives_is_written_as_json(value: Any) -> None:
    anything = GraphQLScalarType("Anything")
    query = GraphQLObjectType("Query", {"a": GraphQLField(anything, resolve=lambda *_: value)})

    body = await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()

    assert json.loads(body)["data"]["a"] == json.loads(json.dumps(value, default=str))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("beside", [None, "\ud800", 2**70, {1: "a"}], ids=["nothing", "surrogate", "large", "key"])
async def test_a_number_that_json_has_not_is_null(number: float, beside: Any) -> None:
    values = {"numbers": [number, (1.5, number)], "number": number, "beside": beside}
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: values)})

    body = await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()

    expected = {"numbers": [None, [1.5, None]], "number": None, "beside": json.loads(json.dumps(beside))}
    assert json.loads(body, parse_constant=pytest.fail) == {"data": {"a": expected}}


@pytest.mark.parametrize("text", [b'{"a": 1.10, "a":1E+2}', rb'"\ud83c"', b"1e400", '"ä"'.encode()])
@pytest.mark.parametrize("beside", [None, "\ud800", 2**70, {1: "a"}, float("nan")])
async def test_json_text_stands_in_the_answer_as_it_is_whatever_stands_beside_it(beside: Any, text: bytes) -> None:
    values = [JsonText(text), beside]
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: values)})

    body = await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()

    assert body.startswith(b'{"data":{"a":[' + text + b",")


async def test_what_is_written_at_length_is_written_alike() -> None:
    values = {"day": dt.date(2026, 1, 2), "id": UUID(int=1), "text": "ä"}
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: values)})
    compiled = compile_operation(GraphQLSchema(query), "{ a }")

    short = json.loads(await compiled.execute_to_bytes())
    long = json.loads(await compiled.execute_to_bytes(extensions={"large": 2**70}))

    assert long == {**short, "extensions": {"large": 2**70}}


INNERMOST: list[tuple[Any, str]] = [
    ([], "[]"),
    ((1, {}), "[1,{}]"),
    ({1: None, "b": True}, '{"1":null,"b":true}'),
    ("\ud800", '"\\ud800"'),
    (2**70, str(2**70)),
    (float("nan"), "null"),
    (dt.date(2026, 1, 2), '"2026-01-02"'),
    (JsonText(b'{"n": 1.10, "n":1e400}'), '{"n": 1.10, "n":1e400}'),
]


@pytest.mark.parametrize("pairs", [50, 150, 515, 4_900])
@pytest.mark.parametrize(("innermost", "text"), INNERMOST)
async def test_what_nests_deep_is_answered_whole(pairs: int, innermost: Any, text: str) -> None:
    value = innermost
    for _ in range(pairs):
        value = [{"in": value, "beside": 1.5}, 2]
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: value)})

    body = await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()

    expected = '[{"in":' * pairs + text + ',"beside":1.5},2]' * pairs
    assert body.decode() == f'{{"data":{{"a":{expected}}}}}'


async def test_what_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: value)})

    with pytest.raises(TypeError, match="holds itself"):
        await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()


async def test_what_json_cannot_say_is_refused() -> None:
    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLScalarType("Anything"), resolve=lambda *_: object())})

    with pytest.raises(TypeError):
        await compile_operation(GraphQLSchema(query), "{ a }").execute_to_bytes()


async def test_a_selection_used_often_is_compiled_and_answers_the_same() -> None:
    schema = build_schema("type Item { id: ID!, text: String } type Query { item: Item }")
    item: Any = schema.type_map["Item"]
    for name in ("id", "text"):
        item.fields[name].extensions = {"execution": Attribute(name)}
    compiled = compile_operation(schema, "{ item { id text __typename } }")

    class Item:
        id = "1"
        text = None

    answers = [(await compiled.execute(root={"item": Item()})).data for _ in range(30)]

    assert answers == [{"item": {"id": "1", "text": None, "__typename": "Item"}}] * 30


async def test_names_that_are_long_are_not_compiled_and_answer_the_same() -> None:
    schema = build_schema("type Item { id: ID! } type Query { item: Item }")
    item: Any = schema.type_map["Item"]
    item.fields["id"].extensions = {"execution": Attribute("id")}
    name = "x" * 3_000
    before = reader.cache_info().currsize

    class Item:
        id = "1"

    compiled = compile_operation(schema, f"{{ item {{ {name}: id }} }}")
    answers = [(await compiled.execute(root={"item": Item()})).data for _ in range(30)]

    assert answers == [{"item": {name: "1"}}] * 30
    assert reader.cache_info().currsize == before
