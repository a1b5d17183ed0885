from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema

from customer_gateway.api.error_formatting import LONGEST_MESSAGE, coded
from customer_gateway.execution import compile_operation

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("""
enum Colour { RED GREEN }
input Filter { number: Int!  texts: [String!]  colour: Colour }
type Query {
  read(filter: Filter, number: Int, colour: Colour, numbers: [Int!], id: ID, flag: Boolean, ratio: Float,
       text: String): Int
}
""")
OF_VARIABLES = """
query ($filter: Filter, $number: Int, $colour: Colour, $numbers: [Int!], $id: ID, $flag: Boolean, $ratio: Float,
       $text: String) {
  read(filter: $filter, number: $number, colour: $colour, numbers: $numbers, id: $id, flag: $flag, ratio: $ratio,
       text: $text)
}
"""
PERSONAL = "anna, found: value: ' does not exist in 12"


@pytest.mark.parametrize(
    ("variables", "place", "reason"),
    [
        ({"number": PERSONAL}, "", "Int cannot represent non-integer value."),
        ({"number": 2**40}, "", "Int cannot represent non 32-bit signed integer value."),
        ({"numbers": [1, PERSONAL]}, " at [1]", "Int cannot represent non-integer value."),
        ({"colour": PERSONAL}, "", "this value does not exist in 'Colour' enum."),
        ({"colour": {"x": PERSONAL}}, "", "Enum 'Colour' cannot represent non-string value."),
        ({"id": [PERSONAL]}, "", "ID cannot represent this value."),
        ({"flag": PERSONAL}, "", "Boolean cannot represent a non boolean value."),
        ({"ratio": PERSONAL}, "", "Float cannot represent non numeric value."),
        ({"text": {"x": PERSONAL}}, "", "String cannot represent a non string value."),
        ({"filter": PERSONAL}, "", "Expected value of type 'Filter' to be an object."),
        ({"filter": {"texts": [PERSONAL]}}, "", "Expected value of type 'Filter' to include required field 'number'."),
        (
            {"filter": {"number": 1, "wrong": PERSONAL}},
            "",
            "Expected value of type 'Filter' not to include unknown field 'wrong'.",
        ),
        (
            {"filter": {"number": 1, "nubmer": PERSONAL}},
            "",
            "Expected value of type 'Filter' not to include unknown field 'nubmer'. Did you mean 'number'?",
        ),
        ({"colour": "REDD"}, "", "this value does not exist in 'Colour' enum. Did you mean the enum value 'RED'?"),
        ({"filter": {"number": None}}, " at .number", "Expected value of non-null type 'Int!' not to be null."),
    ],
)
async def test_a_wrong_variable_is_told_by_its_place_and_type_and_never_repeated(
    variables: dict[str, Any], place: str, reason: str
) -> None:
    (name,) = variables

    assert await messages(OF_VARIABLES, variables) == [f"Variable '${name}' has invalid value{place}: {reason}"]


@pytest.mark.parametrize("part", [": Value '", "cannot represent ", ", found: ", "' does not exist in"])
async def test_a_name_as_long_as_a_request_costs_no_more_than_it_takes_to_read(part: str) -> None:
    (message, _) = await messages(OF_VARIABLES, {"filter": {part * 30_000: 1}})

    assert len(message) <= LONGEST_MESSAGE


async def test_a_wrong_variable_inside_a_literal_is_not_repeated_either() -> None:
    query = 'query ($text: String = "x") { read(filter: { number: 1, texts: [$text] }) }'

    (message,) = await messages(query, {"text": None})

    assert message.startswith("Argument 'filter' has invalid value at .texts[0]:")
    assert "None" not in message


async def test_what_a_resolver_says_stays_as_it_is() -> None:
    (message,) = await messages("{ read }", {}, {"read": "one, found: two"})

    assert message == "Int cannot represent non-integer value: 'one, found: two'"


async def messages(query: str, variables: dict[str, Any], root: object = None) -> list[str]:
    """Those of all errors, as clients see them."""
    operation = compile_operation(SCHEMA, query)
    result = await operation.execute(variables, root=root)
    return [coded(error, "BAD_USER_INPUT")["message"] for error in result.errors or ()]
