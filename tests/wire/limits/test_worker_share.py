"""Workers that tell each other nothing, and a vendor that counts them all together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.connected import connected
from wire.late_calls import again_after_late_calls
from wire.vendor import fullest, serving, telling

from customer_gateway.wire import Call, LimiterRegistry, Limits, Window, WorkerShare
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS, SlidingWindow, first_common
from customer_gateway.wire.limits.worker_share import WHOLE
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    import random

READ = Call("GET", "/customers/", idempotent=True)


@pytest.mark.parametrize(
    ("calls", "share", "part"),
    [
        (10, WHOLE, 10),
        (10, WorkerShare(2), 5),
        (10, WorkerShare(3), 3),
        (10, WorkerShare(3, 0), 4),
        (10, WorkerShare(3, 1), 3),
        (2, WorkerShare(3, 1), 1),
        (2, WorkerShare(3, 2), 1),
    ],
)
def test_a_worker_has_an_even_part_of_a_window_and_the_first_ones_what_is_left_over(
    calls: int, share: WorkerShare, part: int
) -> None:
    assert share.of(Window(calls, 1.0)) == Window(part, 1.0)


def test_a_worker_that_does_not_know_its_number_has_a_call_in_as_many_windows() -> None:
    assert WorkerShare(4).of(Window(2, 1.0)) == Window(1, 4.0)


@given(calls=st.integers(1, 60), workers=st.integers(1, 20))
def test_the_parts_are_the_whole_where_there_is_a_call_for_each(calls: int, workers: int) -> None:
    parts = [WorkerShare(workers, number).of(Window(calls, 1.0)) for number in range(workers)]

    if calls >= workers:
        assert sum(part.calls for part in parts) == calls
    assert all(part.calls >= 1 for part in parts)


WINDOWS = st.lists(
    st.builds(Window, st.integers(1, 6), st.sampled_from([0.2, 0.3, 1.0, 1.1, 60.0])), min_size=1, max_size=3
)


class Worker:
    """The turns of one of several workers."""

    def __init__(self, share: WorkerShare, windows: list[Window]) -> None:
        self.tallies = [SlidingWindow(share.of(window)) for window in windows]
        openings = share.slot(windows)
        self.openings = [] if openings is None else [openings]

    def free(self, moment: float) -> float:
        return first_common(moment, [*self.tallies, *self.openings])

    def start(self, moment: float, travel: float) -> float:
        """Starts its next call as soon as it may; gives the start."""
        start = first_common(moment, [*self.tallies, *self.openings])
        for tally in self.tallies:
            tally.reserve(start, start + travel)
        return start


@given(windows=WINDOWS, workers=st.integers(1, 9), now=st.floats(0, 1e6))
def test_at_no_moment_may_more_workers_start_a_call_than_a_window_has_calls(
    windows: list[Window], workers: int, now: float
) -> None:
    all_workers = [Worker(WorkerShare(workers, number), windows) for number in range(workers)]

    free = [worker for worker in all_workers if worker.free(now) <= now]

    assert len(free) <= min(window.calls for window in windows)


@given(windows=WINDOWS, workers=st.integers(1, 9), chance=st.randoms(use_true_random=False))
def test_whenever_the_workers_start_their_calls_no_window_of_the_vendor_holds_more_than_it_may(
    windows: list[Window], workers: int, chance: random.Random
) -> None:
    arrivals: list[float] = []
    for number in range(workers):
        worker, start = Worker(WorkerShare(workers, number), windows), 0.0
        for _ in range(10):
            travel = chance.choice([0.0, SKEW_SECONDS, chance.uniform(0, SKEW_SECONDS)])
            start = worker.start(start + chance.choice([0.0, windows[0].seconds]) * chance.random(), travel)
            arrivals.append(start + travel)

    for window in windows:
        for first in arrivals:
            assert sum(first <= other < first + window.seconds - 1e-6 for other in arrivals) <= window.calls


@given(windows=WINDOWS, workers=st.integers(1, 9), now=st.floats(0, 1e6))
def test_every_worker_has_its_turn_within_a_round(windows: list[Window], workers: int, now: float) -> None:
    slowest = max((window.seconds * 1.25 + SKEW_SECONDS) / window.calls for window in windows)

    for number in range(workers):
        assert Worker(WorkerShare(workers, number), windows).free(now) <= now + workers * slowest + 1e-6


@pytest.mark.anyio
@again_after_late_calls
async def test_workers_that_call_one_vendor_keep_its_budget_and_their_own_limit_together() -> None:
    async with serving(telling([])) as vendor:
        clients = [
            connected(
                system="billbee",
                base_url=vendor.base_url,
                limiter=LimiterRegistry(share=WorkerShare(4, number)).of(("here",), [Window(2, 0.4)]),
                limits=Limits(calls_per_second=5),
            )
            for number in range(4)
        ]

        calls = [client.call(READ, Deadline.after(9)) for client in clients for _ in range(2)]
        answers = await asyncio.gather(*calls)

        assert [answer.status for answer in answers] == [200] * 8
        assert fullest(vendor.arrivals, 0.4) <= 2
        assert fullest(vendor.arrivals, 1.0) <= 5
        for client in clients:
            await client.aclose()
