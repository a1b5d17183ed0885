# graphql-core's generic types come without their arguments; small callables stand in for resolvers.
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from execution.sameness import Case, assert_same, with_reference_resolvers
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
)

from customer_gateway.execution import Attribute, compile_operation

pytestmark = pytest.mark.anyio


@dataclass
class Cat:
    name: str
    meows: str = "meow"


@dataclass
class Dog:
    name: str
    barks: str = "woof"


class Puppy(Dog):
    """A class the schema does not name."""


PETS = (Cat("Tom"), Dog("Rex"), None, Cat("Kitty"), Puppy("Ace"), ValueError("lost"), 7)


def schema_of(
    *, resolve_type: Any = None, is_cat: Any = None, is_dog: Any = None, by_class: bool = False
) -> GraphQLSchema:
    pet = GraphQLInterfaceType("Pet", {"name": GraphQLField(GraphQLString)}, resolve_type=resolve_type)

    def of(name: str, cls: type, sound: str, is_type_of: Any) -> GraphQLObjectType:
        fields = {
            each: GraphQLField(GraphQLString, extensions={"execution": Attribute(each)}) for each in ("name", sound)
        }
        return GraphQLObjectType(
            name, fields, [pet], is_type_of=is_type_of, extensions={"python_type": cls} if by_class else None
        )

    cat, dog = of("Cat", Cat, "meows", is_cat), of("Dog", Dog, "barks", is_dog)
    either = GraphQLUnionType("Either", [cat, dog], resolve_type=resolve_type)
    query = GraphQLObjectType(
        "Query",
        {
            "pets": GraphQLField(GraphQLList(pet), resolve=lambda *_: list(PETS)),
            "eithers": GraphQLField(GraphQLList(either), resolve=lambda *_: list(PETS)),
            "cats": GraphQLField(GraphQLList(cat), resolve=lambda *_: list(PETS)),
        },
    )
    return with_reference_resolvers(GraphQLSchema(query, types=[cat, dog]))


def name_of(value: Any, _info: Any, _abstract: Any) -> Any:
    return type(value).__name__


async def name_later(value: Any, info: Any, abstract: Any) -> Any:
    return name_of(value, info, abstract)


def raising(*_arguments: Any) -> Any:
    raise ValueError("cannot tell")


async def raising_later(*_arguments: Any) -> Any:
    raise ValueError("cannot tell")


async def cat_later(value: Any, _info: Any) -> bool:
    return isinstance(value, Cat)


def is_cat(value: Any, _info: Any) -> bool:
    return isinstance(value, Cat)


def is_dog(value: Any, _info: Any) -> bool:
    return isinstance(value, Dog)


DOCUMENTS = [
    "{ pets { __typename name ... on Cat { meows } ... on Dog { barks } } }",
    "{ eithers { ... on Pet { name } ... on Dog { barks __typename } } }",
    "{ cats { name ...Sound } } fragment Sound on Cat { meows }",
]


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize(
    "ways",
    [
        {"resolve_type": name_of},
        {"resolve_type": name_later},
        {"resolve_type": raising},
        {"resolve_type": raising_later},
        {"resolve_type": lambda *_: None},
        {"resolve_type": lambda *_: 7},
        {"resolve_type": lambda *_: "Query"},
        {"resolve_type": lambda *_: "String"},
        {"resolve_type": lambda *_: "Unheard"},
        {"is_cat": is_cat, "is_dog": is_dog},
        {"is_cat": cat_later, "is_dog": is_dog},
        {"is_cat": raising, "is_dog": is_dog},
        {"is_cat": raising_later, "is_dog": is_dog},
        {"is_cat": is_cat},
        {},
        {"resolve_type": name_of, "is_cat": lambda *_: False},
    ],
    ids=lambda ways: ", ".join(f"{key} {getattr(value, '__name__', value)}" for key, value in ways.items()) or "none",
)
async def test_the_type_of_a_value_is_told_as_by_graphql_core(ways: dict[str, Any], document: str) -> None:
    await assert_same(Case(schema_of(**ways), document))


async def test_the_class_of_a_value_tells_its_type_without_asking_anybody() -> None:
    schema = schema_of(by_class=True, resolve_type=raising, is_cat=raising, is_dog=raising)
    document = "{ pets { __typename name } }"

    result = await compile_operation(schema, document).execute()

    assert result.data == {
        "pets": [
            {"__typename": "Cat", "name": "Tom"},
            {"__typename": "Dog", "name": "Rex"},
            None,
            {"__typename": "Cat", "name": "Kitty"},
            None,  # a class that the schema does not name is asked for, and the resolver raises
            None,
            None,
        ]
    }


async def test_classes_and_predicates_may_stand_side_by_side() -> None:
    schema = schema_of(by_class=True, is_cat=is_cat, is_dog=is_dog)

    for document in DOCUMENTS:
        await assert_same(Case(schema, document))


async def test_values_of_one_class_need_no_partition() -> None:
    schema = schema_of(by_class=True, is_cat=is_cat, is_dog=is_dog)
    pets = [Cat("a"), Cat("b")]
    query = schema.query_type
    assert query is not None
    query.fields["pets"].resolve = lambda *_: pets

    data = await assert_same(Case(schema, "{ pets { name __typename } }"))

    assert data == {"pets": [{"name": "a", "__typename": "Cat"}, {"name": "b", "__typename": "Cat"}]}
