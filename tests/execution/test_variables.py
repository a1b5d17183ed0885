# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

from typing import Any

import pytest
from execution.sameness import Case, assert_same, by_reference, described, with_reference_resolvers
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    parse,
    print_ast,
)

from customer_gateway.execution import Batched, compile_operation

pytestmark = pytest.mark.anyio


def faulty(_value: Any, *_rest: Any) -> Any:
    raise ValueError("faulty scalar")


COLOUR = GraphQLEnumType("Colour", {"RED": 0, "NAN": float("nan"), "NOTHING": None, "LIST": (1, 2)})
FAULTY = GraphQLScalarType("Faulty", coerce_input_value=faulty, coerce_input_literal=faulty)
WRITTEN = GraphQLScalarType("Written", coerce_input_value=repr, coerce_input_literal=print_ast)
"""A scalar that is whatever was written, of which a part may be a variable."""
INPUT = GraphQLInputObjectType(
    "In",
    lambda: {
        "a": GraphQLInputField(GraphQLString),
        "b": GraphQLInputField(GraphQLList(GraphQLString)),
        "must": GraphQLInputField(GraphQLNonNull(GraphQLString)),
        "named": GraphQLInputField(GraphQLInt, default_value=7, out_name="other"),
        "inner": GraphQLInputField(INPUT),
    },
)
CHOICE = GraphQLInputObjectType(
    "Choice", {"a": GraphQLInputField(GraphQLString), "b": GraphQLInputField(GraphQLInt)}, is_one_of=True
)

TYPES: dict[str, Any] = {
    "Text": GraphQLString,
    "Int": GraphQLInt,
    "Colour": COLOUR,
    "Faulty": FAULTY,
    "Written": WRITTEN,
    "Input": INPUT,
    "Choice": CHOICE,
    "List": GraphQLList(GraphQLString),
    "Texts": GraphQLList(GraphQLNonNull(GraphQLString)),
    "Matrix": GraphQLList(GraphQLList(GraphQLInt)),
    "Must": GraphQLNonNull(GraphQLString),
    "MustTexts": GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString))),
}


def shown(_source: Any, _info: Any, **arguments: Any) -> str:
    return repr(arguments)


def shown_at_once(parents: list[Any], _context: Any, **arguments: Any) -> list[str]:
    return [repr(arguments)] * len(parents)


def schema() -> GraphQLSchema:
    fields: dict[str, GraphQLField] = {}
    for name, input_type in TYPES.items():
        given = {"input": GraphQLArgument(input_type)}
        fields[f"native{name}"] = GraphQLField(GraphQLString, given, shown)
        fields[f"batched{name}"] = GraphQLField(GraphQLString, given, extensions={"execution": Batched(shown_at_once)})
    default = {"input": GraphQLArgument(GraphQLNonNull(GraphQLString), default_value="default", out_name="renamed")}
    fields["nativeDefault"] = GraphQLField(GraphQLString, default, shown)
    fields["batchedDefault"] = GraphQLField(GraphQLString, default, extensions={"execution": Batched(shown_at_once)})
    return with_reference_resolvers(GraphQLSchema(GraphQLObjectType("Query", fields)))


SCHEMA = schema()

LITERALS = {
    "Text": ['"x"', "null", "7", '"é"'],
    "Int": ["7", "null", "2147483648", '"7"'],
    "Colour": ["RED", "NAN", "NOTHING", "LIST", "MAUVE", '"RED"', "null"],
    "Faulty": ['"x"', "null"],
    "Input": [
        '{must: "m"}',
        '{a: "x", b: "y", must: "m"}',
        '{a: null, b: [null, "z"], must: "m", named: 3}',
        "{}",
        "{must: null}",
        '{must: "m", unknown: 1}',
        '["x"]',
        '{must: "m", inner: {must: "i", inner: {a: "deep"}}}',
    ],
    "Choice": ['{a: "x"}', "{b: 1}", '{a: "x", b: 1}', "{a: null}", "{}"],
    "List": ['["a", null]', '"one"', "null", "[]", "[1]"],
    "Texts": ['["a"]', "[null]", "null", '"one"'],
    "Matrix": ["[[1], [2, 3]]", "[1, 2]", "1", "[[null], null]"],
    "Must": ['"x"', "null"],
    "MustTexts": ['["a"]', "null", "[null]"],
}

VALUES = {
    "Text": ["x", None, 7, ["x"], {}],
    "Int": [7, None, 2**31, "7", 7.0, 7.5, True],
    "Colour": ["RED", "NAN", "NOTHING", "MAUVE", 0, None],
    "Faulty": ["x", None],
    "Input": [
        {"must": "m"},
        {"a": "x", "b": "y", "must": "m", "named": None},
        {},
        {"must": None},
        {"must": "m", "unknown": 1},
        {"must": "m", "inner": {"a": 4, "b": [5]}},
        "text",
        None,
    ],
    "Choice": [{"a": "x"}, {"a": "x", "b": 1}, {"a": None}, {}, {"c": 1}],
    "List": [["a", None], "one", None, [], [1]],
    "Texts": [["a"], [None], None],
    "Matrix": [[[1]], [1, 2], 1, [["x"]]],
    "Must": ["x", None],
    "MustTexts": [["a"], None, [None]],
}


@pytest.mark.parametrize(("name", "literal"), [(name, each) for name, all_of in LITERALS.items() for each in all_of])
async def test_a_literal_argument_arrives_as_by_graphql_core(name: str, literal: str) -> None:
    document = f"{{ native: native{name}(input: {literal}) batched: batched{name}(input: {literal}) }}"

    await assert_same(Case(SCHEMA, document, rules=()))


