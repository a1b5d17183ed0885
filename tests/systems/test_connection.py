"""What every system's table may say, the client that comes of it, and whether a system can be reached."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any, Self

import httpx
import pytest
from pydantic import ValidationError
from wire.connected import connected

from customer_gateway.systems.connection import SystemSettings, Wiring, no_objection, open_client, reachable
from customer_gateway.wire import Call, CallRecord, Client, Limits, Retry, Window
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

PROBE = Call("GET", "/probe")
READ = Call("GET", "/customers")


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Vendor(httpx.AsyncBaseTransport):
    """Answers each path with a status, once its gate is open; 0 is no answer at all."""

    statuses: dict[str, int] = field(default_factory=dict[str, int])
    log: list[str] = field(default_factory=list[str])
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.log.append(path)
        await self.gate.wait()
        if not (status := self.statuses.get(path, 200)):
            raise httpx.ConnectError("refused")
        return httpx.Response(status, json=[])

    def opened(self) -> Self:
        self.gate.set()
        return self


def client(vendor: Vendor, clock: Clock | None = None, retry: Retry | None = None, **policies: Any) -> Client:
    return connected(
        system="acme",
        base_url="http://acme.test",
        transport=vendor,
        retry=retry or Retry(attempts=1),
        clock=clock or Clock(),
        **policies,
    )


def soon() -> Deadline:
    return Deadline.after(5)


class TestReachable:
    async def test_an_outcome_within_thirty_seconds_is_told_again_without_a_call(self) -> None:
        vendor, clock = Vendor().opened(), Clock()
        acme = client(vendor, clock)
        await acme.call(READ, soon())
        clock.now += 29

        assert await reachable(acme, PROBE, soon()) is True
        assert vendor.log == ["/customers"]

    async def test_an_older_outcome_is_found_out_anew_by_one_probe(self) -> None:
        vendor, clock = Vendor().opened(), Clock()
        acme = client(vendor, clock)
        await acme.call(READ, soon())
        clock.now += 31

        assert await reachable(acme, PROBE, soon()) is True
        assert await reachable(acme, PROBE, soon()) is True
        assert vendor.log == ["/customers", "/probe"]

    async def test_a_system_that_does_not_answer_is_not_reachable_and_no_error(self) -> None:
        vendor = Vendor({"/probe": 0}).opened()

        assert await reachable(client(vendor), PROBE, soon()) is False
        assert vendor.log == ["/probe"]

    async def test_a_probe_is_sent_once_even_if_its_call_might_be_repeated(self) -> None:
        vendor = Vendor({"/probe": 0}).opened()

        assert await reachable(client(vendor, retry=Retry()), replace(PROBE, idempotent=True), soon()) is False
        assert vendor.log == ["/probe"]

    @pytest.mark.parametrize(("status", "told"), [(500, False), (401, False), (400, True), (404, True), (429, True)])
    async def test_a_refusal_is_an_answer_but_of_the_credentials(
        self,
        status: int,
        told: bool,
    ) -> None:
        vendor = Vendor({"/probe": status}).opened()

        assert await reachable(client(vendor), PROBE, soon()) is told

    async def test_a_call_under_way_is_waited_for_instead_of_a_probe(self) -> None:
        vendor = Vendor()
        acme = client(vendor)
        reading = asyncio.ensure_future(acme.call(READ, soon()))
        asking = asyncio.ensure_future(reachable(acme, PROBE, soon()))
        await asyncio.sleep(0.01)

        vendor.gate.set()

        assert await asking is True
        await reading
        assert vendor.log == ["/customers"]

    async def test_when_the_call_under_way_tells_nothing_a_probe_does(self) -> None:
        vendor = Vendor()
        acme = client(vendor)
        reading = asyncio.ensure_future(acme.call(READ, soon()))
        asking = asyncio.ensure_future(reachable(acme, PROBE, soon()))
        await asyncio.sleep(0.01)

        reading.cancel()
        vendor.gate.set()

        assert await asking is True
        assert vendor.log == ["/customers", "/probe"]

    async def test_nobody_waits_past_his_own_deadline_for_anothers_call(self) -> None:
        vendor = Vendor()
        acme = client(vendor)
        reading = asyncio.ensure_future(acme.call(READ, Deadline.after(60)))
        began = asyncio.get_running_loop().time()

        told = await reachable(acme, PROBE, Deadline.after(0.05))

        assert told is False
        assert asyncio.get_running_loop().time() - began < 1
        vendor.gate.set()
        await reading

    async def test_a_probe_without_a_turn_in_the_budget_does_not_dig_up_an_old_outcome(self) -> None:
        vendor, clock = Vendor().opened(), Clock()
        acme = client(vendor, clock, budget=(Window(1, 3600),))
        await acme.call(READ, soon())
        clock.now += 31

        assert await reachable(acme, PROBE, soon()) is False
        assert vendor.log == ["/customers"]


def settings(**table: Any) -> SystemSettings:
    return SystemSettings.model_validate(
        {"base_url": "https://acme.test/v1/", "time_zone": "Europe/Berlin", "region": "DE", **table}
    )


class TestSettings:
    def test_a_table_needs_little_more_than_an_address(self) -> None:
        told = settings()

        assert told.base_url == "https://acme.test/v1"
        assert (told.limits.parallel, told.limits.answer_bytes, told.limits.calls_per_second) == (32, 20_000_000, 0)
        assert (told.breaker.failures, told.breaker.open_seconds) == (5, 10)

    @pytest.mark.parametrize(
        ("table", "place"),
        [
            ({"base_url": "acme.test"}, ("base_url",)),
            ({"base_url": "ftp://acme.test"}, ("base_url",)),
            ({"base_url": "https:acme.test"}, ("base_url",)),
            ({"base_url": "https://acme.test/v1?key=1"}, ("base_url",)),
            ({"base_url": "https://acme.test/v1?"}, ("base_url",)),
            ({"base_url": "https://acme.test/v1#part"}, ("base_url",)),
            ({"time_zone": "Middle/Earth"}, ("time_zone",)),
            ({"region": "Deutschland"}, ("region",)),
            ({"limits": {"parallel": -1}}, ("limits", "parallel")),
            ({"limits": {"calls_per_second": -1}}, ("limits", "calls_per_second")),
            ({"limits": {"calls_per_second": float("inf")}}, ("limits", "calls_per_second")),
            ({"limits": {"parallel": 10**23}}, ("limits", "parallel")),
            ({"limits": {"answer_bytes": 10**23}}, ("limits", "answer_bytes")),
            ({"breaker": {"open_seconds": float("inf")}}, ("breaker", "open_seconds")),
            ({"limits": {"paralel": 1}}, ("limits", "paralel")),
            ({"breaker": {"open_seconds": 0}}, ("breaker", "open_seconds")),
            ({"shoe_size": 44}, ("shoe_size",)),
        ],
    )
    def test_a_mistake_is_told_at_its_place(self, table: dict[str, Any], place: tuple[str, ...]) -> None:
        with pytest.raises(ValidationError) as refused:
            settings(**table)

        assert [error["loc"] for error in refused.value.errors()] == [place]


class TestOpening:
    async def test_a_client_speaks_to_the_systems_address_with_its_headers(self) -> None:
        vendor = Seen().opened()
        acme = open_client("acme", settings(), to(vendor), auth=None, headers={"X-Client": "gateway"})

        await acme.call(READ, soon())

        assert vendor.seen == [("https://acme.test/v1/customers", "gateway")]

    async def test_the_vendors_budget_is_kept_unless_switched_off(self) -> None:
        budget = (Window(1, 3600),)
        kept, free = (
            open_client("acme", settings(limits={"vendor_budget": on}), to(Vendor().opened()), auth=None, budget=budget)
            for on in (True, False)
        )
        for each in (kept, free):
            await each.call(READ, soon())

        with pytest.raises(Exception, match="rate limit"):
            await kept.call(READ, soon())
        assert (await free.call(READ, soon())).status == 200

    async def test_an_answer_larger_than_the_table_allows_is_refused(self) -> None:
        acme = open_client("acme", settings(limits={"answer_bytes": 1_000}), to(Large().opened()), auth=None)

        with pytest.raises(Exception, match=r"acme: .*bytes"):
            await acme.call(READ, soon())

    def test_a_vendor_without_errors_in_disguise_objects_to_nothing(self) -> None:
        assert no_objection(200, {"error": "no"}) is None

    async def test_an_observer_of_the_wiring_gets_the_record_of_each_call(self) -> None:
        records = list[CallRecord]()
        wiring = replace(to(Vendor().opened()), observers=[records.append])
        acme = open_client("acme", settings(), wiring, auth=None)

        await acme.call(READ, soon())

        assert [(record.system, record.route, record.outcome) for record in records] == [("acme", "/customers", "ok")]

    def test_without_other_wiring_the_way_is_the_real_network(self) -> None:
        assert Wiring().transport("acme") is None
        assert Limits().parallel == 8


def to(vendor: Vendor) -> Wiring:
    return Wiring(transport=lambda _name: vendor, retry=Retry(attempts=1))


@dataclass
class Seen(Vendor):
    """Keeps the address and the client's header of each call."""

    seen: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((str(request.url), request.headers["x-client"]))
        return await super().handle_async_request(request)


class Large(Vendor):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=["x" * 2_000], request=request)
