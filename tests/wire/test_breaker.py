from __future__ import annotations

import asyncio

import pytest
from wire.connected import connected
from wire.vendor import JSON, answering, hanging, later, serving, telling

from customer_gateway.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.wire import BreakerPolicy, Call, Client, Limits, Retry, Window
from customer_gateway.wire.health import Breaker
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

ONCE = Call("GET", "/customers/")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def failing(client: Client, times: int, seconds: float = 5) -> list[type[BaseException]]:
    kinds: list[type[BaseException]] = []
    for _ in range(times):
        with pytest.raises(UpstreamError) as caught:
            await client.call(ONCE, Deadline.after(seconds))
        kinds.append(type(caught.value))
    return kinds


async def test_after_enough_failures_in_a_row_nothing_is_sent() -> None:
    async with serving(answering(503)) as vendor:
        client = connected(system="next", base_url=vendor.base_url, breaker=BreakerPolicy(failures=3, open_seconds=9))
        await failing(client, 3)

        with pytest.raises(UpstreamUnavailable) as caught:
            await client.call(ONCE, Deadline.after(5))

        assert len(vendor.requests) == 3
        assert 8_000 < (caught.value.retry_after_ms or 0) <= 9_000
        await client.aclose()


async def test_a_system_that_is_back_answers_again_after_open_seconds() -> None:
    async with serving(answering(503), answering(503), telling([1])) as vendor:
        policy = BreakerPolicy(failures=2, open_seconds=0.6)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy)
        await failing(client, 4)
        await asyncio.sleep(0.61)

        answers = [(await client.call(ONCE, Deadline.after(5))).document for _ in range(3)]

        assert answers == [[1], [1], [1]]
        assert len(vendor.requests) == 5
        await client.aclose()


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
async def test_refusals_are_answers_and_open_nothing(status: int) -> None:
    async with serving(answering(status, b"{}", JSON)) as vendor:
        policy, once = BreakerPolicy(failures=2), Retry(attempts=1)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy, retry=once)

        await failing(client, 5)

        assert len(vendor.requests) == 5
        await client.aclose()


async def test_one_callers_haste_shuts_the_system_for_nobody() -> None:
    async with serving(later(0.2, telling([1]))) as vendor:
        client = connected(system="next", base_url=vendor.base_url, breaker=BreakerPolicy(failures=2))
        kinds = await failing(client, 5, seconds=0.05)

        answer = await client.call(ONCE, Deadline.after(5))

        assert set(kinds) == {UpstreamTimeout}
        assert answer.document == [1]
        await client.aclose()


async def test_a_call_and_its_repetitions_are_one_failure() -> None:
    async with serving(answering(503)) as vendor:
        breaker, retry = BreakerPolicy(failures=2, open_seconds=9), Retry(attempts=3, base_seconds=0.001)
        client = connected(system="next", base_url=vendor.base_url, breaker=breaker, retry=retry)

        for _ in range(3):
            with pytest.raises(UpstreamUnavailable):
                await client.call(Call("GET", "/customers/", idempotent=True), Deadline.after(5))

        assert len(vendor.requests) == 6
        await client.aclose()


async def test_a_patient_callers_timeouts_do_shut_it() -> None:
    async with serving(hanging) as vendor:
        policy = BreakerPolicy(failures=2, min_wait_seconds=0.05)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy)

        kinds = await failing(client, 3, seconds=0.2)

        assert kinds == [UpstreamTimeout, UpstreamTimeout, UpstreamUnavailable]
        await client.aclose()


async def test_an_open_circuit_says_after_how_many_failed_calls_and_when_to_try_again() -> None:
    clock = Clock()
    async with serving(answering(503)) as vendor:
        client = connected(system="next", base_url=vendor.base_url, clock=clock)
        await failing(client, 5)
        clock.now += 2.5

        with pytest.raises(UpstreamUnavailable) as caught:
            await client.call(ONCE, Deadline.after(5))

        assert str(caught.value) == "next: circuit open after 5 failed calls; try again in 8 s"
        assert caught.value.retry_after_ms == 7_500
        await client.aclose()


