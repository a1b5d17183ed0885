from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from wire.connected import connected

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire import (
    BasicWithHeaders,
    BearerToken,
    BreakerPolicy,
    Call,
    Client,
    HeaderAuth,
    SessionLogin,
    SessionLost,
    Window,
    bearer,
)
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.wire import Answer, Auth

pytestmark = pytest.mark.anyio

LOGIN = Call("POST", "/api/auth/login", body={"username": "u", "password": "p"}, template="/api/auth/login")
READ = Call("GET", "/api/customers", idempotent=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Lemonsoft:
    """A vendor with sessions, in process."""

    def __init__(self, *, login_status: int = 200, pause: float = 0.0) -> None:
        self.logins = 0
        self.valid: set[str] = set()
        self.seen: list[str] = []
        self.login_status = login_status
        self.pause = pause
        self.answer: Any = None
        self.refusal = 401
        self.lost: httpx.Response | None = None
        self.unlicensed: set[str] = set()
        self.slow: dict[str, list[float]] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == LOGIN.path:
            return await self._login()
        session = request.headers.get("session-id", "")
        self.seen.append(session)
        if self.slow.get(session):
            await asyncio.sleep(self.slow[session].pop(0))
        if session in self.valid and request.url.path not in self.unlicensed:
            return httpx.Response(200, json=[])
        return self.lost or httpx.Response(self.refusal, json=[])

    async def _login(self) -> httpx.Response:
        self.logins += 1
        await asyncio.sleep(self.pause)
        session = f"s{self.logins}"
        if self.login_status == 200:
            self.valid.add(session)
        return httpx.Response(self.login_status, json=self.answer or {"session_id": session})


def token(answer: Answer) -> str:
    return answer.document["session_id"]


def client_of(vendor: Lemonsoft, clock: Clock | None = None, **settings: Any) -> Client:
    auth = SessionLogin(
        LOGIN,
        token,
        header="Session-Id",
        lifetime_seconds=1_800,
        renew_margin_seconds=600,
        clock=clock or time.monotonic,
    )
    return connected(
        system="lemonsoft", base_url="http://lemonsoft", auth=auth, transport=httpx.MockTransport(vendor), **settings
    )


async def test_many_calls_at_once_make_one_login() -> None:
    vendor = Lemonsoft(pause=0.02)
    client = client_of(vendor)

    await asyncio.gather(*(client.call(READ, Deadline.after(1)) for _ in range(20)))

    assert vendor.logins == 1
    assert vendor.seen == ["s1"] * 20


async def test_a_session_is_renewed_before_it_ends_and_nobody_waits_for_it() -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock)
    await client.call(READ, Deadline.after(1))
    clock.now += 1_201

    await client.call(READ, Deadline.after(1))
    await asyncio.sleep(0.01)
    await client.call(READ, Deadline.after(1))

    assert vendor.seen == ["s1", "s1", "s2"]
    assert vendor.logins == 2


async def test_a_session_that_has_ended_is_not_used() -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock)
    await client.call(READ, Deadline.after(1))
    clock.now += 1_800

    await client.call(READ, Deadline.after(1))

    assert vendor.seen == ["s1", "s2"]


async def test_a_refused_session_is_replaced_once_and_the_call_repeated() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor)
    await client.call(READ, Deadline.after(1))
    vendor.valid.clear()

    answer = await client.call(Call("PUT", "/api/customers", body={}), Deadline.after(1))

    assert answer.document == []
    assert vendor.seen == ["s1", "s1", "s2"]


async def test_calls_refused_together_share_the_new_login() -> None:
    vendor = Lemonsoft(pause=0.02)
    client = client_of(vendor)
    await client.call(READ, Deadline.after(1))
    vendor.valid.clear()

    await asyncio.gather(*(client.call(READ, Deadline.after(1)) for _ in range(8)))

    assert vendor.logins == 2


async def test_a_session_refused_again_is_unauthorized_after_one_new_login() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor)
    await client.call(READ, Deadline.after(1))
    vendor.valid = set()
    vendor.answer = {"session_id": "unknown"}

    with pytest.raises(UpstreamUnauthorized):
        await client.call(READ, Deadline.after(1))

    assert vendor.logins == 2
    assert vendor.seen == ["s1", "s1", "unknown"]


