"""Generated operations over any schema: fields, aliases, fragments, directives, arguments and variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import ASTValidationRule, GraphQLArgument, GraphQLField, GraphQLNamedType, GraphQLSchema

    Draw = Callable[[st.SearchStrategy[Any]], Any]

RULES: tuple[type[ASTValidationRule], ...] = ()
"""Generated documents are not validated: what a rule would refuse both executors must read alike."""

CONDITIONS = (
    "",
    "",
    "",
    "",
    " @skip(if: $skip)",
    " @include(if: $include)",
    " @include(if: true)",
    " @skip(if: false)",
)

VARIABLES = {
    "skip": "Boolean!",
    "include": "Boolean = true",
    "size": "Int = 2",
    "count": "Int",
    "word": "String",
    "words": "[String!]",
    "colour": "Colour = GREEN",
    "odd": "Odd",
    "filter": "Filter",
}
"""Declared where the schema has their types; those of the hard schema are among them."""

WHOLE = {
    "Int": "$size",
    "Int!": "$count",
    "String": "$word",
    "[String!]": "$words",
    "Colour": "$colour",
    "Odd": "$odd",
    "Filter": "$filter",
}
"""The variable that may stand for a whole argument, by the argument's type."""


@st.composite
def operations(
    draw: Draw, schema: GraphQLSchema, kind: str = "query", depth: int = 4, written_by: type[Writer] | None = None
) -> tuple[str, dict[str, Any]]:
    """A document, and variables of which some do not fit."""
    writer = (written_by or Writer)(draw, schema)
    root = schema.get_root_type(OperationType(kind))
    assert root is not None
    body = writer.selection(root, depth) if kind != "subscription" else f"{{ {writer.field(root, depth, '')} }}"
    fragments = writer.fragments(depth)
    fit = draw(st.integers(0, 24)) != 13
    variables = draw(fitting() if fit else unfit())
    return f"{kind} Generated({declarations(schema)}) {body}\n{fragments}", variables


def declaring_what_it_uses(document: str) -> str:
    """The document without the variables that it declares and does not use, which validation refuses."""
    declared, body = document.partition("(")[2].split(") ", 1)
    kept = [each for each in declared.split(", ") if re.search(rf"\{each.partition(':')[0]}\b", body)]
    heading = document.partition("(")[0]
    return f"{heading}({', '.join(kept)}) {body}" if kept else f"{heading} {body}"


def declarations(schema: GraphQLSchema) -> str:
    """The variables that can be used with this schema, as an operation declares them."""
    known = {
        name: declared for name, declared in VARIABLES.items() if re.findall(r"\w+", declared)[0] in schema.type_map
    }
    return ", ".join(f"${name}: {declared}" for name, declared in known.items())


def fitting() -> st.SearchStrategy[dict[str, Any]]:
    optional = {
        "include": st.sampled_from([True, False, True, False, None]),
        "size": st.one_of(st.integers(-3, 5), st.none()),
        "count": st.one_of(st.integers(0, 5), st.none()),
        "word": st.one_of(st.none(), st.sampled_from(["a", "äö"])),
        "words": st.one_of(st.none(), st.just("one"), st.lists(st.sampled_from(["a", "b"]), max_size=2)),
        "colour": st.one_of(st.none(), st.sampled_from(["RED", "BLUE"])),
        "odd": st.one_of(st.none(), st.just("fine"), st.just(7)),
        "filter": st.one_of(st.none(), filters()),
    }
    return st.fixed_dictionaries({"skip": st.booleans()}, optional=optional)


def unfit() -> st.SearchStrategy[dict[str, Any]]:
    optional: dict[str, st.SearchStrategy[Any]] = {
        "skip": st.none(),
        "size": st.just("x"),
        "word": st.just(4),
        "words": st.just(["a", None]),
        "colour": st.just("MAUVE"),
        "odd": st.just("boom"),
        "filter": st.sampled_from([7, {"nothing": 1}, {"inner": {"tags": [None]}}]),
    }
    return st.fixed_dictionaries({}, optional=optional)


def filters() -> st.SearchStrategy[dict[str, Any]]:
    plain: dict[str, st.SearchStrategy[Any]] = {"name": st.just("n"), "depth": st.sampled_from([1, None])}
    inner = st.fixed_dictionaries({}, optional={**plain, "tags": st.sampled_from([["a"], "a", None])})
    return st.fixed_dictionaries({}, optional={**plain, "inner": inner})


