"""A call that must not be sent any more when its turn has come, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from wire.connected import connected
from wire.vendor import answering, serving, telling

from customer_gateway.errors import UpstreamTimeout
from customer_gateway.wire import BreakerPolicy, Call, Limits, Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio

WHY = "it is too late"


def write(last_check: Callable[[], str | None]) -> Call:
    return Call("POST", "/customers", body={"name": "A"}, last_check=last_check)


async def test_the_last_check_is_made_when_the_wait_for_a_slot_is_over() -> None:
    asked: list[float] = []
    deadline = Deadline.after(5)

    def check() -> str | None:
        asked.append(deadline.remaining())
        return WHY

    async with serving(telling({})) as vendor:
        client = connected(system="next", base_url=vendor.base_url, limits=Limits(calls_per_second=2))
        for _ in range(2):
            await client.call(Call("GET", "/"), deadline)
        began = deadline.remaining()
        with pytest.raises(UpstreamTimeout) as caught:
            await client.call(write(check), deadline)
        await client.aclose()

    assert (str(caught.value), caught.value.applied) == (f"next: POST /customers: not sent: {WHY}", False)
    assert [began - each > 0.5 for each in asked] == [True]
    assert vendor.paths() == ["/", "/"]


async def test_a_call_that_passes_its_last_check_is_sent() -> None:
    async with serving(telling({"Id": 1})) as vendor:
        client = connected(system="next", base_url=vendor.base_url)
        answer = await client.call(write(lambda: None), Deadline.after(5))
        await client.aclose()

    assert answer.document == {"Id": 1}


async def test_the_last_check_is_made_before_a_repetition_too() -> None:
    told = [None, WHY]
    async with serving(answering(429, b"{}", "retry-after: 0"), telling({})) as vendor:
        client = connected(system="next", base_url=vendor.base_url, retry=Retry(base_seconds=0.01))
        with pytest.raises(UpstreamTimeout) as caught:
            await client.call(write(lambda: told.pop(0)), Deadline.after(5))
        await client.aclose()

    assert (caught.value.applied, len(vendor.requests)) == (False, 1)


async def test_calls_that_were_not_sent_say_nothing_of_the_system_and_leave_room_for_others() -> None:
    async with serving(telling({})) as vendor:
        breaker, limits = BreakerPolicy(failures=1), Limits(parallel=1)
        client = connected(system="next", base_url=vendor.base_url, breaker=breaker, limits=limits)
        for _ in range(3):
            with pytest.raises(UpstreamTimeout):
                await client.call(write(lambda: WHY), Deadline.after(5))
        await client.call(write(lambda: None), Deadline.after(5))
        await client.aclose()

    assert len(vendor.requests) == 1
