from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from wire.connected import connected
from wire.late_calls import again_after_late_calls
from wire.vendor import later, serving, telling

from customer_gateway.wire import Call
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio


def failing_once(*calls: float) -> tuple[Callable[[], Awaitable[None]], list[int]]:
    """A test that fails the first time, after calls of so many seconds; and the list of its runs."""
    runs: list[int] = []

    async def test() -> None:
        for seconds in calls:
            async with serving(later(seconds, telling([]))) as vendor:
                client = connected(system="billbee", base_url=vendor.base_url)
                await client.call(Call("GET", "/customers/"), Deadline.after(5))
                await client.aclose()
        runs.append(len(runs) + 1)
        assert len(runs) > 1

    return again_after_late_calls(test), runs


async def test_a_test_that_fails_with_a_late_call_is_run_again() -> None:
    test, runs = failing_once(SKEW_SECONDS + 0.05)

    await test()

    assert runs == [1, 2]


async def test_a_test_that_fails_without_one_fails() -> None:
    test, runs = failing_once()

    with pytest.raises(AssertionError):
        await test()

    assert runs == [1]