class Writer:
    """Writes selections; a response name always stands for the same field with the same arguments."""

    def __init__(self, draw: Draw, schema: GraphQLSchema) -> None:
        self.draw = draw
        self.schema = schema
        self.spread: list[str] = []

    def selection(self, parent: GraphQLNamedType, depth: int) -> str:
        count = self.draw(st.integers(2, 7) if depth > 2 else st.integers(1, 5))
        return "{ " + " ".join(self.entry(parent, depth) for _ in range(count)) + " }"

    def entry(self, parent: GraphQLNamedType, depth: int) -> str:
        if not isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)):
            way = self.draw(st.sampled_from(["inline", "inline", "spread", "typename"]))
        else:
            way = self.draw(st.sampled_from(["field"] * 7 + ["inline", "spread", "typename"]))
        condition = self.draw(st.sampled_from(CONDITIONS))
        if way == "typename":
            return f"__typename{condition}"
        if way == "field":
            return self.field(parent, depth, condition)
        target = self.draw(st.sampled_from(self.targets(parent)))
        if way == "spread":
            self.spread.append(target.name)
            return f"...{target.name}Parts{condition}"
        return f"... on {target.name}{condition} {self.selection(target, depth - 1) if depth > 0 else '{ __typename }'}"

    def targets(self, parent: GraphQLNamedType) -> list[Any]:
        """The types that a fragment here may be on."""
        possible = set(self.schema.get_possible_types(parent)) if is_abstract_type(parent) else {parent}
        found = [
            other
            for other in self.schema.type_map.values()
            if is_composite_type(other)
            and not other.name.startswith("__")
            and possible & (set(self.schema.get_possible_types(other)) if is_abstract_type(other) else {other})
        ]
        return sorted(found, key=lambda found_type: found_type.name)

    def field(self, parent: Any, depth: int, condition: str) -> str:
        fields: list[tuple[str, GraphQLField]] = [
            (name, field)
            for name, field in parent.fields.items()
            if depth > 0 or not is_composite_type(get_named_type(field.type))
        ]
        if not fields:
            return f"__typename{condition}"
        name, field = self.draw(st.sampled_from(fields))
        arguments = self.arguments(field)
        alias = (
            self.draw(st.sampled_from(["", "", f"{name}Again: "]))
            if not arguments
            else f"{name}{self.number(arguments)}: "
        )
        named = get_named_type(field.type)
        below = f" {self.selection(named, depth - 1)}" if is_composite_type(named) else ""
        return f"{alias}{name}{arguments}{condition}{below}"

    def number(self, arguments: str) -> str:
        return "".join(character for character in arguments if character.isalnum())[:40] + str(len(arguments))

    def arguments(self, field: GraphQLField) -> str:
        given = [
            f"{name}: {value}"
            for name, argument in field.args.items()
            if is_required_argument(argument) or self.draw(st.booleans())
            for value in [self.argument(argument)]
        ]
        return f"({', '.join(given)})" if given else ""

    def argument(self, argument: GraphQLArgument) -> str:
        variable = WHOLE.get(str(argument.type))
        return variable if variable and self.draw(st.booleans()) else self.literal(argument.type, 2)

    def literal(self, input_type: Any, depth: int) -> str:
        if is_non_null_type(input_type):
            return self.literal(input_type.of_type, depth)
        if is_list_type(input_type):
            items = [self.item(input_type.of_type, depth) for _ in range(self.draw(st.integers(0, 2)))]
            return f"[{', '.join(items)}]"
        if isinstance(input_type, GraphQLEnumType):
            return self.draw(st.sampled_from(list(input_type.values)))
        if isinstance(input_type, GraphQLInputObjectType):
            return self.input_object(input_type, depth)
        choices = {
            "Int": ["0", "7", "-2"],
            "Float": ["1.5", "2"],
            "Boolean": ["true", "false"],
            "ID": ['"a"', "4"],
        }
        return self.draw(st.sampled_from(choices.get(input_type.name, ['"word"', '"boom"', '""'])))

    def item(self, item_type: Any, depth: int) -> str:
        variable = WHOLE.get(get_named_type(item_type).name)
        return variable if variable and self.draw(st.booleans()) else self.literal(item_type, depth)

    def input_object(self, input_type: GraphQLInputObjectType, depth: int) -> str:
        parts = [
            f"{name}: {value}"
            for name, field in input_type.fields.items()
            if is_non_null_type(field.type) or (depth > 0 and self.draw(st.booleans()))
            for value in [
                WHOLE[str(field.type)]
                if str(field.type) in WHOLE and self.draw(st.booleans())
                else self.literal(field.type, depth - 1)
            ]
        ]
        return f"{{{', '.join(parts)}}}"

    def fragments(self, depth: int) -> str:
        """The fragments that were spread. One spreads only types later in the alphabet, so none spreads itself."""
        written: dict[str, str] = {}
        while self.spread:
            name = self.spread.pop()
            if name in written:
                continue
            inner = type(self)(self.draw, self.schema)
            body = inner.selection(self.schema.type_map[name], max(depth - 2, 0))
            for other in {*inner.spread}:
                if other <= name:
                    body = body.replace(f"...{other}Parts", "__typename")
                else:
                    self.spread.append(other)
            written[name] = f"fragment {name}Parts on {name} {body}"
        return "\n".join(written.values())


__all__ = ["RULES", "declaring_what_it_uses", "operations"]
