"""Shared calls: the same page asked by many at once is one call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import opened

from customer_gateway.errors import UpstreamTimeout, UpstreamUnavailable
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.shared_call import CallCancelled, SharedCall, SharedCalls

if TYPE_CHECKING:
    from collections.abc import Hashable

pytestmark = pytest.mark.anyio

SHORT = 0.03


class Paged:
    """A call that waits for its gate, within the deadline that it is given."""

    def __init__(self, answer: object = "page") -> None:
        self.answer = answer
        self.calls = 0
        self.gate = asyncio.Event()

    async def call(self, deadline: Deadline) -> object:
        self.calls += 1
        await opened(self.gate, "acme", deadline)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def begun(shared: SharedCalls, paged: Paged, key: Hashable = "key", seconds: float = 5) -> asyncio.Task[Any]:
    return asyncio.get_running_loop().create_task(shared.join("acme", "page", key, Deadline.after(seconds), paged.call))


async def ticks(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_the_same_call_asked_by_many_is_made_once() -> None:
    shared, paged = SharedCalls(), Paged()

    waiters = [begun(shared, paged) for _ in range(5)]
    await ticks()
    paged.gate.set()

    assert await asyncio.gather(*waiters) == ["page"] * 5
    assert paged.calls == 1


async def test_another_call_is_another_and_so_is_the_same_one_later() -> None:
    shared, paged = SharedCalls(), Paged()
    paged.gate.set()

    await asyncio.gather(begun(shared, paged, "a"), begun(shared, paged, "b"))
    await begun(shared, paged, "a")

    assert paged.calls == 3


async def test_a_waiter_leaves_at_its_own_deadline_and_the_call_lives_to_the_latest() -> None:
    shared, paged = SharedCalls(), Paged()
    hasty, patient = begun(shared, paged, seconds=SHORT), begun(shared, paged)

    with pytest.raises(UpstreamTimeout, match=r"^acme: page: no whole answer before the deadline; try again later$"):
        await hasty
    await asyncio.sleep(SHORT)
    paged.gate.set()

    assert await patient == "page"
    assert paged.calls == 1


async def test_a_waiters_leaving_does_not_end_the_call() -> None:
    shared, paged = SharedCalls(), Paged()
    first, second = begun(shared, paged), begun(shared, paged)
    await ticks()

    first.cancel()
    await ticks()
    paged.gate.set()

    assert await second == "page"


async def test_a_failure_is_everybodys_and_the_next_call_is_new() -> None:
    shared, paged = SharedCalls(), Paged(UpstreamUnavailable("acme", "down"))
    paged.gate.set()

    found = await asyncio.gather(begun(shared, paged), begun(shared, paged), return_exceptions=True)
    paged.answer = "page"

    assert [type(each) for each in found] == [UpstreamUnavailable] * 2
    assert await begun(shared, paged) == "page"


async def test_a_failure_that_nobody_waits_for_any_longer_is_no_complaint() -> None:
    shared, paged = SharedCalls(), Paged()

    with pytest.raises(UpstreamTimeout):
        await begun(shared, paged, seconds=SHORT)
    await asyncio.sleep(SHORT)

    paged.gate.set()
    assert await begun(shared, paged) == "page"
    assert paged.calls == 2


async def test_a_call_that_gives_itself_up_is_a_failed_call_and_forgotten() -> None:
    async def given_up(_deadline: Deadline) -> None:
        raise asyncio.CancelledError

    shared, paged = SharedCalls(), Paged()
    paged.gate.set()

    with pytest.raises(UpstreamUnavailable, match="acme"):
        await shared.join("acme", "page", "key", Deadline.after(5), given_up)

    assert await begun(shared, paged) == "page"


async def test_a_call_that_hangs_is_joined_until_its_first_askers_deadline_and_then_made_anew() -> None:
    shared, paged = SharedCalls(), Paged()

    first = begun(shared, paged, seconds=SHORT)
    await ticks()
    joining = begun(shared, paged, seconds=1.5)
    with pytest.raises(UpstreamTimeout):
        await first
    anew = begun(shared, paged)
    await ticks()
    joining_anew = begun(shared, paged)
    await ticks()
    paged.gate.set()

    assert await asyncio.gather(joining, anew, joining_anew) == ["page"] * 3
    assert paged.calls == 2


async def test_a_call_that_is_cancelled_before_its_first_step_wakes_its_waiters() -> None:
    call: SharedCall[object] = SharedCall(Deadline.after(5))
    task = call.start(Paged().call)
    task.cancel()

    with pytest.raises(CallCancelled):
        await call.result(Deadline.after(5))


async def test_each_waiter_leaves_at_its_own_deadline_and_a_later_one_extends_the_call() -> None:
    paged = Paged()
    call: SharedCall[object] = SharedCall(Deadline.after(SHORT))
    call.start(paged.call)
    late = Deadline.after(5)
    call.join(late)

    with pytest.raises(TimeoutError):
        await call.result(Deadline.after(SHORT))
    paged.gate.set()

    assert await call.result(late) == "page"
    assert call.deadline.at == late.at
