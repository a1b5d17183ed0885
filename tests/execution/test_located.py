"""Values that are told where they stand: `__located__` gives what they stand for, once, with their path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from execution.loading import Context, Customer, batched
from graphql import GraphQLField, GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, GraphQLString

from customer_gateway.execution import Partitioned, compile_operation

pytestmark = pytest.mark.anyio


@dataclass
class Noted:
    """A value that notes in the context's log where it stands."""

    value: Any

    def __located__(self, context: Context, path: list[str | int]) -> Any:
        context.log.append(path)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


def schema(resolve: Any, type_: Any = GraphQLString) -> GraphQLSchema:
    """Three customers, each with a `field` that `resolve` gives."""
    customer = GraphQLObjectType("Customer", {"field": batched(type_, resolve), "number": GraphQLField(GraphQLInt)})
    page = batched(GraphQLList(customer), lambda *_: [[Noted(Customer(1)), Customer(2), Noted(Customer(3))]])
    return GraphQLSchema(GraphQLObjectType("Query", {"customers": page}))


async def answered(schema: GraphQLSchema, document: str) -> tuple[Any, list[Any], list[Any]]:
    """Data, paths of errors, and what was noted, in the order of the paths."""
    context = Context()
    found = await compile_operation(schema, document).execute(None, context)
    return (
        found.data,
        [error.path for error in found.errors or []],
        sorted(context.log, key=lambda path: list(map(str, path))),
    )


async def test_items_of_a_list_are_told_their_paths() -> None:
    data, errors, noted = await answered(schema(lambda *_: [None] * 3), "{ all: customers { number } }")

    assert data == {"all": [{"number": 1}, {"number": 2}, {"number": 3}]}
    assert (errors, noted) == ([], [["all", 0], ["all", 2]])


@pytest.mark.parametrize("form", ["at once", "awaited", "in parts", "awaitables"])
async def test_values_of_a_field_are_told_their_paths_in_whatever_form_they_come(form: str) -> None:
    def values(parents: list[Any]) -> list[Any]:
        return [Noted(str(each.number)) if each.number != 2 else "two" for each in parents]

    async def later(parents: list[Any]) -> list[Any]:
        return values(parents)

    async def one(parent: Any) -> Any:
        return values([parent])[0]

    def resolve(parents: list[Any], _context: Context) -> Any:
        forms: dict[str, Any] = {
            "at once": lambda: values(parents),
            "awaited": lambda: later(parents),
            "in parts": lambda: Partitioned([([2, 0], later([parents[2], parents[0]])), ([1], later([parents[1]]))]),
            "awaitables": lambda: [one(each) for each in parents],
        }
        return forms[form]()

    data, errors, noted = await answered(schema(resolve), "{ customers { field } }")

    assert [each["field"] for each in data["customers"]] == ["1", "two", "3"]
    assert errors == []
    assert noted == [["customers", 0], ["customers", 0, "field"], ["customers", 2], ["customers", 2, "field"]]


@pytest.mark.parametrize("type_", [GraphQLString, GraphQLList(GraphQLString)], ids=str)
async def test_one_that_stands_for_nothing_or_raises_is_null_or_its_fields_error(type_: Any) -> None:
    given: list[Any] = [Noted(None), Noted(ValueError("odd")), Noted(LookupError("odd"))]

    data, errors, noted = await answered(schema(lambda *_: given, type_), "{ customers { field } }")

    assert [each["field"] for each in data["customers"]] == [None, None, None]
    assert errors == [["customers", 1, "field"], ["customers", 2, "field"]]
    assert [path for path in noted if path[-1] == "field"] == [["customers", place, "field"] for place in range(3)]
