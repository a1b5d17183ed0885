"""The batcher: keys wanted by many become few calls, and nobody's key, deadline or leaving is another's trouble."""

from __future__ import annotations

import asyncio
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import Asked
from structlog.testing import capture_logs

from customer_gateway.errors import (
    ReadFault,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from customer_gateway.system import Route
from customer_gateway.work.batcher import Batcher
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.anyio

ROWS = {str(key): f"row {key}" for key in range(1, 200)}
SHORT = 0.03


def route(asked: Asked, most: int = 100, **facts: Any) -> Route[Any]:
    return Route("acme.customers", asked.fetch, most, **facts)


def soon() -> Deadline:
    return Deadline.after(5)


async def ticks(count: int = 5) -> None:
    """Let everything that can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)


def begun(batcher: Batcher[Any], *keys: str, deadline: Deadline | None = None) -> asyncio.Task[dict[str, Any]]:
    """A load under way."""
    return asyncio.get_running_loop().create_task(batcher.load(keys, deadline or soon()))


def refusing(key: str, status: int = 400, **facts: Any) -> Callable[[Sequence[str]], Exception | None]:
    """A vendor that refuses a whole call because of one key."""
    refusal = UpstreamBadResponse("acme", "GET /customers was refused", status=status, **facts)
    return lambda keys: refusal if key in keys else None


async def taken_off(batcher: Batcher[Any]) -> list[asyncio.Task[dict[str, Any]]]:
    """As many calls as go side by side, so that what comes now has to join the next."""
    under_way = [begun(batcher, "101"), begun(batcher, "102")]
    await ticks()
    return under_way


async def test_each_key_gets_its_value_and_an_unknown_one_none() -> None:
    asked = Asked(ROWS)

    found = await Batcher(route(asked)).load(["2", "1", "nobody"], soon())

    assert found == {"2": "row 2", "1": "row 1", "nobody": None}
    assert asked.calls == [["2", "1", "nobody"]]


async def test_no_keys_are_no_call() -> None:
    asked = Asked(ROWS)

    assert await Batcher(route(asked)).load([], soon()) == {}
    assert asked.calls == []


async def test_a_lone_request_waits_for_nothing() -> None:
    asked = Asked(ROWS, held=True)

    load = begun(Batcher(route(asked)), "1")
    await ticks(2)

    assert asked.calls == [["1"]]
    asked.gate.set()
    assert await load == {"1": "row 1"}


async def test_keys_join_the_next_call_while_others_are_under_way() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    await taken_off(batcher)

    loads = [begun(batcher, "1"), begun(batcher, "2", "3"), begun(batcher, "4")]
    await ticks()
    before = list(asked.calls)
    asked.gate.set()

    assert await asyncio.gather(*loads) == [{"1": "row 1"}, {"2": "row 2", "3": "row 3"}, {"4": "row 4"}]
    assert before == [["101"], ["102"]]
    assert asked.calls[2:] == [["1", "2", "3", "4"]]


async def test_forty_single_loads_together_are_three_calls() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))

    loads = [begun(batcher, str(key)) for key in range(1, 41)]
    await ticks()
    asked.gate.set()
    found = await asyncio.gather(*loads)

    assert found == [{str(key): f"row {key}"} for key in range(1, 41)]
    assert [len(keys) for keys in asked.calls] == [1, 1, 38]


async def test_a_key_in_flight_is_not_asked_again() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))

    loads = [begun(batcher, "1", "2"), begun(batcher, "2"), begun(batcher, "2", "3")]
    await ticks()
    asked.gate.set()

    assert await asyncio.gather(*loads) == [
        {"1": "row 1", "2": "row 2"},
        {"2": "row 2"},
        {"2": "row 2", "3": "row 3"},
    ]
    assert asked.calls == [["1", "2"], ["3"]]


async def test_a_key_is_asked_again_once_its_call_has_landed() -> None:
    asked = Asked(ROWS)
    batcher = Batcher(route(asked))

    await batcher.load(["1"], soon())
    await batcher.load(["1"], soon())

    assert asked.calls == [["1"], ["1"]]


async def test_a_key_named_twice_is_asked_once() -> None:
    asked = Asked(ROWS)

    found = await Batcher(route(asked, most=1)).load(["1", "1", "2"], soon())

    assert found == {"1": "row 1", "2": "row 2"}
    assert asked.calls == [["1"], ["2"]]


async def test_more_keys_than_a_call_holds_go_side_by_side() -> None:
    asked = Asked(ROWS, held=True)

    load = begun(Batcher(route(asked, most=2)), "1", "2", "3", "4", "5")
    await ticks()

    assert asked.calls == [["1", "2"], ["3", "4"], ["5"]]
    asked.gate.set()
    assert await load == {str(key): f"row {key}" for key in range(1, 6)}


async def test_a_joined_call_that_grew_too_long_is_parted_too() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked, most=2))
    await taken_off(batcher)

    loads = [begun(batcher, str(key)) for key in (1, 2, 3)]
    await ticks()
    asked.gate.set()
    await asyncio.gather(*loads)

    assert asked.calls[2:] == [["1", "2"], ["3"]]


async def test_of_parts_side_by_side_one_may_fail_alone() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = lambda keys: UpstreamUnavailable("acme", "down") if "3" in keys else None
    batcher = Batcher(route(asked, most=2))
    await taken_off(batcher)

    loads = [begun(batcher, str(key)) for key in (1, 2, 3)]
    await ticks()
    asked.gate.set()
    one, two, three = await asyncio.gather(*loads)

    assert (one, two) == ({"1": "row 1"}, {"2": "row 2"})
    assert isinstance(three["3"], UpstreamUnavailable)


async def test_a_key_of_another_form_is_none_without_a_call() -> None:
    asked = Asked(ROWS)
    digits = route(asked, key_form=re.compile("[0-9]{1,3}"))

    found = await Batcher(digits).load(["1", "1 OR 1=1", "", "1234"], soon())

    assert found == {"1": "row 1", "1 OR 1=1": None, "": None, "1234": None}
    assert asked.calls == [["1"]]


async def test_one_waiters_leaving_does_not_end_the_flight_of_the_others() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    first, second = begun(batcher, "1"), begun(batcher, "1")
    await ticks()

    first.cancel()
    await ticks()
    asked.gate.set()

    assert await second == {"1": "row 1"}
    assert first.cancelled()
    assert asked.calls == [["1"]]


async def test_each_waiter_leaves_at_its_own_deadline_and_the_flight_lives_to_the_latest() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    hasty = begun(batcher, "1", deadline=Deadline.after(SHORT))
    patient = begun(batcher, "1", "2")

    late = await hasty
    asked.gate.set()

    assert isinstance(late["1"], UpstreamTimeout)
    assert str(late["1"]) == "acme: customers: no whole answer before the deadline; try again later"
    assert await patient == {"1": "row 1", "2": "row 2"}
    assert asked.calls == [["1"], ["2"]]


async def test_a_flight_that_nobody_waits_for_any_longer_ends_at_the_latest_deadline() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))

    late = await batcher.load(["1"], Deadline.after(SHORT))
    await asyncio.sleep(SHORT)
    again = begun(batcher, "1")
    await ticks()
    asked.gate.set()

    assert isinstance(late["1"], UpstreamTimeout)
    assert await again == {"1": "row 1"}
    assert len(asked.calls) == 2


async def test_a_call_that_hangs_is_joined_until_its_first_askers_deadline_and_then_made_anew() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))

    first = begun(batcher, "1", deadline=Deadline.after(SHORT))
    await ticks()
    joining = begun(batcher, "1", deadline=Deadline.after(1.5))
    await first
    anew = begun(batcher, "1")
    await ticks()
    asked.gate.set()

    assert await asyncio.gather(joining, anew) == [{"1": "row 1"}] * 2
    assert asked.calls == [["1"], ["1"]]


async def test_the_end_of_a_call_that_hung_leaves_the_one_made_anew_to_be_joined() -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    calls: list[list[str]] = []

    async def fetch(keys: Sequence[str], _deadline: Deadline) -> dict[str, str]:
        calls.append(list(keys))
        await gates[len(calls) - 1].wait()
        return {key: ROWS[key] for key in keys}

    batcher = Batcher(Route("acme.customers", fetch, 100))
    await batcher.load(["1"], Deadline.after(SHORT))
    anew = begun(batcher, "1")
    await ticks()
    gates[0].set()
    await ticks()
    joining = begun(batcher, "1")
    await ticks()
    gates[1].set()

    assert await asyncio.gather(anew, joining) == [{"1": "row 1"}] * 2
    assert len(calls) == 2


async def test_a_call_that_departs_late_is_joined_by_who_asks_for_the_keys_that_it_carries() -> None:
    gates = [asyncio.Event() for _ in range(3)]
    calls: list[list[str]] = []

    async def fetch(keys: Sequence[str], _deadline: Deadline) -> dict[str, str]:
        calls.append(list(keys))
        await gates[len(calls) - 1].wait()
        return {key: ROWS[key] for key in keys}

    batcher = Batcher(Route("acme.customers", fetch, 100))
    await taken_off(batcher)
    hurried, patient = begun(batcher, "1", deadline=Deadline.after(SHORT)), begun(batcher, "2")
    await hurried
    gates[0].set()
    await ticks()
    joining = begun(batcher, "2")
    await ticks()
    gates[2].set()

    assert await asyncio.gather(patient, joining) == [{"2": "row 2"}] * 2
    assert calls[2:] == [["2"]]
    gates[1].set()


async def test_keys_that_all_have_given_up_before_their_call_departs_are_not_asked() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    under_way = await taken_off(batcher)

    hurried = [begun(batcher, str(key), "9", deadline=Deadline.after(SHORT)) for key in range(1, 4)]
    late = await asyncio.gather(*hurried)
    patient = begun(batcher, "9", "10")
    await ticks()
    asked.gate.set()
    await asyncio.gather(*under_way)

    assert {type(each) for found in late for each in found.values()} == {UpstreamTimeout}
    assert await patient == {"9": "row 9", "10": "row 10"}
    assert asked.calls[2:] == [["9", "10"]]


async def test_what_a_call_logs_bears_the_mark_of_who_was_first_to_ask() -> None:
    asker: ContextVar[str] = ContextVar("asker")
    asked = Asked(ROWS, held=True)
    heard: list[str] = []
    asked.refuses = lambda _keys: heard.append(asker.get())
    batcher = Batcher(route(asked))

    async def ask(key: str) -> None:
        asker.set(f"who asked for {key}")
        await batcher.load([key], soon())

    loads = [asyncio.ensure_future(ask(key)) for key in ("1", "2", "3", "4")]
    await ticks()
    asked.gate.set()
    await asyncio.gather(*loads)

    assert heard == ["who asked for 1", "who asked for 2", "who asked for 3"]


async def test_a_load_past_its_deadline_is_late_at_once() -> None:
    found = await Batcher(route(Asked(ROWS, held=True))).load(["1"], Deadline.after(-1))

    assert isinstance(found["1"], UpstreamTimeout)


@pytest.mark.parametrize(("status", "facts"), [(400, {}), (404, {}), (200, {"about_keys": True})])
async def test_of_a_refused_joined_call_only_the_bad_asker_fails(status: int, facts: dict[str, Any]) -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = refusing("666", status, **facts)
    batcher = Batcher(route(asked))
    await taken_off(batcher)

    loads = [begun(batcher, "1", "2"), begun(batcher, "666", "7"), begun(batcher, "3")]
    await ticks()
    asked.gate.set()
    good, bad, other = await asyncio.gather(*loads)

    assert (good, other) == ({"1": "row 1", "2": "row 2"}, {"3": "row 3"})
    assert all(isinstance(each, UpstreamBadResponse) for each in bad.values())
    assert asked.calls[2:] == [["1", "2", "666", "7", "3"], ["1", "2"], ["666", "7", "3"], ["666", "7"], ["3"]]


async def test_the_one_bad_key_of_many_askers_is_found_by_halves() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = refusing("666")
    batcher = Batcher(route(asked))
    await taken_off(batcher)

    loads = [begun(batcher, key) for key in [*map(str, range(1, 64)), "666"]]
    await ticks()
    asked.gate.set()
    *good, bad = await asyncio.gather(*loads)

    assert good == [{str(key): f"row {key}"} for key in range(1, 64)]
    assert isinstance(bad["666"], UpstreamBadResponse)
    assert len(asked.calls[2:]) == 1 + 2 * 6


async def test_a_key_that_a_bad_asker_wants_too_is_read_for_the_others() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = refusing("666")
    batcher = Batcher(route(asked))
    await taken_off(batcher)

    loads = [begun(batcher, "1"), begun(batcher, "666"), begun(batcher, "1", "666"), begun(batcher, "1")]
    await ticks()
    asked.gate.set()
    good, bad, both, same = await asyncio.gather(*loads)

    assert good == same == {"1": "row 1"}
    assert both["1"] == "row 1"
    assert isinstance(bad["666"], UpstreamBadResponse)
    assert isinstance(both["666"], UpstreamBadResponse)
    assert asked.calls[2:] == [["1", "666"], ["1"], ["666"]]


async def test_in_a_joined_call_of_several_parts_a_refused_one_is_split_by_itself() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = refusing("666")
    batcher = Batcher(route(asked, most=2))
    await taken_off(batcher)

    loads = [begun(batcher, "1", "2"), begun(batcher, "3"), begun(batcher, "666")]
    await ticks()
    asked.gate.set()
    good, other, bad = await asyncio.gather(*loads)

    assert (good, other) == ({"1": "row 1", "2": "row 2"}, {"3": "row 3"})
    assert isinstance(bad["666"], UpstreamBadResponse)
    assert asked.calls[2:] == [["1", "2"], ["3", "666"], ["3"], ["666"]]


async def test_a_bad_key_that_many_ask_for_is_refused_once_for_all() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = refusing("666")
    batcher = Batcher(route(asked))

    loads = [begun(batcher, "666") for _ in range(10)]
    await ticks()
    asked.gate.set()
    found = await asyncio.gather(*loads)

    assert all(isinstance(each["666"], UpstreamBadResponse) for each in found)
    assert asked.calls == [["666"]]


async def test_a_lone_call_that_is_refused_is_not_repeated() -> None:
    asked = Asked(ROWS)
    asked.refuses = refusing("666", status=422)

    found = await Batcher(route(asked)).load(["1", "666"], soon())

    assert all(isinstance(each, UpstreamBadResponse) for each in found.values())
    assert len(asked.calls) == 1


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnavailable("acme", "503", status=503),
        UpstreamRateLimited("acme", "429", status=429),
        UpstreamBadResponse("acme", "not JSON", status=200),
        UpstreamBadResponse("acme", "cut short"),
    ],
    ids=lambda failure: f"{failure.code} {failure.status}",
)
async def test_any_other_failure_is_everybodys_and_not_repeated(failure: UpstreamError) -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    await taken_off(batcher)
    asked.refuses = lambda keys: failure if len(keys) > 1 else None

    loads = [begun(batcher, "1"), begun(batcher, "2")]
    await ticks()
    asked.gate.set()

    assert await asyncio.gather(*loads) == [{"1": failure}, {"2": failure}]
    assert asked.calls[2:] == [["1", "2"]]


async def test_a_route_may_fail_for_single_keys() -> None:
    failure = UpstreamUnavailable("acme", "down")

    found = await Batcher(route(Asked({"1": "row 1", "2": failure}))).load(["1", "2"], soon())

    assert found == {"1": "row 1", "2": failure}


async def test_a_fault_of_ours_is_the_failure_of_each_key_of_its_call_and_is_logged_once() -> None:
    asked = Asked(ROWS, held=True)
    asked.refuses = lambda _keys: ZeroDivisionError("ours")
    batcher = Batcher(route(asked))

    loads = [begun(batcher, "1"), begun(batcher, "1")]
    await ticks()
    asked.gate.set()
    with capture_logs() as lines:
        found = await asyncio.gather(*loads)
    asked.refuses = lambda _keys: None

    assert [type(each["1"]) for each in found] == [ReadFault, ReadFault]
    assert [(line["event"], line["system"], line["read"]) for line in lines] == [("read_failed", "acme", "customers")]
    assert isinstance(lines[0]["exc_info"], ZeroDivisionError)
    assert await batcher.load(["1"], soon()) == {"1": "row 1"}


async def test_a_fault_of_ours_in_one_call_of_a_wave_is_told_to_those_who_wait_for_that_call() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked, most=1))
    await taken_off(batcher)
    asked.refuses = lambda keys: ZeroDivisionError("ours") if "2" in keys else None

    loads = [begun(batcher, "1"), begun(batcher, "2")]
    await ticks()
    asked.gate.set()

    kept, failed = await asyncio.gather(*loads)
    assert kept == {"1": "row 1"}
    assert isinstance(failed["2"], ReadFault)


async def test_a_fault_of_ours_in_one_call_costs_a_caller_the_keys_of_that_call_only() -> None:
    asked = Asked(ROWS)
    asked.refuses = lambda keys: ZeroDivisionError("ours") if "2" in keys else None

    found = await Batcher(route(asked, most=1)).load(["1", "2", "3"], soon())

    assert (found["1"], type(found["2"]), found["3"]) == ("row 1", ReadFault, "row 3")


async def test_a_route_that_gives_no_values_at_all_fails_its_keys() -> None:
    async def fetch(_keys: Sequence[str], _deadline: Deadline) -> Any:
        return None

    found = await Batcher(Route("acme.rows", fetch, 10, cache_seconds=60)).load(["1"], soon())

    assert isinstance(found["1"], ReadFault)


async def test_each_call_of_a_wave_lands_by_itself_and_the_next_wave_leaves_with_the_last() -> None:
    held = {key: asyncio.Event() for key in "0123"}
    asked: list[list[str]] = []

    async def fetch(keys: Sequence[str], _deadline: Deadline) -> dict[str, str]:
        asked.append(list(keys))
        for key in keys:
            await held[key].wait()
        return {key: f"value {key}" for key in keys}

    batcher = Batcher(Route("acme.customers", fetch, 1))
    before = [begun(batcher, "0")]
    await ticks()
    before.append(begun(batcher, "1"))
    wave = [begun(batcher, "2"), begun(batcher, "3")]
    await ticks()
    held["0"].set()
    await ticks()
    assert asked == [["0"], ["1"], ["2"], ["3"]]

    held["3"].set()
    await ticks()
    assert [load.done() for load in (*before, *wave)] == [True, False, False, True]

    for each in held.values():
        each.set()
    assert [await load for load in wave] == [{"2": "value 2"}, {"3": "value 3"}]


async def test_a_key_is_put_where_there_is_room_for_all_that_were_asked_with_it() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked, most=3))
    await taken_off(batcher)

    loads = [begun(batcher, "1", "2"), begun(batcher, "3", "4"), begun(batcher, "5")]
    await ticks()
    asked.gate.set()
    await asyncio.gather(*loads)

    assert asked.calls[-2:] == [["1", "2"], ["3", "4", "5"]]


async def test_a_read_that_is_given_up_from_within_is_told_as_failed_and_not_as_unknown() -> None:
    async def given_up(_keys: Sequence[str], _deadline: Deadline) -> dict[str, Any]:
        raise asyncio.CancelledError

    found = await Batcher(Route("acme.customers", given_up, 10)).load(["1"], soon())

    assert isinstance(found["1"], UpstreamUnavailable)


class TestRemembering:
    """Routes with `cache_seconds` answer from memory for that long."""

    async def test_what_was_read_is_not_asked_again_while_it_is_fresh(self) -> None:
        asked = Asked(ROWS)
        batcher = Batcher(route(asked, cache_seconds=60))

        await batcher.load(["1", "nobody"], soon())
        again = await batcher.load(["1", "nobody", "2"], soon())

        assert again == {"1": "row 1", "nobody": None, "2": "row 2"}
        assert asked.calls == [["1", "nobody"], ["2"]]

    async def test_what_came_along_is_remembered_too(self) -> None:
        calls: list[Sequence[str]] = []

        async def whole_page(keys: Sequence[str], _deadline: Deadline) -> dict[str, str]:
            calls.append(keys)
            return ROWS

        batcher = Batcher(Route("acme.terms", whole_page, 10, cache_seconds=60))
        await batcher.load(["1"], soon())

        assert await batcher.load(["7"], soon()) == {"7": "row 7"}
        assert calls == [["1"]]

    async def test_what_has_grown_old_is_asked_again(self) -> None:
        asked = Asked(ROWS)
        batcher = Batcher(route(asked, cache_seconds=SHORT))

        await batcher.load(["1"], soon())
        await asyncio.sleep(2 * SHORT)
        await batcher.load(["1"], soon())

        assert asked.calls == [["1"], ["1"]]

    async def test_no_more_is_kept_than_the_route_says_and_the_oldest_goes_first(self) -> None:
        asked = Asked(ROWS)
        batcher = Batcher(route(asked, cache_seconds=60, cache_keys=2))

        for key in ("1", "2", "3"):
            await batcher.load([key], soon())
        await batcher.load(["2", "3"], soon())
        await batcher.load(["1"], soon())

        assert asked.calls == [["1"], ["2"], ["3"], ["1"]]

    async def test_a_failure_is_not_remembered(self) -> None:
        asked = Asked({"1": UpstreamUnavailable("acme", "down"), "2": "row 2"})
        batcher = Batcher(route(asked, cache_seconds=60))

        await batcher.load(["1", "2"], soon())
        asked.rows = ROWS

        assert await batcher.load(["1", "2"], soon()) == {"1": "row 1", "2": "row 2"}
        assert asked.calls == [["1", "2"], ["1"]]


async def test_a_call_that_began_before_a_write_is_not_joined_after_it() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked))
    before = begun(batcher, "1", "2")
    await ticks()

    batcher.forget(["1"])
    after = begun(batcher, "1", "2")
    await ticks()
    asked.gate.set()
    await asyncio.gather(before, after)

    assert asked.calls == [["1", "2"], ["1"]]


async def test_a_call_that_has_not_begun_at_a_write_is_joined_and_remembered() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked, cache_seconds=60.0))
    await taken_off(batcher)
    waiting = begun(batcher, "1")
    await ticks()

    batcher.forget(["1"])
    after = begun(batcher, "1")
    await ticks()
    asked.gate.set()
    await asyncio.gather(waiting, after)
    await batcher.load(["1"], soon())

    assert asked.calls == [["101"], ["102"], ["1"]]


async def test_what_a_call_before_a_write_brings_is_not_remembered() -> None:
    asked = Asked(ROWS, held=True)
    batcher = Batcher(route(asked, cache_seconds=60.0))
    before = begun(batcher, "1", "2")
    await ticks()

    batcher.forget(["1"])
    asked.gate.set()
    await before
    await batcher.load(["1", "2"], soon())

    assert asked.calls == [["1", "2"], ["1"]]


async def test_a_remembered_value_is_forgotten_by_a_write() -> None:
    asked = Asked(ROWS)
    batcher = Batcher(route(asked, cache_seconds=60.0))
    await batcher.load(["1", "2"], soon())

    batcher.forget(["1"])
    await batcher.load(["1", "2"], soon())

    assert asked.calls == [["1", "2"], ["1"]]