@pytest.mark.parametrize("status", [400, 401, 403, 422])
async def test_a_refused_login_is_unauthorized_and_believed_for_a_while(status: int) -> None:
    vendor, clock = Lemonsoft(login_status=status), Clock()
    client = client_of(vendor, clock, breaker=BreakerPolicy(open_seconds=10))
    for _ in range(5):
        with pytest.raises(UpstreamUnauthorized):
            await client.call(READ, Deadline.after(1))
    tried = vendor.logins
    vendor.login_status = 200
    clock.now += 5

    answer = await client.call(READ, Deadline.after(1))

    assert (tried, answer.document) == (1, [])


async def test_an_unavailable_login_is_tried_again() -> None:
    vendor = Lemonsoft(login_status=503)
    client = client_of(vendor)

    with pytest.raises(UpstreamUnavailable):
        await client.call(READ, Deadline.after(2))

    assert vendor.logins == 3


@pytest.mark.parametrize("answer", [{"nothing": 1}, {"session_id": None}, [1]])
async def test_a_login_without_a_token_is_a_bad_response(answer: object) -> None:
    vendor = Lemonsoft()
    vendor.answer = answer
    client = client_of(vendor)

    with pytest.raises(UpstreamBadResponse):
        await client.call(READ, Deadline.after(1))


async def test_a_login_obeys_its_callers_deadlines_and_outlives_the_hasty_one() -> None:
    vendor = Lemonsoft(pause=0.15)
    client = client_of(vendor)

    hasty, patient = await asyncio.gather(
        client.call(READ, Deadline.after(0.05)), client.call(READ, Deadline.after(1)), return_exceptions=True
    )

    assert isinstance(hasty, UpstreamTimeout)
    assert not isinstance(patient, BaseException)
    assert vendor.logins == 1


async def test_a_login_that_hangs_is_not_waited_for_by_those_who_come_after_its_first_callers_deadline() -> None:
    vendor = Lemonsoft(pause=0.6)
    client = client_of(vendor)

    hasty = asyncio.ensure_future(client.call(READ, Deadline.after(0.1)))
    patient = asyncio.ensure_future(client.call(READ, Deadline.after(3)))
    await asyncio.gather(hasty, return_exceptions=True)
    vendor.pause = 0.0
    newcomer = await client.call(READ, Deadline.after(3))
    already_there = patient.done()

    assert (newcomer.status, already_there) == (200, False)
    assert (await patient).status == 200
    assert (await client.call(READ, Deadline.after(3))).status == 200
    assert vendor.logins == 2


async def test_a_caller_who_leaves_does_not_end_the_login_of_others() -> None:
    vendor = Lemonsoft(pause=0.05)
    client = client_of(vendor)
    first = asyncio.create_task(client.call(READ, Deadline.after(1)))
    second = asyncio.create_task(client.call(READ, Deadline.after(1)))
    await asyncio.sleep(0.01)

    first.cancel()

    assert (await second).document == []
    assert vendor.logins == 1


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (HeaderAuth("x-API-Key", "id:secret"), {"x-api-key": "id:secret"}),
        (BearerToken("abc"), {"authorization": "Bearer abc"}),
        (
            BasicWithHeaders("user", "pass", {"X-Billbee-Api-Key": "k"}),
            {"authorization": "Basic dXNlcjpwYXNz", "x-billbee-api-key": "k"},
        ),
    ],
)
async def test_credentials_go_with_every_call(auth: Auth, headers: dict[str, str]) -> None:
    seen: list[httpx.Headers] = []

    async def vendor(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=[])

    client = connected(system="x", base_url="http://x", auth=auth, transport=httpx.MockTransport(vendor))

    await client.call(READ, Deadline.after(1))

    assert {name: seen[0][name] for name in headers} == headers


