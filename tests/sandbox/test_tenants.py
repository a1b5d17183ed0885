"""Another tenant's customers at the same address, and a vendor whose clock is off, at every vendor over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import signed_in
from sandbox.readers import Reader, reader_of
from vendors import FACTS, SYSTEMS, sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from sandbox.clients import Clock

pytestmark = pytest.mark.anyio

CUSTOMERS = 30


@pytest.fixture(params=SYSTEMS)
async def reader(request: pytest.FixtureRequest, clock: Clock) -> AsyncGenerator[Reader]:
    """A reader of each vendor with 30 customers."""
    async with reader_of(sandbox(customers=CUSTOMERS, clock=clock), request.param) as reader:
        yield reader


async def test_another_tenant_has_as_many_customers_under_other_keys(reader: Reader) -> None:
    mine = await reader.walk()
    reader.vendor.tenants.switch("other")

    theirs = await reader.walk()

    assert (len(theirs), set(theirs) & set(mine)) == (CUSTOMERS, set())
    assert await reader.total() in (CUSTOMERS, None)
    assert await reader.customer(mine[0]) is None
    assert await reader.customer(theirs[0]) is not None


async def test_each_tenant_keeps_what_happened_to_its_customers(reader: Reader) -> None:
    mine = await reader.walk()
    reader.vendor.population.vanish(mine[0])
    reader.vendor.tenants.switch("other")
    theirs = await reader.walk()
    reader.vendor.population.vanish(theirs[1])
    new = reader.vendor.population.appear()
    reader.vendor.tenants.switch("first")
    again = await reader.walk()
    reader.vendor.tenants.switch("other")

    assert again == mine[1:]
    assert new is not None
    assert sorted(await reader.walk()) == sorted([theirs[0], *theirs[2:], new])
    assert reader.vendor.population.vanished() == [theirs[1]]


async def test_a_tenant_is_switched_between_two_pages(reader: Reader) -> None:
    mine = await reader.walk()
    reader.vendor.hooks.before("*", lambda: reader.vendor.tenants.switch("other"), nth=2)

    met = await reader.walk()

    assert met[:10] == mine[:10]
    assert set(met[10:]) & set(mine) == set()
    assert len(met) == CUSTOMERS


async def test_a_tenant_is_switched_by_its_route(reader: Reader) -> None:
    mine = await reader.walk()
    switched = await reader.sandbox("PUT", "tenant", {"name": "other"})
    theirs = await reader.walk()
    shown = await reader.sandbox("GET", "tenant")
    back = await reader.sandbox("DELETE", "tenant")

    assert switched.json() == shown.json() == {"name": "other"}
    assert set(theirs) & set(mine) == set()
    assert back.status_code == 204
    assert await reader.walk() == mine
    assert (await reader.sandbox("PUT", "tenant", {})).status_code == 400


def test_two_sandboxes_have_tenants_of_their_own() -> None:
    one, other = (sandbox(customers=5).vendors[SYSTEMS[0]] for _ in range(2))
    for vendor in (one, other):
        vendor.tenants.switch("other")
    keys = list(one.population.documents())

    one.population.vanish(keys[0])

    assert list(other.population.documents()) == keys


def test_another_tenant_writes_nothing_to_the_first_one_s_file(tmp_path: Path) -> None:
    first = sandbox(customers=5, directory=tmp_path)
    keys = {name: set(vendor.population.documents()) for name, vendor in first.vendors.items()}
    for vendor in first.vendors.values():
        vendor.tenants.switch("other")
        vendor.population.vanish(next(iter(vendor.population.documents())))
    first.close()
    second = sandbox(customers=5, directory=tmp_path)

    assert {name: set(vendor.population.documents()) for name, vendor in second.vendors.items()} == keys
    second.close()


async def test_a_clock_that_is_off_stamps_what_is_written_and_what_changes(reader: Reader, clock: Clock) -> None:
    rows = reader.rows(await reader.page())[1:3]
    written, changed = map(reader.key, rows)
    reader.vendor.clock.offset = 3600
    # What was opened an hour ago has ended by now.
    await signed_in(reader.vendor, reader.client)

    document = reader.vendor.population.documents()[written]
    path = FACTS[reader.vendor.name].asked.customer(written)
    answer = await FACTS[reader.vendor.name].rename(reader.client, path, document)
    reader.vendor.population.change(changed)

    assert answer.is_success
    stamps = {reader.changed(await reader.customer(key)) for key in (written, changed)}
    assert stamps in ({clock.now + 3600}, {None})


async def test_a_clock_is_set_by_its_route_and_no_change_is_due_earlier(reader: Reader, clock: Clock) -> None:
    reader.vendor.churn.start(per_second=1)
    told = await reader.sandbox("PUT", "clock", {"offset": 3600})
    clock.now += 2
    changes = (await reader.sandbox("GET", "churn")).json()["changes"]
    moments = [change.at for change in reader.vendor.churn.log]
    shown = await reader.sandbox("GET", "clock")
    await reader.sandbox("DELETE", "clock")

    assert told.json() == {"offset": 3600, "now": clock.now - 2 + 3600}
    assert shown.json() == {"offset": 3600, "now": clock.now + 3600}
    assert (changes, moments) == (2, [clock.now + 3599, clock.now + 3600])
    assert reader.vendor.clock() == clock.now


@pytest.mark.parametrize("body", [{}, {"offset": "1"}, {"offset": 1e12}, {"offset": True}, {"now": 5}, []])
async def test_a_clock_that_cannot_be_is_refused(clock: Clock, body: Any) -> None:
    async with reader_of(sandbox(customers=3, clock=clock), SYSTEMS[0]) as reader:
        answer = await reader.sandbox("PUT", "clock", body)

    assert answer.status_code == 400
    assert reader.vendor.clock.offset == 0
