"""A read of several calls that is cut off: the next request makes those that are missing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest
from federation.fake_system import Acme, federation

from customer_gateway.errors import UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.system import EVERYTHING
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.kept_reads import ANSWERED_CALLS, OLDEST_SECONDS, age_of_kept_calls

if TYPE_CHECKING:
    from customer_gateway.errors import UpstreamError
    from customer_gateway.federation.request import Federation

pytestmark = pytest.mark.anyio

LATE = UpstreamRateLimited("acme", "GET /pages: rate limit: no slot before the deadline")
TIMEOUT = UpstreamTimeout.late("acme", "pages")
ONE_FIT = "1 call fit in the time and is kept for 60 s: send the same request again, or ask for fewer at once"
TWO_FIT = "2 calls fit in the time and are kept for 60 s: send the same request again, or ask for fewer at once"
OLD, NEW = timedelta(seconds=OLDEST_SECONDS), timedelta(0)


class PageCall(NamedTuple):
    """A call for a page of a list: all pages have one path."""

    path: str
    page: int


class Pages:
    """A read of three pages, a call each, of which so many get a slot each time; those are `made`.

    The call after them fails, or hangs until the deadline where there is no failure.
    """

    def __init__(self, failure: UpstreamError | None = LATE, slots: int = 1) -> None:
        self.failure = failure
        self.slots = slots
        self.made: list[int] = []

    async def read(self, deadline: Deadline) -> timedelta:
        """Read all pages; return how much older than this read they may be."""
        calls, slots = ANSWERED_CALLS.get(), self.slots
        for page in range(3):
            call = PageCall("/pages", page)
            if calls is not None and calls.find(call) is not None:
                continue
            if not slots:
                await self._fail(deadline)
            slots -= 1
            self.made.append(page)
            if calls is not None:
                calls.note(call, f"page {page}")
        return age_of_kept_calls()

    async def _fail(self, deadline: Deadline) -> None:
        if self.failure is not None:
            raise self.failure
        try:
            async with deadline.enforce():
                await asyncio.sleep(60)
        except TimeoutError:
            raise UpstreamTimeout("acme", "GET /pages: too late") from None


async def found(of: Federation, pages: Pages, *, keep: bool = True, seconds: float = 5) -> object:
    """What a request reads, an error as its text."""
    asking = of.request(EVERYTHING, Deadline.after(seconds))
    reading = asking.memoized("acme", "pages", "key", pages.read, keep=keep)
    (answer,) = await asyncio.gather(reading, return_exceptions=True)
    return str(answer) if isinstance(answer, Exception) else answer


async def test_the_next_request_goes_on_after_the_calls_that_fit_and_the_failure_says_how_many_did() -> None:
    acme, pages = federation(Acme()), Pages()

    answers = [await found(acme, pages) for _ in range(3)]

    assert answers == [f"{LATE}; {ONE_FIT}", f"{LATE}; {TWO_FIT}", OLD]
    assert pages.made == [0, 1, 2]


async def test_calls_are_kept_no_longer_once_they_were_of_use() -> None:
    acme, pages = federation(Acme()), Pages()
    for _ in range(3):
        await found(acme, pages)

    assert await found(acme, pages) == f"{LATE}; {ONE_FIT}"

    assert pages.made == [0, 1, 2, 0]


async def test_who_waits_until_its_deadline_is_told_how_many_calls_fit_too() -> None:
    acme, pages = federation(Acme()), Pages(None)

    answers: list[object] = []
    for _ in range(3):
        answers.append(await found(acme, pages, seconds=0.05))
        await asyncio.sleep(0.02)  # the read itself ends when its deadline has cancelled the call

    assert answers == [f"{TIMEOUT}; {ONE_FIT}", f"{TIMEOUT}; {TWO_FIT}", OLD]
    assert pages.made == [0, 1, 2]


async def test_who_leaves_while_others_wait_is_not_told_that_anything_is_kept() -> None:
    acme, pages = federation(Acme()), Pages(None)

    answers = await asyncio.gather(found(acme, pages, seconds=0.05), found(acme, pages, seconds=0.1))

    assert answers == [str(TIMEOUT), f"{TIMEOUT}; {ONE_FIT}"]


async def test_a_read_for_which_there_is_time_keeps_nothing() -> None:
    acme, pages = federation(Acme()), Pages(slots=3)

    answers = [await found(acme, pages) for _ in range(2)]

    assert answers == [NEW, NEW]
    assert pages.made == [0, 1, 2, 0, 1, 2]
    assert len(acme.batchers.kept_reads("acme")) == 0


async def test_a_read_that_fails_otherwise_keeps_nothing_and_what_it_has_used_no_longer() -> None:
    acme, down = federation(Acme()), UpstreamUnavailable("acme", "no connection")
    pages = Pages()
    await found(acme, pages)
    pages.failure = down

    assert await found(acme, pages) == str(down)

    assert pages.made == [0, 1]
    assert len(acme.batchers.kept_reads("acme")) == 0


async def test_a_read_that_is_not_to_be_kept_begins_anew() -> None:
    acme, pages = federation(Acme()), Pages()

    answers = [await found(acme, pages, keep=False) for _ in range(2)]

    assert answers == [str(LATE)] * 2
    assert pages.made == [0, 0]


async def test_a_write_drops_the_calls_also_where_no_record_was_read() -> None:
    acme, pages = federation(Acme()), Pages()
    await found(acme, pages)

    acme.batchers.forget("acme", "1")
    await found(acme, pages)

    assert pages.made == [0, 0]


async def test_calls_of_a_read_in_which_a_write_fell_are_not_kept() -> None:
    acme, pages = federation(Acme()), Pages(None)
    reading = asyncio.ensure_future(found(acme, pages, seconds=0.05))
    await asyncio.sleep(0.02)

    acme.batchers.forget("acme", "1")
    await reading

    assert len(acme.batchers.kept_reads("acme")) == 0
