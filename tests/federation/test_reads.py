"""One request's reads: a key once, a tick together, and nobody hangs on another's end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from federation.fake_system import Asked

from customer_gateway.errors import ReadFault, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.reads import ReadsSoFar, RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.system import EVERYTHING, Route
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.kept_reads import KEPT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

A_TURN = timedelta(seconds=0.04)
ROWS = {str(key): f"row {key}" for key in range(1, 10)}


def reads(batchers: Batchers | None = None, seconds: float = 5) -> RequestReads:
    return RequestReads(Batchers() if batchers is None else batchers, EVERYTHING, Deadline.after(seconds))


def route(asked: Asked) -> Route[Any]:
    return Route("acme.customers", asked.fetch, 100)


def begun(request: RequestReads, of: Route[Any], *keys: str) -> asyncio.Task[Sequence[Any]]:
    return asyncio.get_running_loop().create_task(request.load(of, keys))


async def ticks(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_values_come_in_the_order_asked_also_where_a_key_is_named_twice() -> None:
    asked = Asked(ROWS)

    found = await reads().load(route(asked), ["3", "nobody", "1", "3"])

    assert found == ["row 3", None, "row 1", "row 3"]
    assert asked.calls == [["3", "nobody", "1"]]


async def test_all_who_ask_in_one_tick_are_one_call() -> None:
    asked = Asked(ROWS)
    of, request = route(asked), reads()

    found = await asyncio.gather(*(request.load(of, keys) for keys in (["1"], ["2", "1"], ["3"])))

    assert found == [["row 1"], ["row 2", "row 1"], ["row 3"]]
    assert asked.calls == [["1", "2", "3"]]


async def test_a_key_is_asked_once_per_request() -> None:
    asked = Asked(ROWS)
    of, request = route(asked), reads()

    await request.load(of, ["1", "nobody"])
    again = await request.load(of, ["1", "nobody", "2"])

    assert again == ["row 1", None, "row 2"]
    assert asked.calls == [["1", "nobody"], ["2"]]


async def test_a_key_that_this_request_is_asking_for_is_waited_for() -> None:
    asked = Asked(ROWS, held=True)
    of, request = route(asked), reads()

    first = begun(request, of, "1")
    await ticks()
    second, third = begun(request, of, "1"), begun(request, of, "1", "2")
    await ticks()
    asked.gate.set()

    assert await first == await second == ["row 1"]
    assert await third == ["row 1", "row 2"]
    assert asked.calls == [["1"], ["2"]]


async def test_another_request_asks_anew() -> None:
    asked, batchers = Asked(ROWS), Batchers()
    of = route(asked)

    await reads(batchers).load(of, ["1"])
    await reads(batchers).load(of, ["1"])

    assert asked.calls == [["1"], ["1"]]


async def test_what_came_with_a_list_is_not_asked_for() -> None:
    asked = Asked(ROWS)
    of, request = route(asked), reads()

    request.prime(of, {"1": "from the list"})
    found = await request.load(of, ["1"])

    assert found == ["from the list"]
    assert asked.calls == []


async def test_what_was_read_already_is_replaced_by_a_later_list() -> None:
    of, request = route(Asked(ROWS)), reads()

    await request.load(of, ["1"])
    request.prime(of, {"1": "from the list"})

    assert await request.load(of, ["1"]) == ["from the list"]


async def test_a_forgotten_key_is_asked_for_again_and_the_others_are_not() -> None:
    asked = Asked(ROWS)
    of, request = route(asked), reads()
    await request.load(of, ["1", "2"])

    request.forget(of, ["1"])
    found = await request.load(of, ["1", "2"])

    assert found == ["row 1", "row 2"]
    assert asked.calls == [["1", "2"], ["1"]]


async def test_who_waits_for_a_call_that_began_before_a_write_gets_what_was_read_after_it() -> None:
    asked = Asked({"1": "before", "2": "row 2"}, held=True)
    of, request = route(asked), reads()
    waiting = begun(request, of, "1", "2")
    await ticks()

    request.forget(of, ["1"])
    asked.gate.set()
    await ticks(1)
    asked.rows = {"1": "after", "2": "row 2"}

    assert await waiting == ["after", "row 2"]
    assert asked.calls == [["1", "2"], ["1"]]


async def test_a_failed_read_is_told_in_its_place_and_not_tried_again() -> None:
    failure = UpstreamUnavailable("acme", "down")
    asked = Asked({"1": "row 1", "2": failure})
    of, request = route(asked), reads()

    await request.load(of, ["1", "2"])

    assert await request.load(of, ["2", "1"]) == [failure, "row 1"]
    assert len(asked.calls) == 1


async def test_a_fault_of_ours_is_told_to_all_who_joined_and_is_not_asked_for_again() -> None:
    asked = Asked(ROWS)
    asked.refuses = lambda _keys: ZeroDivisionError("ours")
    of, request = route(asked), reads()

    found = await asyncio.gather(*(request.load(of, [key]) for key in "123"))
    asked.refuses = lambda _keys: None

    assert [type(each) for (each,) in found] == [ReadFault] * 3
    assert await request.load(of, ["1"]) == found[0]
    assert await reads().load(of, ["1"]) == ["row 1"]


async def test_a_key_that_cannot_be_one_fails_the_read_and_nothing_else() -> None:
    of, request = route(Asked(ROWS)), reads()

    (failed,) = await request.load(of, cast("list[str]", [1]))

    assert isinstance(failed, ReadFault)
    assert await request.load(of, ["1"]) == ["row 1"]


@pytest.mark.parametrize("moment", [0, 1, 5], ids=["before it began", "while boarding", "in flight"])
async def test_who_joined_a_reader_that_is_cancelled_is_answered_all_the_same(moment: int) -> None:
    asked = Asked(ROWS, held=True)
    of, request = route(asked), reads()
    leader, joined, other = begun(request, of, "1"), begun(request, of, "1", "2"), begun(request, of, "3")

    await ticks(moment)
    leader.cancel()
    await ticks()
    asked.gate.set()

    assert await joined == ["row 1", "row 2"]
    assert await other == ["row 3"]
    assert sorted({key for keys in asked.calls for key in keys}) == ["1", "2", "3"]
    assert sum(len(keys) for keys in asked.calls) == 3, "no key is asked for twice"


async def test_one_who_joined_may_leave_alone() -> None:
    asked = Asked(ROWS, held=True)
    of, request = route(asked), reads()
    leader, joined = begun(request, of, "1"), begun(request, of, "2")
    await ticks()

    joined.cancel()
    await ticks()
    asked.gate.set()

    assert await leader == ["row 1"]
    assert joined.cancelled()
    assert await request.load(of, ["2"]) == ["row 2"]
    assert asked.calls == [["1", "2"]]


async def test_reads_so_far_tell_what_has_been_read_and_ask_for_nothing() -> None:
    asked = Asked(ROWS)
    of, request = route(asked), reads()
    await request.load(of, ["1", "nobody"])

    known = await ReadsSoFar(request).load(of, ["1", "nobody", "2"])

    assert known[:2] == ["row 1", None]
    assert isinstance(known[2], UpstreamTimeout)
    assert str(known[2]) == "acme: customers: no whole answer before the deadline; try again later"
    assert asked.calls == [["1", "nobody"]]


async def test_what_a_call_brings_that_another_request_began_is_as_old_as_that_call() -> None:
    asked = Asked(ROWS, held=True)
    of, batchers = route(asked), Batchers()
    first, second = reads(batchers), reads(batchers)

    before = datetime.now(UTC)
    one = begun(first, of, "1")
    await ticks()
    begun_at = datetime.now(UTC)
    await asyncio.sleep(0.05)
    other = begun(second, of, "1")
    await ticks()
    asked.gate.set()
    await asyncio.gather(one, other)

    assert asked.calls == [["1"]]
    moments = [request.read_at(of) for request in (first, second)]
    assert all(before - A_TURN <= each <= begun_at + A_TURN for each in moments)


async def test_what_is_kept_of_a_request_that_was_cut_off_is_as_old_as_it_may_be() -> None:
    asked = Asked(ROWS)
    of, batchers = route(asked), Batchers()
    first, second = reads(batchers), reads(batchers)
    await first.load(of, ["1"])
    first.log.cut_off(of.system)

    assert await second.load(of, ["1"]) == ["row 1"]

    assert asked.calls == [["1"]]
    assert second.read_at(of) <= datetime.now(UTC) - timedelta(seconds=KEPT_SECONDS)


async def test_what_a_request_has_not_read_is_as_old_as_now() -> None:
    assert abs(reads().read_at(route(Asked(ROWS))) - datetime.now(UTC)) < A_TURN
