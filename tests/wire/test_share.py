"""Workers that tell each other nothing, and a vendor that counts them all together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.wire import Share, Window
from customer_gateway.wire.budget import Mark, Tally, first_common
from customer_gateway.wire.policy import SKEW_SECONDS
from customer_gateway.wire.share import WHOLE

if TYPE_CHECKING:
    import random


@pytest.mark.parametrize(
    ("calls", "share", "part"),
    [
        (10, WHOLE, 10),
        (10, Share(2), 5),
        (10, Share(3), 3),
        (10, Share(3, 0), 4),
        (10, Share(3, 1), 3),
        (2, Share(3, 1), 1),
    ],
)
def test_a_worker_has_an_even_part_of_a_window_and_the_first_ones_what_is_left_over(
    calls: int, share: Share, part: int
) -> None:
    assert share.of(Window(calls, 1.0)) == Window(part, 1.0)


def test_a_worker_that_does_not_know_its_number_has_a_call_in_as_many_windows() -> None:
    assert Share(4).of(Window(2, 1.0)) == Window(1, 4.0)


@given(calls=st.integers(1, 60), workers=st.integers(1, 20))
def test_the_parts_are_the_whole_where_there_is_a_call_for_each(calls: int, workers: int) -> None:
    parts = [Share(workers, number).of(Window(calls, 1.0)) for number in range(workers)]

    if calls >= workers:
        assert sum(part.calls for part in parts) == calls
    assert all(part.calls >= 1 for part in parts)


@given(
    calls=st.integers(1, 6),
    workers=st.integers(1, 9),
    seconds=st.sampled_from([0.2, 1.0, 60.0]),
    now=st.floats(0, 1e6),
)
def test_at_no_moment_may_more_workers_start_a_call_than_the_window_has_calls(
    calls: int, workers: int, seconds: float, now: float
) -> None:
    whole = Window(calls, seconds)
    tallies = [Tally(Share(workers, number).of(whole)) for number in range(workers)]

    free = [tally for tally in tallies if first_common(now, [tally.free]) <= now]

    assert len(free) <= calls


@given(
    calls=st.integers(1, 6),
    workers=st.integers(1, 9),
    seconds=st.sampled_from([0.2, 1.0, 60.0]),
    chance=st.randoms(use_true_random=False),
)
def test_whenever_the_workers_start_their_calls_no_window_of_the_vendor_holds_more_than_it_may(
    calls: int, workers: int, seconds: float, chance: random.Random
) -> None:
    arrivals: list[float] = []
    for number in range(workers):
        part = Tally(Share(workers, number).of(Window(calls, seconds)))
        start = 0.0
        for _ in range(12):
            start = first_common(start + chance.choice([0.0, seconds]) * chance.random(), [part.earliest])
            arrived = start + chance.choice([0.0, SKEW_SECONDS, chance.uniform(0, SKEW_SECONDS)])
            part.promise(Mark(arrived, start))
            arrivals.append(arrived)

    for first in arrivals:
        assert sum(first <= other < first + seconds - 1e-6 for other in arrivals) <= calls


def test_those_who_have_a_call_in_turns_come_to_it_again_and_again() -> None:
    parts = [Share(3, number).of(Window(2, 1.0)) for number in range(3)]
    openings = [part.openings for part in parts]

    assert openings[1] is None, "it has the second call for itself"
    for mine in (openings[0], openings[2]):
        assert mine is not None
        assert mine.every == 2 * (1.0 + SKEW_SECONDS + mine.open_for)
        for moment in (0.0, 17.0, 1e5):
            opening = mine.next(moment)
            assert moment <= opening <= moment + mine.every
            assert mine.next(opening + mine.open_for / 2) == opening + mine.open_for / 2
            assert mine.next(opening + mine.open_for + 0.001) > opening + mine.open_for + 0.001
