"""Customers that appear, change, vanish and come back while somebody reads, at every vendor over HTTP."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.readers import Reader, reader_of
from vendors import SYSTEMS, sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from sandbox.clients import Clock

    from customer_gateway.sandbox import Sandbox
    from customer_gateway.sandbox.churn import Change

pytestmark = pytest.mark.anyio

CUSTOMERS = 30


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return sandbox(customers=CUSTOMERS, clock=clock)


@pytest.fixture(params=SYSTEMS)
async def reader(request: pytest.FixtureRequest, box: Sandbox) -> AsyncGenerator[Reader]:
    """A reader of each vendor with 30 customers."""
    async with reader_of(box, request.param) as reader:
        yield reader


async def one_by_one(reader: Reader, keys: list[str]) -> dict[str, Any]:
    return {key: await reader.customer(key) for key in keys}


async def test_a_customer_vanishes_and_comes_back_under_its_key(reader: Reader, clock: Clock) -> None:
    keys = await reader.walk()
    before = await reader.customer(keys[3])
    reader.vendor.population.vanish(keys[3])

    gone, left, total = await reader.customer(keys[3]), await reader.walk(), await reader.total()
    clock.now += 60
    reader.vendor.population.come_back(keys[3])
    again = await reader.customer(keys[3])

    with pytest.raises(KeyError):
        reader.vendor.population.come_back(keys[3])

    assert (gone, left, total) == (None, [key for key in keys if key != keys[3]], None if total is None else 29)
    assert sorted(await reader.walk()) == sorted(keys)
    assert again.keys() == before.keys()
    assert reader.changed(again) in (clock.now, None)


async def test_customers_come_and_go_by_routes_too(reader: Reader) -> None:
    key = (await reader.walk())[1]
    known = await reader.sandbox("GET", f"customers/{key}")

    statuses = [(await reader.sandbox("DELETE", f"customers/{key}")).status_code for _ in range(2)]
    gone = await reader.customer(key)
    nobody = await reader.sandbox("GET", f"customers/{key}")
    back = await reader.sandbox("PUT", f"customers/{key}")
    await reader.sandbox("DELETE", f"customers/{key}")
    entered = await reader.sandbox("PUT", f"customers/{key}", known.json())
    wrong = await reader.sandbox("PUT", f"customers/{key}7", known.json())

    assert (statuses, gone, nobody.status_code) == ([204, 404], None, 404)
    assert back.json().keys() == known.json().keys()
    assert entered.json() == known.json()
    assert await reader.customer(key) is not None
    assert (wrong.status_code, wrong.json()) == (400, {"error": f"The document is of another key than {key}7."})
    assert (await reader.sandbox("PUT", "customers/nobody")).status_code == 404
    assert (await reader.sandbox("PUT", f"customers/{key}", [])).status_code == 400


async def test_a_change_gives_a_customer_other_data_and_the_vendor_s_own_stamp(reader: Reader, clock: Clock) -> None:
    key = (await reader.walk())[0]
    before = await reader.customer(key)
    clock.now += 60
    reader.vendor.population.change(key)

    after = await reader.customer(key)

    assert after != before
    assert reader.key(after) == key
    assert reader.changed(after) in (clock.now, None)


async def test_whoever_appears_was_never_there(reader: Reader, clock: Clock) -> None:
    keys = await reader.walk()

    new = reader.vendor.population.appear()

    assert new is not None
    assert sorted(await reader.walk()) == sorted([*keys, new])
    assert reader.changed(await reader.customer(new)) in (clock.now, None)


async def test_so_many_changes_a_second_are_made_and_each_is_logged(reader: Reader, clock: Clock) -> None:
    before = await one_by_one(reader, await reader.walk())
    reader.vendor.churn.start(per_second=2)
    clock.now += 20.1
    keys = await reader.walk()
    after = await one_by_one(reader, keys)
    changes = reader.vendor.churn.log

    assert len(changes) == 40
    assert [change.at for change in changes] == pytest.approx([clock.now - 20.1 + turn / 2 for turn in range(1, 41)])
    assert {change.kind for change in changes} == {"appeared", "changed", "vanished", "returned"}
    last = {change.key: change for change in changes}
    assert sorted(keys) == sorted((before.keys() | last.keys()) - gone(last))
    assert {key for key in keys if after[key] != before.get(key)} <= last.keys()
    stamps = {key: reader.changed(after[key]) for key in keys if key in last}
    assert all(stamp is None or stamp == pytest.approx(last[key].at, abs=1) for key, stamp in stamps.items())


def gone(last: dict[str, Change]) -> set[str]:
    return {key for key, change in last.items() if change.kind == "vanished"}


async def test_changes_come_between_the_pages_and_the_truth_tells_who_is_left(reader: Reader) -> None:
    keys = await reader.walk()
    reader.vendor.log.clear()
    reader.vendor.churn.start(per_call=3)
    met = await reader.walk()
    reader.vendor.churn.stop()

    changes, calls = len(reader.vendor.churn.log), len(reader.vendor.log)
    left = await one_by_one(reader, await reader.walk())

    assert changes == 3 * calls >= 9
    assert met != keys
    assert left.keys() == reader.vendor.churn.truth().keys()
    assert len(reader.vendor.churn.log) == changes


async def test_a_part_of_a_change_per_call_adds_up(reader: Reader) -> None:
    reader.vendor.churn.start(per_call=0.5)

    for _ in range(5):
        await reader.page()

    assert len(reader.vendor.churn.log) == 2


async def test_the_same_seed_gives_the_same_changes(clock: Clock) -> None:
    logs: list[list[Change]] = []
    for seed in ("a", "a", "b"):
        vendor = sandbox(customers=CUSTOMERS, clock=clock).vendors[SYSTEMS[0]]
        vendor.churn.start(per_second=1, seed=seed)
        clock.now += 50
        vendor.churn.stop()
        clock.now -= 50
        logs.append(vendor.churn.log)

    assert logs[0] == logs[1] != logs[2]
    assert len(logs[0]) == 50


async def test_churn_is_started_and_stopped_by_its_route(reader: Reader, clock: Clock) -> None:
    started = await reader.sandbox("PUT", "churn", {"per_second": 1, "seed": "soak"})
    clock.now += 10
    shown = (await reader.sandbox("GET", "churn")).json()
    log = (await reader.sandbox("GET", "churn/log")).json()
    stopped = await reader.sandbox("DELETE", "churn")
    clock.now += 10
    truth = (await reader.sandbox("GET", "customers")).json()

    assert started.json() == {"running": True, "changes": 0, "customers": CUSTOMERS}
    assert (shown["running"], shown["changes"], shown["customers"]) == (True, 10, len(truth))
    assert Counter(change["kind"] for change in log) == {
        kind: shown[kind] for kind in ("appeared", "changed", "vanished", "returned") if kind in shown
    }
    assert stopped.status_code == 204
    assert sorted(await reader.walk()) == sorted(truth)
    assert (await reader.sandbox("GET", "churn")).json()["running"] is False


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "Churn needs `per_second` or `per_call`, a number above 0 and up to 1000."),
        ({"per_second": -1}, "Churn needs `per_second` or `per_call`, a number above 0 and up to 1000."),
        ({"per_second": 1e9}, "Churn needs `per_second` or `per_call`, a number above 0 and up to 1000."),
        ({"per_second": True}, "`per_second` is a number."),
        ({"seed": 7}, "`seed` is a text."),
        ({"pace": 7}, "There is no `pace`; what there may be is per_second, per_call, seed."),
        ([], "The body is a JSON object with some of per_second, per_call, seed."),
    ],
)
async def test_churn_that_cannot_be_is_refused(box: Sandbox, body: Any, told: str) -> None:
    async with reader_of(box, SYSTEMS[0]) as reader:
        answer = await reader.sandbox("PUT", "churn", body)

    assert (answer.status_code, answer.json()) == (400, {"error": told})
    assert not reader.vendor.churn.is_running


async def test_nobody_is_left_to_appear_and_those_who_vanished_return(reader: Reader) -> None:
    population = reader.vendor.population
    while population.appear() is not None:
        pass
    size = population.size()
    population.vanish((await reader.walk())[0])

    for _ in range(60):
        reader.vendor.churn.step()

    assert size == CUSTOMERS + 200
    assert {change.kind for change in reader.vendor.churn.log} >= {"changed", "vanished", "returned"}
    assert "appeared" not in {change.kind for change in reader.vendor.churn.log}


async def test_a_vendor_without_customers_gets_some(reader: Reader) -> None:
    for key in await reader.walk():
        reader.vendor.population.vanish(key)
    assert await reader.walk() == []

    reader.vendor.churn.step()

    assert len(await reader.walk()) == 1


def test_who_vanished_from_a_file_can_come_back_after_a_restart(tmp_path: Path) -> None:
    first = sandbox(customers=5, directory=tmp_path)
    keys = {name: next(iter(vendor.population.documents())) for name, vendor in first.vendors.items()}
    for name, key in keys.items():
        first.vendors[name].population.vanish(key)
    first.close()
    second = sandbox(customers=5, directory=tmp_path)

    for name, key in keys.items():
        population = second.vendors[name].population
        assert population.vanished() == [key]
        population.come_back(key)
        assert key in population.documents()
    second.close()


@pytest.mark.vendors("billbee")
async def test_addresses_come_change_and_go_with_their_customer(box: Sandbox) -> None:
    async def cities(key: str) -> list[Any]:
        rows = (await reader.client.get("/customer-addresses?pageSize=250")).json()["Data"]
        return [row["City"] for row in rows if str(row["CustomerId"]) == key]

    async with reader_of(box, "billbee") as reader:
        key = (await reader.walk())[0]
        population, first = reader.vendor.population, await cities(key)
        population.change(key)
        changed = await cities(key)
        population.vanish(key)
        none = await cities(key)
        population.come_back(key)
        again = await cities(key)
        new = population.appear()
        assert new is not None
        assert len(await cities(new)) >= 1

    assert len(first) == len(changed) >= 1
    assert first != changed
    assert none == []
    assert again == changed
