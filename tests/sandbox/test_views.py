"""Lists that are empty by mistake, lose rows, repeat them or count them wrong, at every vendor over HTTP."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import names_of
from sandbox.readers import Reader, reader_of
from vendors import SYSTEMS, sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sandbox.clients import Clock

    from customer_gateway.sandbox import FaultKind

pytestmark = pytest.mark.anyio

CUSTOMERS = 35


@pytest.fixture(params=SYSTEMS)
async def reader(request: pytest.FixtureRequest, clock: Clock) -> AsyncGenerator[Reader]:
    """A reader of each vendor with 35 customers."""
    async with reader_of(sandbox(customers=CUSTOMERS, clock=clock), request.param) as reader:
        yield reader


async def test_a_list_is_empty_by_mistake_and_one_by_one_everybody_is_there(reader: Reader) -> None:
    before = await reader.walk()
    whole = await reader.page()
    rows = reader.rows(whole)
    reader.vendor.faults.set("empty_list")

    empty = await reader.page()

    assert (reader.rows(empty), await reader.walk(), await reader.total() or 0) == ([], [], 0)
    assert await reader.batch(rows) in ([], None)
    assert type(empty) is type(whole)
    assert not isinstance(empty, dict) or empty.keys() == whole.keys()
    assert await reader.customer(before[0]) is not None
    reader.vendor.faults.clear()
    assert await reader.walk() == before


async def test_a_look_up_loses_the_keys_that_are_named(reader: Reader) -> None:
    keys = await reader.walk()
    rows = reader.rows(await reader.page())
    lost = [reader.key(row) for row in rows[2:4]]
    told = await reader.batch(rows)
    reader.vendor.faults.set("lost_keys", keys=lost)

    assert await reader.batch(rows) == (None if told is None else [key for key in told if key not in lost])
    assert await reader.walk() == keys
    assert await reader.customer(lost[0]) is not None


@pytest.mark.parametrize("share", [0.5, 0.25, 1])
async def test_a_look_up_loses_a_share_the_same_every_time(reader: Reader, share: float) -> None:
    rows = reader.rows(await reader.page())
    told = await reader.batch(rows)
    reader.vendor.faults.set("lost_keys", share=share)

    one, other = await reader.batch(rows), await reader.batch(rows)

    assert one == other
    assert (one is None) == (told is None)
    assert one is None or told is None or len(one) == len(told) - ceil(share * len(told))


async def test_every_list_is_without_the_rows_that_are_lost_and_counts_them_no_more(reader: Reader) -> None:
    keys = await reader.walk()
    lost = [keys[0], keys[20]]
    reader.vendor.faults.set("lost_rows", keys=lost)

    assert await reader.walk() == [key for key in keys if key not in lost]
    assert await reader.total() in (CUSTOMERS - 2, None)
    assert await reader.customer(lost[1]) is not None


async def test_pages_without_an_order_repeat_a_row_and_lose_another(reader: Reader) -> None:
    keys = await reader.walk()
    reader.vendor.faults.set("unstable_pages")

    met = Counter(await reader.walk())

    assert max(met.values()) == 2
    assert met.keys() < set(keys)
    assert await reader.total() in (CUSTOMERS, None)


@pytest.mark.parametrize("off", [3, -2])
async def test_a_total_is_not_that_of_the_rows(reader: Reader, off: int) -> None:
    keys = await reader.walk()
    reader.vendor.faults.set("wrong_total", off=off)

    assert await reader.total() in (CUSTOMERS + off, None)
    assert await reader.walk() == keys


async def test_a_fault_of_lists_is_switched_by_its_route(reader: Reader) -> None:
    shown = await reader.sandbox("PUT", "faults", {"kind": "empty_list", "calls": 1})

    assert [fault["kind"] for fault in shown.json()] == ["empty_list"]
    assert reader.rows(await reader.page()) == []
    assert len(reader.rows(await reader.page())) == 10


@pytest.mark.vendors("pland")
@pytest.mark.parametrize("kind", ["empty_list", "lost_rows"])
async def test_a_write_sees_the_customers_that_lists_do_not_show(kind: FaultKind, clock: Clock) -> None:
    async with reader_of(sandbox(customers=5, clock=clock), "pland") as reader:
        one, other, *_ = reader.rows(await reader.page())
        reader.vendor.faults.set(kind, share=1)

        taken = await reader.client.patch(f"/customers/{one['_id']}", json={"number": other["number"]})
        free = await reader.client.patch(f"/customers/{one['_id']}", json={"number": 77})

    assert (taken.status_code, free.status_code) == (400, 200)


async def test_what_runs_at_a_call_sees_the_customers_as_they_are(reader: Reader) -> None:
    seen: list[int] = []
    reader.vendor.faults.set("empty_list")
    reader.vendor.hooks.before("*", lambda: seen.append(len(reader.vendor.population.documents())))
    reader.vendor.hooks.after("*", lambda: seen.append(reader.vendor.customers.count()))

    assert reader.rows(await reader.page()) == []
    assert seen == [CUSTOMERS, CUSTOMERS]


@pytest.mark.parametrize("name", SYSTEMS)
async def test_the_gateway_meets_the_same(name: str, clock: Clock) -> None:
    box = sandbox(customers=15, clock=clock)
    before = await names_of(box, name)
    box.vendors[name].faults.set("lost_rows", keys=[box.vendors[name].customers.keys()[0]])
    without_one = await names_of(box, name)
    box.vendors[name].faults.set("empty_list")

    assert (len(before), len(without_one)) == (15, 14)
    assert await names_of(box, name) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "lost_keys"}, "A fault of lost_keys needs `keys` or a `share`."),
        ({"kind": "lost_rows", "path": "/"}, "A fault of lost_rows needs `keys` or a `share`."),
        ({"kind": "wrong_total"}, "A fault of wrong_total needs `off`, how many more or less."),
        ({"kind": "lost_keys", "keys": "1202"}, '`keys` of a fault is a list of keys, which are texts, not "1202".'),
        ({"kind": "lost_keys", "keys": [1202]}, "`keys` of a fault is a list of keys, which are texts, not [1202]."),
        ({"kind": "lost_keys", "share": 1.5}, "`share` of a fault is a number from 0 to 1, not 1.5."),
        ({"kind": "wrong_total", "off": 0.5}, "`off` of a fault is a whole number, not 0.5."),
    ],
)
async def test_a_fault_of_lists_that_cannot_happen_is_refused(clock: Clock, wrong: dict[str, Any], told: str) -> None:
    async with reader_of(sandbox(customers=3, clock=clock), SYSTEMS[0]) as reader:
        answer = await reader.sandbox("PUT", "faults", wrong)

    assert (answer.status_code, answer.json()) == (400, {"error": told})
    assert list(reader.vendor.faults) == []
