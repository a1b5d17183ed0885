"""An allowance lets many records come at once, and in the long run so many a second."""

from __future__ import annotations

import pytest

from customer_gateway.catalog.allowance import Allowance


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_are_allowed_at_once_may_come_at_once() -> None:
    allowance = Allowance(10.0, 100, Clock())

    allowance.take(99)

    assert allowance.left == 1


def test_what_was_used_comes_back_by_and_by_and_no_more_than_may_come_at_once() -> None:
    clock = Clock()
    allowance = Allowance(10.0, 100, clock)
    allowance.take(100)

    clock.now += 5
    after_a_while = allowance.left
    clock.now += 1_000

    assert (after_a_while, allowance.left) == (50, 100)


@pytest.mark.parametrize("seconds", [0, 4])
def test_more_than_is_left_has_to_be_waited_for(seconds: float) -> None:
    clock = Clock()
    allowance = Allowance(10.0, 100, clock)

    allowance.take(150)
    clock.now += seconds

    assert allowance.left == -50 + 10 * seconds
