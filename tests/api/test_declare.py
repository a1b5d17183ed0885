"""Declarations: one a field, parts as the executors take them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
import strawberry

from customer_gateway.api.declare import batched, described_enum, merged
from customer_gateway.execution import Partitioned
from customer_gateway.federation.fields import ColumnPart

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio


async def later(values: list[Any]) -> list[Any]:
    return values


def test_a_lone_part_is_its_values_as_they_are() -> None:
    values = ["a", "b"]

    assert merged([ColumnPart([0, 1], values)], 2) is values


async def test_a_lone_part_that_is_awaited_stays_so() -> None:
    assert await merged([ColumnPart([0], later(["a"]))], 1) == ["a"]


def test_parts_at_hand_become_one_list_in_the_parents_order() -> None:
    assert merged([ColumnPart([2, 0], ["c", "a"]), ColumnPart([1], ["b"])], 3) == ["a", "b", "c"]


def test_no_parts_are_an_empty_list() -> None:
    assert merged([], 0) == []


async def test_where_one_part_is_awaited_each_goes_on_by_itself() -> None:
    parts = merged([ColumnPart([0, 2], ["a", "c"]), ColumnPart([1], later(["b"]))], 3)

    assert isinstance(parts, Partitioned)
    assert [(positions, list(await values)) for positions, values in parts.groups] == [
        ([0, 2], ["a", "c"]),
        ([1], ["b"]),
    ]


def test_a_declared_field_that_is_not_bound_says_so_instead_of_answering() -> None:
    def numbers(parents: Sequence[object], _request: object, first: int) -> list[int]:
        return [first] * len(parents)

    query: Any = type("Query", (), {"__annotations__": {"number": int}, "number": batched(numbers, "A number.")})
    answer = strawberry.Schema(query=strawberry.type(query)).execute_sync("{ number(first: 1) }")

    assert [error.message for error in answer.errors or []] == ["numbers was not bound to an executor"]


@pytest.mark.parametrize("values", [{"LIGHT": "Pale."}, {"LIGHT": "Pale.", "DARK": "Deep.", "GREY": "Neither."}])
def test_an_enum_with_a_value_that_is_not_described_is_a_mistake(values: dict[str, str]) -> None:
    class Shade(Enum):
        LIGHT = "LIGHT"
        DARK = "DARK"

    with pytest.raises(TypeError, match="Shade: every value is described"):
        described_enum(Shade, "How light it is.", **values)