def test_one_call_at_a_time_tries_for_all() -> None:
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=1, open_seconds=10), clock)
    breaker.failed(trial=breaker.enter())
    clock.now += 10

    first = breaker.wait()
    trial = breaker.enter()
    second = breaker.wait()

    assert (first, trial, second) == (None, True, 10)


def test_a_trial_that_fails_opens_it_anew() -> None:
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=3, open_seconds=10), clock)
    for _ in range(3):
        breaker.failed(trial=breaker.enter())
    clock.now += 10

    breaker.failed(trial=breaker.enter())

    assert breaker.wait() == 10


def test_a_trial_that_its_caller_gave_up_leaves_the_trial_to_the_next() -> None:
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=1, open_seconds=10), clock)
    breaker.failed(trial=breaker.enter())
    clock.now += 10

    breaker.inconclusive(trial=breaker.enter())

    assert breaker.wait() is None
    assert breaker.enter() is True


def test_calls_that_fail_late_do_not_hold_it_open_for_longer() -> None:
    clock = Clock()
    breaker = Breaker(BreakerPolicy(failures=2, open_seconds=10), clock)
    passes = [breaker.enter() for _ in range(4)]
    breaker.failed(trial=passes[0])
    breaker.failed(trial=passes[1])
    clock.now += 9

    breaker.failed(trial=passes[2])
    breaker.inconclusive(trial=passes[3])

    assert breaker.wait() == 1


def test_an_answer_between_failures_begins_the_count_anew() -> None:
    breaker = Breaker(BreakerPolicy(failures=2, open_seconds=10), Clock())
    breaker.failed(trial=breaker.enter())
    breaker.answered()

    breaker.failed(trial=breaker.enter())

    assert breaker.wait() is None


async def test_a_breaker_that_is_off_lets_everything_through() -> None:
    async with serving(answering(503)) as vendor:
        client = connected(system="next", base_url=vendor.base_url, breaker=BreakerPolicy(failures=0))

        await failing(client, 8)

        assert len(vendor.requests) == 8
        await client.aclose()


async def test_calls_that_wait_for_their_turn_when_it_opens_are_not_sent() -> None:
    async with serving(later(0.02, answering(503))) as vendor:
        policy, limits = BreakerPolicy(failures=3, open_seconds=9), Limits(parallel=2)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy, limits=limits)

        calls = (client.call(ONCE, Deadline.after(5)) for _ in range(30))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)

        assert {type(outcome) for outcome in outcomes} == {UpstreamUnavailable}
        assert len(vendor.requests) <= 4
        assert sum("circuit open after" in str(outcome) for outcome in outcomes) >= 26
        await client.aclose()


async def test_calls_whose_turn_comes_when_one_may_try_are_not_all_sent() -> None:
    async with serving(answering(503)) as vendor:
        policy, budget = BreakerPolicy(failures=3, open_seconds=0.05), (Window(3, 0.2),)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy, budget=budget)

        await asyncio.gather(*(client.call(ONCE, Deadline.after(5)) for _ in range(9)), return_exceptions=True)

        assert len(vendor.requests) == 3
        await client.aclose()


async def test_nothing_is_repeated_once_it_is_open() -> None:
    async with serving(later(0.1, answering(503)), answering(503)) as vendor:
        policy = BreakerPolicy(failures=1, open_seconds=9)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy)
        patient = asyncio.create_task(client.call(Call("GET", "/customers/", idempotent=True), Deadline.after(5)))
        await asyncio.sleep(0.03)

        await failing(client, 1)
        with pytest.raises(UpstreamUnavailable):
            await patient

        assert len(vendor.requests) == 2
        await client.aclose()


async def test_the_call_that_tries_for_all_may_log_in_and_repeat() -> None:
    async with serving(answering(503), answering(503), telling([1])) as vendor:
        policy = BreakerPolicy(failures=1, open_seconds=0.05)
        client = connected(system="next", base_url=vendor.base_url, breaker=policy, retry=Retry(base_seconds=0.0))
        await failing(client, 1)
        await asyncio.sleep(0.06)

        answer = await client.call(Call("GET", "/customers/", idempotent=True), Deadline.after(5))

        assert (answer.document, len(vendor.requests)) == ([1], 3)
        await client.aclose()
