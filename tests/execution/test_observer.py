"""The observer of an execution: what it is told of each level."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from graphql import build_schema

from customer_gateway.execution import Batched, ExecutedLevel, compile_operation

pytestmark = pytest.mark.anyio

PAUSE = 0.02


async def contacts(parents: list[Any], _context: Any) -> list[Any]:
    await asyncio.sleep(PAUSE)
    return [[{"name": "a"}, {"name": "b"}] for _ in parents]


def names(parents: list[Any], _context: Any) -> list[Any]:
    return [parent["name"] for parent in parents]


def schema() -> Any:
    built = build_schema("""
        type Contact { name: String }
        type Customer { name: String, contacts: [Contact] }
        type Query { customers: [Customer] }
    """)
    types: Any = built.type_map
    types["Customer"].fields["contacts"].extensions = {"execution": Batched(contacts)}
    types["Customer"].fields["name"].extensions = {"execution": Batched(names)}
    return built


SCHEMA = schema()
ROOT = {"customers": [{"name": f"customer {number}"} for number in range(3)]}
DOCUMENT = "{ customers { name contacts { name } } }"


async def test_each_level_is_reported_once_it_is_complete() -> None:
    levels: list[ExecutedLevel] = []
    result = await compile_operation(SCHEMA, DOCUMENT).bind().execute(root=ROOT, observer=levels.append)
    unobserved = await compile_operation(SCHEMA, DOCUMENT).bind().execute(root=ROOT)

    assert result == unobserved
    assert [level[:4] for level in levels] == [
        (("customers", "contacts"), "Contact", 6, 0),
        (("customers",), "Customer", 3, 2),
        ((), "Query", 1, 0),
    ]


async def test_the_time_of_a_level_has_its_waits_and_those_of_what_is_below() -> None:
    levels: list[ExecutedLevel] = []
    await compile_operation(SCHEMA, DOCUMENT).bind().execute(root=ROOT, observer=levels.append)

    contact, customer, _ = levels
    assert contact.seconds < PAUSE <= customer.seconds


async def test_the_levels_of_an_alias_are_told_by_its_name() -> None:
    levels: list[ExecutedLevel] = []
    document = "{ mine: customers { c: contacts { name } } }"
    await compile_operation(SCHEMA, document).bind().execute(root=ROOT, observer=levels.append)

    assert [level.path for level in levels] == [("mine", "c"), ("mine",), ()]