async def test_lasting_credentials_that_are_refused_are_not_tried_twice() -> None:
    calls = 0

    async def vendor(_: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return httpx.Response(401)

    client = connected(system="x", base_url="http://x", auth=BearerToken("t"), transport=httpx.MockTransport(vendor))

    with pytest.raises(UpstreamUnauthorized):
        await client.call(READ, Deadline.after(1))

    assert calls == 1


def test_the_word_bearer_stands_there_once() -> None:
    assert bearer("abc") == bearer("Bearer abc") == "Bearer abc"


async def test_a_login_that_hangs_is_a_timeout_and_counts_against_the_system() -> None:
    vendor = Lemonsoft(pause=60)
    client = client_of(vendor, breaker=BreakerPolicy(failures=1, min_wait_seconds=0.05))

    with pytest.raises(UpstreamTimeout):
        await client.call(READ, Deadline.after(0.1))
    await asyncio.sleep(0.05)
    with pytest.raises(UpstreamUnavailable):
        await client.call(READ, Deadline.after(0.1))

    assert vendor.logins == 1


async def test_a_login_keeps_to_the_budget_too() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor, budget=[Window(1, 60)])

    with pytest.raises(UpstreamRateLimited):
        await client.call(READ, Deadline.after(1))
    with pytest.raises(UpstreamRateLimited):
        await client.call(READ, Deadline.after(1))

    assert (vendor.logins, vendor.seen) == (1, [])


async def test_a_login_whose_own_turn_comes_too_late_is_told_at_once() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor, budget=[Window(1, 60)])
    await asyncio.gather(client.call_anonymous(READ, Deadline.after(1)), return_exceptions=True)

    with pytest.raises(UpstreamRateLimited):
        await client.call(READ, Deadline.after(1))

    assert vendor.logins == 0


async def test_a_login_at_a_wrong_address_is_a_bad_response() -> None:
    vendor = Lemonsoft(login_status=404)
    client = client_of(vendor)

    with pytest.raises(UpstreamBadResponse):
        await client.call(READ, Deadline.after(1))


async def test_a_renewal_that_is_refused_leaves_the_session_in_use_and_is_not_tried_with_every_call() -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock)
    await client.call(READ, Deadline.after(1))
    clock.now += 1_300
    vendor.login_status = 401

    for _ in range(5):
        await client.call(READ, Deadline.after(1))
        await asyncio.sleep(0.005)

    assert vendor.seen == ["s1"] * 6
    assert vendor.logins == 2


async def test_forbidden_is_no_reason_for_a_new_login() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor)
    vendor.refusal = 403
    vendor.answer = {"session_id": "unlicensed"}

    with pytest.raises(UpstreamUnauthorized):
        await client.call(READ, Deadline.after(1))

    assert vendor.logins == 1


async def test_a_session_found_ended_while_another_is_there_takes_the_other() -> None:
    vendor = Lemonsoft()
    client = client_of(vendor)
    await client.call(READ, Deadline.after(1))
    vendor.valid.clear()
    vendor.slow = {"s1": [0.0, 0.05]}

    await asyncio.gather(*(client.call(READ, Deadline.after(1)) for _ in range(2)))

    assert vendor.logins == 2
    assert vendor.seen == ["s1", "s1", "s1", "s2", "s2"]


@pytest.mark.parametrize("session", ["s1\r\nX-Other: 1", "s1\n", "s\u00e9", "s\u0000"])
async def test_a_token_that_no_header_can_carry_is_a_bad_response_and_no_session(session: str) -> None:
    vendor = Lemonsoft()
    vendor.answer = {"session_id": session}
    client = client_of(vendor)

    with pytest.raises(UpstreamBadResponse, match="no token that a header could carry"):
        await client.call(READ, Deadline.after(1))
    vendor.answer = None
    await client.call(READ, Deadline.after(1))

    assert (vendor.logins, vendor.seen) == (2, ["s2"])


def lost_session(status: int, document: Any) -> str | None:
    return SessionLost("no session") if status == 200 and "Message" in document else None


def garbled(status: int, document: Any) -> str | None:
    return "it has a Message" if status == 200 and "Message" in document else None


LOST = [
    pytest.param(httpx.Response(401), UpstreamUnauthorized, id="401"),
    pytest.param(httpx.Response(403), UpstreamUnauthorized, id="403"),
    pytest.param(httpx.Response(440), UpstreamUnauthorized, id="440"),
    pytest.param(httpx.Response(302, headers={"location": "/Account/Login?x=1"}), UpstreamUnauthorized, id="302"),
    pytest.param(httpx.Response(302, headers={"location": "/v2/customers"}), UpstreamBadResponse, id="302 elsewhere"),
    pytest.param(httpx.Response(302, headers={"location": "http://[/login"}), UpstreamBadResponse, id="302 nowhere"),
    pytest.param(httpx.Response(200, json={"Message": "x"}), UpstreamUnauthorized, id="200 with an error inside"),
]


