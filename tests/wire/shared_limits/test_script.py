"""What Redis decides of a budget, held against what the budget of one process decides."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis
from redis_server import NEEDS_REDIS, PASSWORD, RedisServer

from customer_gateway.wire import Window
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS, SlidingWindow, StartedCall, first_common
from customer_gateway.wire.shared_limits.script import SCRIPT, TIME

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

pytestmark = NEEDS_REDIS

TICK: Final = 1 / 64  # exact as a float and in microseconds
LAG: Final = 2 * TICK
BEGINNING: Final = 1_800_000_000.0
_NAMES: Final = count()


class Step(NamedTuple):
    """So many ticks later a call asks for a turn in some of the windows, or (None) the oldest call gets its answer."""

    ticks: int
    counted_in: tuple[int, ...] | None


windows = st.lists(st.builds(Window, st.integers(1, 4), st.sampled_from([0.25, 0.5, 1.0, 2.0])), min_size=1, max_size=3)
steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 40),
        st.none() | st.sampled_from([(0,), (1,), (0, 1), (0, 1, 2), (2, 1)]),
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Generator[Any]:
    """A client of a Redis of this module's own, whose time is told by the test."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    with Redis(port=server.port, password=PASSWORD) as client:
        yield client
    server.stop()


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


class InRedis:
    def __init__(self, client: Any, windows: Sequence[Window]) -> None:
        self.client = client
        self.windows = windows
        self.name = f"budget-{next(_NAMES)}"
        self.members: list[tuple[Sequence[int], str]] = []

    def turn(self, numbers: Sequence[int], now: float) -> float:
        call = f"call-{next(_NAMES)}"
        wait, at = self.run(numbers, now, "reserve", call, 10**12, micros(LAG))
        assert at == micros(now)
        if not wait:
            self.members.append((numbers, f"{at}:{call}"))
        return now + wait / 1e6

    def answered(self, now: float) -> None:
        if self.members:
            numbers, member = self.members.pop(0)
            self.run(numbers, now, "count_from_answer", member)

    def run(self, numbers: Sequence[int], now: float, *operation: str | int, skew: float = SKEW_SECONDS) -> Any:
        told = SCRIPT.replace(TIME, "local now = tonumber(ARGV[#ARGV])\n")
        assert told != SCRIPT
        keys, arguments = [f"{self.name}:pause"], [micros(skew), 10**12]
        for number in numbers:
            keys += [f"{self.name}:{number}:{kind}" for kind in ("started", "reserved")]
            arguments += [self.windows[number].calls, micros(self.windows[number].seconds)]
        return self.client.eval(told, len(keys), *keys, *arguments, *operation, micros(now))


class InProcess:
    def __init__(self, windows: Sequence[Window]) -> None:
        self.tallies = [SlidingWindow(window) for window in windows]
        self.starts: list[StartedCall] = []

    def turn(self, numbers: Sequence[int], now: float) -> float:
        tallies = [self.tallies[number] for number in numbers]
        turn = first_common(now, tallies)
        if turn > now:
            for tally in tallies:
                tally.reserve(turn, turn + LAG)
            return turn
        self.starts.append(start := StartedCall(now))
        for tally in tallies:
            tally.commit(start)
        return turn

    def answered(self, now: float) -> None:
        if self.starts:
            self.starts.pop(0).arrived(now)


@given(windows=windows, steps=steps)
def test_redis_gives_the_turns_that_one_process_would_give(
    asked: Any, windows: list[Window], steps: list[Step]
) -> None:
    there, here = InRedis(asked, windows), InProcess(windows)
    now = BEGINNING
    for step in steps:
        now += step.ticks * TICK
        if step.counted_in is None:
            there.answered(now)
            here.answered(now)
            continue
        numbers = [number for number in step.counted_in if number < len(windows)] or [0]
        assert there.turn(numbers, now) == here.turn(numbers, now)


def test_a_turn_that_has_come_is_a_start_and_one_too_late_is_not_kept(asked: Any) -> None:
    there = InRedis(asked, [Window(1, 1.0)])

    first = there.turn([0], BEGINNING)
    too_late = there.run([0], BEGINNING + TICK, "reserve", "late", 1_000, 0)
    reserved = there.run([0], BEGINNING + TICK, "reserve", "kept", 10**9, 0)
    come = there.run([0], BEGINNING + 2.0, "reserve", "kept", 10**9, 0)

    assert first == BEGINNING
    assert too_late[0] == reserved[0] == micros(1.0 + SKEW_SECONDS - TICK)
    assert come[0] == 0
    assert asked.zcard(f"{there.name}:0:reserved") == 0


def test_as_many_calls_start_together_as_have_room_and_a_slot_is_kept_for_the_next(asked: Any) -> None:
    there = InRedis(asked, [Window(2, 1.0)])

    def waits(name: str, times: int, now: float) -> list[float]:
        return [there.run([0], now, "reserve", name, 10**9, 0, skew=0)[0] / 1e6 for _ in range(times)]

    many = waits("first", 1, BEGINNING) + waits("many", 2, BEGINNING)
    slots = waits("one", 1, BEGINNING) + waits("other", 1, BEGINNING)
    again = waits("many", 2, BEGINNING + 1)

    assert many == [0, 0, 1]
    assert slots == [1, 2]
    assert again == [0, 1], "the second one is behind the slot of another, and beside that of the third"


def test_everything_in_the_store_ends_by_itself(asked: Any) -> None:
    there = InRedis(asked, [Window(1, 1.0)])

    there.turn([0], BEGINNING)
    there.turn([0], BEGINNING)

    assert asked.ttl(f"{there.name}:0:started") in {1, 2}
    assert asked.ttl(f"{there.name}:0:reserved") > 0


def test_a_promise_of_soon_does_not_shorten_the_life_of_those_of_later(asked: Any) -> None:
    there = InRedis(asked, [Window(1, 100.0)])

    def turn(call: str, now: float) -> float:
        return there.run([0], now, "reserve", call, 10**12, 0, skew=0)[0] / 1e6

    assert [turn(call, BEGINNING) for call in ("now", "soon", "later")] == [0, 100, 200]
    assert turn("soon", BEGINNING + 99) == 1

    assert asked.ttl(f"{there.name}:0:reserved") > 190


def test_a_pause_of_no_time_pauses_nobody(asked: Any) -> None:
    there = InRedis(asked, [])

    there.run([], BEGINNING, "pause", 0)

    assert not asked.exists(f"{there.name}:pause")
