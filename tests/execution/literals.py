"""Arguments of every input type, and generated literals for them with variables, some of which do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from execution.sameness import with_reference_resolvers
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLDefaultInput,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    parse_const_value,
)
from hypothesis import strategies as st

from customer_gateway.execution import Batched

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[st.SearchStrategy[Any]], Any]


class Built(dict[str, Any]):
    """What an input object with an `out_type` becomes."""

    def __repr__(self) -> str:
        return f"Built({super().__repr__()})"


def picky(value: Any) -> Any:
    if value == "bad":
        raise ValueError("picky")
    return ["made of", value]


COLOUR = GraphQLEnumType("Colour", {"RED": "red", "GREEN": None, "BLUE": [3]})
ANYTHING = GraphQLScalarType("Anything")
PICKY = GraphQLScalarType("Picky", coerce_input_value=picky)
CHOICE = GraphQLInputObjectType(
    "Choice",
    lambda: {
        "text": GraphQLInputField(GraphQLString, out_name="words"),
        "number": GraphQLInputField(GraphQLInt),
        "deep": GraphQLInputField(DEEP),
    },
    is_one_of=True,
)
DEEP = GraphQLInputObjectType(
    "Deep",
    lambda: {
        "text": GraphQLInputField(GraphQLString, default_value="by default"),
        "must": GraphQLInputField(GraphQLNonNull(GraphQLInt)),
        "mustByDefault": GraphQLInputField(GraphQLNonNull(GraphQLInt), default_value=7, out_name="must_by_default"),
        "numbers": GraphQLInputField(
            GraphQLList(GraphQLInt), default=GraphQLDefaultInput(literal=parse_const_value("[1, null]"))
        ),
        "texts": GraphQLInputField(GraphQLList(GraphQLNonNull(GraphQLString))),
        "matrix": GraphQLInputField(GraphQLList(GraphQLList(GraphQLNonNull(GraphQLInt)))),
        "colour": GraphQLInputField(COLOUR, default_value="GREEN"),
        "anything": GraphQLInputField(ANYTHING),
        "picky": GraphQLInputField(PICKY),
        "choice": GraphQLInputField(CHOICE),
        "deep": GraphQLInputField(DEEP),
        "deeps": GraphQLInputField(GraphQLList(GraphQLNonNull(DEEP))),
    },
    out_type=Built,
)

WRONG = GraphQLDefaultInput(value="of a wrong type")
BROKEN = GraphQLInputObjectType(
    "Broken", {"number": GraphQLInputField(GraphQLInt, default=WRONG), "text": GraphQLInputField(GraphQLString)}
)

DEFAULTED: list[GraphQLArgument] = [
    GraphQLArgument(GraphQLNonNull(GraphQLInt), default_value=1, out_name="renamed"),
    GraphQLArgument(GraphQLList(GraphQLString), default_value=["x"]),
    GraphQLArgument(DEEP, default=GraphQLDefaultInput(value={"must": 1, "texts": ["a"]})),
    GraphQLArgument(GraphQLInt, default=WRONG),
    GraphQLArgument(BROKEN),
]
TYPES: list[Any] = [
    GraphQLString,
    GraphQLInt,
    GraphQLFloat,
    GraphQLID,
    GraphQLBoolean,
    COLOUR,
    ANYTHING,
    PICKY,
    CHOICE,
    DEEP,
    GraphQLList(GraphQLInt),
    GraphQLList(GraphQLNonNull(GraphQLString)),
    GraphQLList(GraphQLList(GraphQLInt)),
    GraphQLList(COLOUR),
    GraphQLList(PICKY),
    GraphQLList(CHOICE),
    GraphQLNonNull(GraphQLInt),
    GraphQLNonNull(DEEP),
    GraphQLNonNull(GraphQLList(GraphQLNonNull(DEEP))),
]
ARGUMENTS = [*DEFAULTED, *map(GraphQLArgument, TYPES)]

VARIABLES: dict[str, list[tuple[str, list[Any]]]] = {
    "Int": [("Int", [1, None]), ("Int!", [2]), ("Int = 3", [4, None])],
    "String": [("String", ["a", None]), ('String! = "b"', ["c"])],
    "Colour": [("Colour = RED", ["RED", "BLUE", None])],
    "Anything": [("Anything", [{"a": [1]}, 7, None]), ("Anything = {a: [1, {b: RED}]}", [8])],
    "Picky": [("Picky", ["fine", None]), ("Picky = 4", [5])],
    "Choice": [("Choice", [{"text": "x"}, None])],
    "Deep": [('Deep = {must: 5, texts: ["t"]}', [{"must": 1}, None, {"must": 1, "deep": {"must": 2}}, {}])],
    "[Int]": [("[Int] = [1, null]", [[2], 3, None])],
    "[String!]": [('[String!]! = "one"', [["x", "y"], "z"])],
}
"""Declarations of variables by the type they are of, each with values."""


def shown(_source: Any, _info: Any, **arguments: Any) -> str:
    return repr(arguments)


def shown_at_once(parents: list[Any], _context: Any, **arguments: Any) -> list[str]:
    return [repr(arguments)] * len(parents)


def place(input_type: Any) -> int:
    """The number of the fields whose argument is of that type."""
    return len(DEFAULTED) + TYPES.index(input_type)


def literal_schema() -> GraphQLSchema:
    fields: dict[str, GraphQLField] = {}
    for number, argument in enumerate(ARGUMENTS):
        two = {"first": argument, "second": GraphQLArgument(GraphQLInt, default_value=5)}
        fields[f"native{number}"] = GraphQLField(GraphQLString, two, shown)
        fields[f"batched{number}"] = GraphQLField(GraphQLString, two, extensions={"execution": Batched(shown_at_once)})
    return with_reference_resolvers(GraphQLSchema(GraphQLObjectType("Query", fields), assume_valid=True))


# Its faulty defaults are there on purpose.
SCHEMA = literal_schema()


class Writer:
    """Writes literals, and notes the variables that it puts in."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.declared: dict[str, str] = {}
        self.given: dict[str, Any] = {}

    def document(self) -> str:
        number = self.draw(st.integers(0, len(ARGUMENTS) - 1))
        first = f"first: {self.value(ARGUMENTS[number].type, 3)}" if self.chance(9) else ""
        second = f"second: {self.value(GraphQLInt, 0)}" if self.chance(3) or not first else ""
        fields = " ".join(f"{way}: {way}{number}({first} {second})" for way in ("native", "batched"))
        declared = ", ".join(f"${name}: {declaration}" for name, declaration in self.declared.items())
        return f"query {f'({declared})' if declared else ''} {{ {fields} }}"

    def chance(self, of_ten: int) -> bool:
        return self.draw(st.integers(1, 10)) <= of_ten

    def value(self, input_type: Any, depth: int) -> str:
        if self.chance(4):
            known = VARIABLES.get(str(input_type).removesuffix("!")) if self.chance(9) else VARIABLES["Int"]
            if known:
                return self.variable(known)
        if self.draw(st.integers(0, 14)) == 0:
            return self.draw(st.sampled_from(["null", "null", '"strange"', "[]", "{ strange: 1 }", "$undeclared"]))
        return self.literal(input_type.of_type if is_non_null_type(input_type) else input_type, depth)

    def variable(self, known: list[tuple[str, list[str]]]) -> str:
        declaration, values = self.draw(st.sampled_from(known))
        name = f"v{len(self.declared)}"
        self.declared[name] = declaration
        if self.chance(7) or ("!" in declaration and "=" not in declaration):
            self.given[name] = self.draw(st.sampled_from(values))
        return f"${name}"

    def literal(self, input_type: Any, depth: int) -> str:
        if is_list_type(input_type):
            if self.chance(2):
                return self.value(input_type.of_type, depth)
            return f"[{', '.join(self.value(input_type.of_type, depth) for _ in range(self.draw(st.integers(0, 3))))}]"
        if is_input_object_type(input_type):
            return self.input_object(input_type, depth)
        return self.draw(st.sampled_from(LEAVES[input_type.name])).replace("$int", self.value(GraphQLInt, 0))

    def input_object(self, input_type: GraphQLInputObjectType, depth: int) -> str:
        wanted = dict(input_type.fields)
        if input_type.is_one_of and self.chance(6):
            name = self.draw(st.sampled_from(sorted(wanted)))
            wanted = {name: wanted[name]}
        parts = [
            f"{name}: {self.value(field.type, depth - 1)}"
            for name, field in wanted.items()
            if (depth > 0 or not is_input_object_type(field.type))
            and (len(wanted) == 1 or self.chance(9 if name == "must" else 3))
        ]
        if self.draw(st.integers(0, 29)) == 0:
            parts.append("strange: 1")
        return f"{{{', '.join(parts)}}}"


LEAVES = {
    "String": ['"word"', '""', '"""block"""'],
    "Int": ["0", "7", "-2", "7"],
    "Float": ["1.5", "2"],
    "ID": ['"a"', "4"],
    "Boolean": ["true", "false"],
    "Colour": ["RED", "GREEN", "BLUE"],
    "Anything": ["1", "RED", '"x"', "[1, $int]", "{ a: $int, b: [{ c: $int }] }", "{ a: 1 }"],
    "Picky": ['"fine"', "4", '"bad"', "[$int]", "[1]"],
}


@st.composite
def literals(draw: Draw) -> tuple[str, dict[str, Any]]:
    writer = Writer(draw)
    return writer.document(), writer.given