@pytest.mark.parametrize(("name", "value"), [(name, each) for name, all_of in VALUES.items() for each in all_of])
async def test_a_variable_arrives_as_by_graphql_core(name: str, value: Any) -> None:
    document = (
        f"query ($v: {TYPES[name]}) {{ native: native{name}(input: $v) again: native{name}(input: $v) "
        f"batched: batched{name}(input: $v) }}"
    )

    await assert_same(Case(SCHEMA, document, {"v": value}, rules=()))
    await assert_same(Case(SCHEMA, document, {}, rules=()))


@pytest.mark.parametrize("variables", [{}, {"v": None}, {"v": "given"}, {"v": 4}, None])
@pytest.mark.parametrize(
    "declared", ["$v: String", '$v: String = "operation"', "$v: String = null", "$v: String!", '$v: String! = "o"']
)
@pytest.mark.parametrize("field", ["Default", "Text", "Must"])
async def test_defaults_of_operation_and_schema_apply_in_turn(field: str, declared: str, variables: Any) -> None:
    document = f"query ({declared}) {{ native{field}(input: $v) batched{field}(input: $v) }}"

    await assert_same(Case(SCHEMA, document, variables, rules=()))


@pytest.mark.parametrize("variables", [{}, {"v": None}, {"v": "given"}, {"n": 3, "v": "x"}])
async def test_variables_inside_of_literals_are_put_in(variables: Any) -> None:
    document = (
        "query ($v: String, $n: Int = 5) "
        '{ nativeInput(input: {a: $v, b: [$v, "x"], must: "m", named: $n, inner: {must: $v}}) '
        'batchedInput(input: {must: "m", b: [$v], named: $n}) nativeList(input: [$v]) '
        "batchedMatrix(input: [[$n], $n]) }"
    )

    await assert_same(Case(SCHEMA, document, variables, rules=()))


@pytest.mark.parametrize("variables", [{}, {"v": None}, {"v": "given"}, {"n": 3, "v": "x"}])
async def test_variables_inside_of_a_literal_that_a_scalar_reads_are_put_in(variables: Any) -> None:
    document = (
        "query ($v: String, $n: Int = 5) "
        "{ nativeWritten(input: {a: $v, b: [$n, {c: $v}]}) batchedWritten(input: [$n, $v]) }"
    )

    await assert_same(Case(SCHEMA, document, variables, rules=()))


async def test_an_argument_that_is_not_given_is_not_passed() -> None:
    data = await assert_same(Case(SCHEMA, "{ nativeText batchedText nativeDefault nativeMust }", rules=()))

    assert data == {
        "nativeText": "{}",
        "batchedText": "{}",
        "nativeDefault": "{'renamed': 'default'}",
        "nativeMust": None,
    }


async def test_variables_that_do_not_fit_refuse_the_request_and_list_every_error() -> None:
    document = (
        "query ($a: Int, $b: In!, $c: Colour) { nativeInt(input: $a) nativeInput(input: $b) nativeColour(input: $c) }"
    )
    variables = {"a": "x", "b": {"a": 1, "inner": {}}, "c": 9}

    result = await compile_operation(SCHEMA, document).execute(variables)
    reference = await by_reference(Case(SCHEMA, document, variables), parse(document))

    assert not result.executed
    assert list(map(described, result.errors or [])) == list(map(described, reference.errors))
    assert b'"data"' not in result.to_bytes()


async def test_a_variable_of_a_type_the_schema_has_not_refuses_the_request() -> None:
    await assert_same(Case(SCHEMA, "query ($v: Unheard, $w: Query) { nativeText(input: $v) }", {"v": 1}, rules=()))


async def test_names_of_the_schema_can_be_kept_out_of_errors() -> None:
    document = "query ($c: Colour) { nativeColour(input: $c) }"

    told = await compile_operation(SCHEMA, document).execute({"c": "REDD"})
    hidden = await compile_operation(SCHEMA, document, hide_suggestions=True).execute({"c": "REDD"})

    assert "Did you mean" in (told.errors or [])[0].message
    assert "Did you mean" not in (hidden.errors or [])[0].message


async def test_nothing_a_resolver_does_to_its_arguments_reaches_the_next_execution() -> None:
    def spoil(_source: Any, _info: Any, **arguments: Any) -> str:
        shown_now = repr(arguments)
        arguments["input"]["b"].append("spoilt")
        return shown_now

    query = GraphQLObjectType("Query", {"a": GraphQLField(GraphQLString, {"input": GraphQLArgument(INPUT)}, spoil)})
    compiled = compile_operation(GraphQLSchema(query), '{ a(input: {must: "m", b: ["x"]}) }')

    first, second = await compiled.execute(), await compiled.execute()

    assert first.data == second.data


FRAGMENT_ARGUMENTS = """
query ($o: String = "operation") { ...Parts(v: "one") ...Parts2(v: $o) }
fragment Parts($v: String) on Query { one: nativeText(input: $v) two: batchedText(input: $v) @skip(if: false) }
fragment Parts2($v: String!) on Query { three: nativeText(input: $v) ...Parts3(w: $v) }
fragment Parts3($w: String, $v: String = "d") on Query { four: nativeText(input: $w) five: batchedText(input: $v) }
"""


@pytest.mark.parametrize("variables", [{}, {"o": "given"}])
async def test_arguments_of_fragments_are_bound_for_each_execution(variables: Any) -> None:
    document = parse(FRAGMENT_ARGUMENTS, experimental_fragment_arguments=True)
    compiled = compile_operation(SCHEMA, document, None, ())

    result = await compiled.execute(variables)
    again = await compiled.execute({"o": "other"})
    reference = await by_reference(Case(SCHEMA, "", variables), document)

    assert result.data == reference.data
    assert again.data != result.data
