"""Reads that raise what nobody foresaw: the failure stands where the value would, and the log has it once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from customer_gateway.errors import ReadFault, UpstreamError, UpstreamUnavailable
from customer_gateway.work.faults import read_all, read_each, read_singly

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

DOWN = UpstreamUnavailable("acme", "down")


def inverse(number: int) -> float:
    if number == 7:
        raise DOWN
    return 1 / number


def outcomes(values: Sequence[Any]) -> list[Any]:
    return [type(value) if isinstance(value, UpstreamError) else value for value in values]


async def test_an_item_that_raises_costs_itself_and_is_logged_once() -> None:
    with capture_logs() as lines:
        values = read_each(inverse, [1, 0, 2, 0, 7], "acme", "name")

    assert outcomes(values) == [1.0, ReadFault, 0.5, ReadFault, UpstreamUnavailable]
    assert [(line["event"], line["system"], line["read"]) for line in lines] == [("read_failed", "acme", "name")]
    assert isinstance(lines[0]["exc_info"], ZeroDivisionError)


async def test_what_was_raised_on_purpose_is_no_fault_and_is_not_logged() -> None:
    with capture_logs() as lines:
        assert read_each(inverse, [7, 1], "acme", "name") == [DOWN, 1.0]
        assert list(await read_all(failing, [1, 2], "acme", "name")) == [DOWN, DOWN]

    assert lines == []


async def failing(_numbers: Sequence[int]) -> Sequence[float]:
    raise DOWN


async def test_items_that_cannot_be_read_together_are_read_one_by_one() -> None:
    asked: list[list[int]] = []

    async def inverses(numbers: Sequence[int]) -> list[float]:
        asked.append(list(numbers))
        await asyncio.sleep(0)
        return [inverse(number) for number in numbers]

    with capture_logs() as lines:
        values = await read_all(inverses, [1, 0, 7, 2], "acme", "name")

    assert outcomes(values) == [1.0, ReadFault, UpstreamUnavailable, 0.5]
    assert asked == [[1, 0, 7, 2], [1], [0], [7], [2]]
    assert len(lines) == 1


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3], None, 5])
async def test_other_than_a_value_for_each_item_fails_them(answer: Any) -> None:
    async def answering(_items: Sequence[int]) -> Any:
        return answer

    values = await read_all(answering, [1, 2], "acme", "name")

    assert outcomes(values) == ([1, 1] if answer == [1] else [ReadFault, ReadFault])


async def test_calls_side_by_side_fail_for_themselves_and_none_is_left_out() -> None:
    async def called(number: int) -> float | None:
        return None if number == 3 else inverse(number)

    with capture_logs() as lines:
        values = await read_singly(called, [1, 0, 3, 7], "acme", "persons")

    assert outcomes(list(values.items())) == outcomes([(1, 1.0), (0, values[0]), (7, DOWN)])
    assert isinstance(values[0], ReadFault)
    assert [line["read"] for line in lines] == ["persons"]
