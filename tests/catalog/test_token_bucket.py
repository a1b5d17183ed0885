"""A token bucket lets many records come at once, and in the long run so many a second."""

from __future__ import annotations

import pytest

from customer_gateway.catalog.token_bucket import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_are_allowed_at_once_may_come_at_once() -> None:
    bucket = TokenBucket(10.0, 100, Clock())

    bucket.take(99)

    assert bucket.left == 1


def test_what_was_used_comes_back_by_and_by_and_no_more_than_may_come_at_once() -> None:
    clock = Clock()
    bucket = TokenBucket(10.0, 100, clock)
    bucket.take(100)

    clock.now += 5
    after_a_while = bucket.left
    clock.now += 1_000

    assert (after_a_while, bucket.left) == (50, 100)


@pytest.mark.parametrize("seconds", [0, 4])
def test_more_than_is_left_has_to_be_waited_for(seconds: float) -> None:
    clock = Clock()
    bucket = TokenBucket(10.0, 100, clock)

    bucket.take(150)
    clock.now += seconds

    assert bucket.left == -50 + 10 * seconds