@pytest.mark.parametrize(("lost", "_told"), LOST)
async def test_a_session_lost_in_any_vendors_way_is_replaced_and_the_call_repeated(
    lost: httpx.Response, _told: object
) -> None:
    vendor, clock = Lemonsoft(pause=0.02), Clock()
    client = client_of(vendor, clock, error_in_body=lost_session)
    await client.call(READ, Deadline.after(1))
    vendor.valid.clear()
    vendor.lost = lost
    clock.now += 61

    answers = await asyncio.gather(*(client.call(READ, Deadline.after(1)) for _ in range(4)))

    assert [answer.document for answer in answers] == [[]] * 4
    assert vendor.logins == 2


@pytest.mark.parametrize(("lost", "told"), LOST[1:])
async def test_what_a_new_login_does_not_mend_is_told_and_costs_its_route_no_further_login(
    lost: httpx.Response, told: type[Exception]
) -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock, error_in_body=lost_session)
    other = Call("GET", "/api/invoices", idempotent=True)
    await client.call(READ, Deadline.after(1))
    vendor.unlicensed = {READ.path}
    vendor.lost = lost
    logins: list[int] = []
    for call in (READ, READ, other, READ):
        clock.now += 61
        outcomes = await asyncio.gather(client.call(call, Deadline.after(1)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [told] * (call is READ)
        logins.append(vendor.logins)

    assert logins == [2, 2, 2, 2]


@pytest.mark.parametrize(("lost", "told"), LOST[1:])
async def test_a_young_session_is_not_doubted(lost: httpx.Response, told: type[Exception]) -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock, error_in_body=lost_session)
    await client.call(READ, Deadline.after(1))
    vendor.valid.clear()
    vendor.lost = lost
    clock.now += 59

    with pytest.raises(told):
        await client.call(READ, Deadline.after(1))

    assert vendor.logins == 1


async def test_an_error_inside_that_says_nothing_of_the_session_is_tried_in_a_new_one_and_stays_what_it_is() -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock, error_in_body=garbled)
    await client.call(READ, Deadline.after(1))
    vendor.unlicensed, vendor.lost = {READ.path}, httpx.Response(200, json={"Message": "x"})
    clock.now += 61

    with pytest.raises(UpstreamBadResponse):
        await client.call(READ, Deadline.after(1))

    assert vendor.logins == 2


async def test_a_write_is_sent_again_after_a_new_login_only_where_its_session_was_refused() -> None:
    vendor, clock, write = Lemonsoft(), Clock(), Call("PUT", READ.path, body={})
    client = client_of(vendor, clock, error_in_body=garbled)
    await client.call(write, Deadline.after(1))
    vendor.valid.clear()
    await client.call(write, Deadline.after(1))
    refused = list(vendor.seen)
    vendor.unlicensed, vendor.lost = {READ.path}, httpx.Response(200, json={"Message": "x"})
    clock.now += 61

    with pytest.raises(UpstreamBadResponse):
        await client.call(write, Deadline.after(1))

    assert refused == ["s1", "s1", "s2"]
    assert (vendor.seen[len(refused) :], vendor.logins) == (["s2"], 2)


async def test_a_doubted_session_still_serves_the_other_routes_when_the_new_login_fails() -> None:
    vendor, clock = Lemonsoft(), Clock()
    client = client_of(vendor, clock)
    await client.call(READ, Deadline.after(1))
    vendor.unlicensed, vendor.refusal, vendor.login_status = {"/api/invoices"}, 403, 401
    clock.now += 61

    with pytest.raises(UpstreamUnauthorized):
        await client.call(Call("GET", "/api/invoices"), Deadline.after(1))

    assert (await client.call(READ, Deadline.after(1))).document == []
    assert vendor.logins == 2


async def test_a_login_that_is_led_to_a_login_page_is_at_a_wrong_address() -> None:
    vendor = Lemonsoft(login_status=302)
    client = client_of(vendor)

    with pytest.raises(UpstreamBadResponse, match="check base_url"):
        await client.call(READ, Deadline.after(1))
