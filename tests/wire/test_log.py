from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from wire.connected import connected
from wire.recorded import Lines
from wire.vendor import answering, hanging, serving, telling

from customer_gateway.errors import UpstreamError
from customer_gateway.logs import REQUEST_ID
from customer_gateway.system import Route
from customer_gateway.wire import BasicWithHeaders, Call, CallRecord, Retry, SessionLogin, Window
from customer_gateway.work.batcher import Batcher
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from wire.vendor import Vendor

pytestmark = pytest.mark.anyio

READ = Call("GET", "/customers/4711", query=[("email", "a@b.example")], template="/customers/{id}", idempotent=True)


async def test_every_exchange_is_one_line() -> None:
    async with serving(answering(503), telling({"name": "Ada"})) as vendor:
        log = Lines()
        client = connected(system="pland", base_url=vendor.base_url, retry=Retry(base_seconds=0.01), log=log)

        await client.call(READ, Deadline.after(5))

        first, second = log.lines
        assert first.pop("duration_ms") >= 0
        assert second.pop("duration_ms") >= 0
        said = {"event": "upstream_call", "system": "pland", "method": "GET", "template": "/customers/{id}"}
        assert first == said | {
            "level": "warning",
            "status": None,
            "bytes": 0,
            "attempt": 1,
            "outcome": "UPSTREAM_UNAVAILABLE",
            "reason": "status 503",
            "keys": 1,
            "shared": 1,
        } | {"status": 503}
        assert second == said | {
            "level": "info",
            "status": 200,
            "bytes": 14,
            "attempt": 2,
            "outcome": "ok",
            "reason": None,
            "keys": 1,
            "shared": 1,
        }
        await client.aclose()


async def test_an_observer_is_told_what_the_line_says_and_how_long_the_limits_held_the_call_back() -> None:
    async with serving(answering(503), telling({"name": "Ada"})) as vendor:
        log, records = Lines(), list[CallRecord]()
        client = connected(
            system="pland",
            base_url=vendor.base_url,
            retry=Retry(base_seconds=0.01),
            budget=[Window(1, 0.3)],
            log=log,
            observers=[records.append],
        )

        await client.call(READ, Deadline.after(5))

        assert [(record.status, record.tries, record.outcome, record.bytes) for record in records] == [
            (line["status"], line["attempt"], line["outcome"], line["bytes"]) for line in log.lines
        ]
        assert {(record.system, record.method, record.route) for record in records} == {
            ("pland", "GET", "/customers/{id}")
        }
        assert records[0].wait < 0.1
        assert 0.2 < records[1].wait < 0.6
        await client.aclose()


async def recorded(vendor: Vendor, most: int, *wanted: list[str]) -> list[tuple[int, int]]:
    """Load keys side by side through one batcher, then read a list; return the keys and reads of each call."""
    records = list[CallRecord]()
    client = connected(system="pland", base_url=vendor.base_url, log=Lines(), observers=[records.append])

    async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, str]:
        await client.call(Call("GET", "/customers/", [("ids", key) for key in keys]), deadline)
        return {}

    batcher = Batcher(Route("pland.customers", fetch, most))
    await asyncio.gather(*(batcher.load(keys, Deadline.after(5)) for keys in wanted))
    await client.call(Call("GET", "/customers/"), Deadline.after(5))
    await client.aclose()
    return [(record.keys, record.shared) for record in records]


async def test_a_record_counts_the_keys_of_its_batch_and_the_reads_that_joined_it() -> None:
    async with serving(telling([])) as vendor:
        calls = await recorded(vendor, 3, ["1", "2"], ["2", "1", "3"], ["4"], ["4", "5", "6", "7"])

    assert (sorted(calls[:2]), sorted(calls[2:4]), calls[4:]) == ([(1, 1), (2, 2)], [(1, 2), (3, 1)], [(0, 1)])


async def test_a_refused_batch_is_recorded_with_the_keys_of_each_half() -> None:
    async with serving(telling([]), telling([]), answering(400), telling([])) as vendor:
        calls = await recorded(vendor, 9, ["first"], ["second"], ["1"], ["2", "3"])

    assert [keys for keys, _ in calls[:3]] == [1, 1, 3]
    assert sorted(keys for keys, _ in calls[3:5]) == [1, 2]


async def test_a_timeout_and_a_cancelled_call_are_lines_too() -> None:
    async with serving(hanging) as vendor:
        log = Lines()
        client = connected(system="pland", base_url=vendor.base_url, log=log)
        with pytest.raises(UpstreamError):
            await client.call(READ, Deadline.after(0.05))
        call = asyncio.create_task(client.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.05)

        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

        lines = [(line["outcome"], line["level"]) for line in log.lines]
        assert lines == [("UPSTREAM_TIMEOUT", "warning"), ("cancelled", "info")]
        await client.aclose()


async def test_no_line_holds_a_key_a_query_a_credential_or_a_body() -> None:
    login = Call("POST", "/login", body={"user": "hunter", "password": "hunter2"}, template="/login")

    async def lines(auth: Any, *answers: Any) -> str:
        async with serving(*answers) as vendor:
            log = Lines()
            client = connected(system="pland", base_url=vendor.base_url, auth=auth, log=log)
            await asyncio.gather(client.call(READ, Deadline.after(2)), return_exceptions=True)
            await client.aclose()
            return json.dumps(log.lines)

    session = SessionLogin(
        login,
        lambda answer: answer.document["token"],
        header="x-token",
        lifetime_seconds=60,
        renew_margin_seconds=1,
    )
    said = await lines(session, telling({"token": "t0ken"}), telling({"name": "Ada"}))
    said += await lines(BasicWithHeaders("hunter", "hunter2", {"x-key": "k3y"}), answering(400, b'{"name": "Ada"}'))

    assert said.count("upstream_call") == 3
    for secret in ("4711", "a@b.example", "hunter", "t0ken", "k3y", "Ada"):
        assert secret not in said


async def test_the_request_that_asked_is_named_by_its_id() -> None:
    lines: list[MutableMapping[str, Any]] = []

    def keep(_: Any, __: str, line: MutableMapping[str, Any]) -> str:
        lines.append({**line, "request_id": REQUEST_ID.get()})
        raise structlog.DropEvent

    log = structlog.wrap_logger(None, processors=[keep])
    async with serving(telling([])) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, log=log)

        before = REQUEST_ID.set("r-1")
        await client.call(READ, Deadline.after(5))
        REQUEST_ID.reset(before)

        assert lines[0]["request_id"] == "r-1"
        await client.aclose()
