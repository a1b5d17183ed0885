"""graphql-core's own messages whose English `api` reads: each is provoked in graphql-core, and has the words."""

from __future__ import annotations

import ast
from inspect import getsource
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  its executor_class is untyped upstream
    parse,
    specified_rules,
    validate,
)
from graphql.validation import OverlappingFieldsCanBeMergedRule

from customer_gateway.api import error_formatting as formatting
from customer_gateway.api import limits

if TYPE_CHECKING:
    from types import ModuleType

SDL = """
type Query {
  pick(colour: Colour, filter: Filter, id: ID, flag: Boolean, ratio: Float, number: Int, text: String): Int
}
enum Colour { RED }
input Filter { number: Int!, numbers: [Int!] }
"""


@pytest.fixture
def schema() -> GraphQLSchema:
    return build_schema(SDL)


def refused(document: str, **bounds: Any) -> str:
    with pytest.raises(GraphQLError) as caught:
        parse(document, **bounds)
    return caught.value.message


def of_variable(schema: GraphQLSchema, declared: str, value: object) -> str:
    """What is said of a variable of that type with that value."""
    kind = declared.rstrip("!")
    argument = {"Boolean": "flag", "Float": "ratio", "Int": "number", "String": "text"}.get(kind, kind.lower())
    return executed(schema, f"query ($it: {declared}) {{ pick({argument}: $it) }}", {"it": value})


def executed(schema: GraphQLSchema, document: str, variables: dict[str, object] | None = None) -> str:
    """What is said by the execution of a document that was not validated."""
    (error,) = execute_sync(schema, parse(document), variable_values=variables).errors or []
    return error.message


def reason(message: str) -> str:
    return message.partition("invalid value: ")[2]


@pytest.mark.parametrize("document", ["{ a " * 3_000 + "}" * 3_000, "{ a(b: " + "[" * 3_000 + "]" * 3_000 + ") }"])
def test_a_document_that_nests_too_deep_for_the_parser(document: str) -> None:
    assert "nested too deeply" in refused(document)


@pytest.mark.parametrize(
    ("document", "bounds"), [("{ a b c }", {"max_lexical_tokens": 3}), ("#\n#\n#\n{ a }", {"max_comments": 2})]
)
def test_a_document_with_more_tokens_or_comments_than_are_parsed(document: str, bounds: dict[str, int]) -> None:
    assert "Parsing aborted" in refused(document, **bounds)


def test_a_document_whose_fields_are_too_many_to_compare(schema: GraphQLSchema) -> None:
    class Poor(OverlappingFieldsCanBeMergedRule):
        def __init__(self, context: Any) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = 2

    rules = [Poor if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules]
    errors = validate(schema, parse(f"{{ {' '.join(['a: pick'] * 50)} }}"), rules)

    assert "Validation aborted." in [error.message for error in errors]


@pytest.mark.parametrize(
    ("declared", "value", "place"),
    [("Int", "secret", ""), ("Filter", {"number": 1, "numbers": [1, "secret"]}, " at .numbers[1]")],
)
def test_a_variable_with_a_value_that_does_not_fit(
    schema: GraphQLSchema, declared: str, value: object, place: str
) -> None:
    assert of_variable(schema, declared, value).startswith(f"Variable '$it' has invalid value{place}: ")


def test_an_argument_with_a_value_that_does_not_fit(schema: GraphQLSchema) -> None:
    assert executed(schema, '{ pick(number: "secret") }').startswith("Argument 'number' has invalid value: ")


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("Int", "secret"),
        ("Int", 2**40),
        ("Float", "secret"),
        ("Boolean", "secret"),
        ("String", {"x": "secret"}),
        ("ID", ["secret"]),
        ("Colour", {"x": "secret"}),
    ],
)
def test_a_value_that_a_scalar_or_an_enum_cannot_represent(schema: GraphQLSchema, declared: str, value: object) -> None:
    kept, colon, shown = reason(of_variable(schema, declared, value)).partition(": ")

    assert " cannot represent " in kept
    assert colon
    assert "secret" not in kept
    assert shown


def test_a_value_that_an_id_cannot_represent(schema: GraphQLSchema) -> None:
    assert "cannot represent value: " in of_variable(schema, "ID", ["secret"])


def test_a_value_that_an_enum_does_not_have(schema: GraphQLSchema) -> None:
    said = reason(of_variable(schema, "Colour", "REDD"))

    assert said == "Value 'REDD' does not exist in 'Colour' enum. Did you mean the enum value 'RED'?"


@pytest.mark.parametrize(
    ("value", "start", "parted_by"),
    [
        ("secret", "Expected value of type 'Filter' to be an object", ", found: "),
        ({}, "Expected value of type 'Filter' to include required field 'number'", ", found: "),
        ({"number": 1, "nubmer": "secret"}, "Expected value of type 'Filter' not to include", "? Found: "),
        ({"number": 1, "x": "secret"}, "Expected value of type 'Filter' not to include", ", found: "),
    ],
)
def test_an_object_that_does_not_fit(schema: GraphQLSchema, value: object, start: str, parted_by: str) -> None:
    said = reason(of_variable(schema, "Filter", value))

    assert said.startswith(start)
    assert parted_by in said


def test_a_value_that_a_scalar_of_ours_does_not_take() -> None:
    def unreadable(value: object) -> object:
        raise ValueError(f"{value} cannot be read")

    day = GraphQLScalarType("Day", parse_value=unreadable)
    field = GraphQLField(GraphQLInt, {"day": GraphQLArgument(day)})
    schema = GraphQLSchema(GraphQLObjectType("Query", {"pick": field}))

    said = reason(of_variable(schema, "Day", "secret"))

    assert said.startswith("Expected value of type 'Day', but encountered error ")


@pytest.mark.parametrize(
    ("declared", "value"), [("Int!", None), ("Filter!", None), ("Filter", {"number": 1, "numbers": [None]})]
)
def test_null_where_there_must_be_a_value(schema: GraphQLSchema, declared: str, value: object) -> None:
    assert of_variable(schema, declared, value).endswith("not to be None.")


READ = {
    (limits, "_refusal_of"): {"nested too deeply", "Parsing aborted"},
    (limits, "refuse_invalid"): {"Validation aborted."},
    (formatting, "_code_of"): {"Argument '"},
    (formatting, "_reason_alone"): {
        "Value '",
        "' does not exist in",
        "not to be None.",
        "Expected ",
        " cannot represent ",
        "cannot represent value",
    },
}


@pytest.mark.parametrize(("module", "function"), READ)
def test_every_text_that_is_looked_for_is_provoked_above(module: ModuleType, function: str) -> None:
    """What `in`, `==` and the methods of strings look for in a message, as it stands in the source."""
    functions = (node for node in ast.parse(getsource(module)).body if isinstance(node, ast.FunctionDef))
    (read,) = (node for node in functions if node.name == function)
    looked_for: set[str] = set()
    for node in ast.walk(read):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            parts = node.args[:1] if node.func.attr in {"startswith", "endswith", "rfind", "replace"} else []
        looked_for |= {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}

    assert looked_for - {"code", "?"} == READ[module, function]
