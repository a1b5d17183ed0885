"""`System.sync`: how far the index is with each system, as a client sees it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from catalog.passing import working
from gateway import gateway_over
from named_callers import ANYONE
from vendors import sandbox

from customer_gateway.federation.sync_states import KeptSyncStates
from customer_gateway.http.callers.authenticator import Authenticator, anonymous

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from catalog.passing import Worker
    from gateway import Gateway

    from customer_gateway.federation.request import Federation

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland", "billbee")]

SYNC = "{ systems { name sync { state records lastCompletedAt lagSeconds floorSeconds } } }"
NEVER = {"state": "NEVER", "records": 0, "lastCompletedAt": None, "lagSeconds": None, "floorSeconds": None}


async def worlds(
    url: str, authenticator: Authenticator = ANYONE, **otherwise: Any
) -> AsyncGenerator[tuple[Worker, Gateway]]:
    box = sandbox(customers=40)
    systems = [("pland", "pland"), ("billbee", "billbee")]
    async with box.serving() as urls, working(box, urls, url, systems=systems, **otherwise) as worker:

        def with_index(_: Federation) -> Federation:
            return replace(worker.federation, sync=KeptSyncStates(worker.kit.store, 0))  # pyright: ignore[reportArgumentType] - the store of passes tells their states, too

        made = gateway_over(
            box, urls=urls, systems=systems, watched=with_index, authenticator=authenticator, **otherwise
        )
        async with made as gateway:
            yield worker, gateway


async def test_before_a_pass_it_is_never_and_after_one_it_has_all(database_url: str) -> None:
    async for worker, gateway in worlds(database_url):
        before = (await gateway.ask(SYNC)).data["systems"]
        await worker.sync("pland")
        pland, billbee = (await gateway.ask(SYNC)).data["systems"]

        assert before == [{"name": "pland", "sync": NEVER}, {"name": "billbee", "sync": NEVER}]
        assert (pland["sync"]["state"], pland["sync"]["records"]) == ("IDLE", 40)
        assert pland["sync"]["lastCompletedAt"].endswith("Z")
        assert 0 <= pland["sync"]["lagSeconds"] < 60
        assert pland["sync"]["floorSeconds"] == 0  # no limit is configured
        assert billbee["sync"] == NEVER


async def test_the_floor_is_the_calls_of_a_pass_at_the_rate_that_it_may_make_them(database_url: str) -> None:
    async for worker, gateway in worlds(database_url, vendor_budget=True):
        row = await worker.sync("billbee")
        _, billbee = (await gateway.ask(SYNC)).data["systems"]

        assert worker.federation.systems["billbee"].calls_per_second == 1  # of two, one is left to others
        assert billbee["sync"]["floorSeconds"] == row.details["complete"]["calls"] >= 4


async def test_what_is_suspect_and_what_failed_says_so(database_url: str) -> None:
    async for worker, gateway in worlds(database_url):
        await worker.sync("pland")
        worker.box.pland.faults.set("empty_list")
        worker.box.billbee.faults.set("status", status=500)
        await worker.sync("pland")
        await worker.sync("billbee")

        pland, billbee = (await gateway.ask(SYNC)).data["systems"]

        assert (pland["sync"]["state"], pland["sync"]["records"]) == ("SUSPECT", 40)
        assert (billbee["sync"]["state"], billbee["sync"]["lastCompletedAt"]) == ("FAILED", None)


async def test_a_hidden_system_is_not_told_of(database_url: str) -> None:
    seen = Authenticator(anonymous(frozenset({"customers:read"}), frozenset({"pland"})))
    async for worker, gateway in worlds(database_url, seen):
        await worker.sync("billbee")
        answer = await gateway.ask(SYNC)

        assert answer.data == {"systems": [{"name": "pland", "sync": NEVER}]}
        assert b"billbee" not in answer.text


async def test_without_an_index_it_is_null_and_a_database_that_is_away_is_an_error(tmp_path: Path) -> None:
    box = sandbox(customers=1)
    async with box.serving() as urls:
        async with gateway_over(box, urls=urls, systems=[("pland", "pland")]) as gateway:
            assert (await gateway.ask(SYNC)).data == {"systems": [{"name": "pland", "sync": None}]}
        (tmp_path / "catalog.db").write_text("no database", encoding="utf-8")
        async with working(box, urls, f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}") as worker:
            watched = replace(worker.federation, sync=KeptSyncStates(worker.kit.store, 0))  # pyright: ignore[reportArgumentType] - see above
            async with gateway_over(box, urls=urls, watched=lambda _: watched) as gateway:
                answer = await gateway.ask("{ systems { name sync { state } } }")

    assert {error["extensions"]["code"] for error in answer.errors} == {"CATALOG_UNAVAILABLE"}
    assert all(each["sync"] is None for each in answer.partial["systems"])
