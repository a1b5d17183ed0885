"""A failure says whether the call can have changed anything at the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from wire.connected import connected
from wire.vendor import answering, closed_port, hanging, resetting, saying, serving, telling

from customer_gateway.errors import UpstreamError
from customer_gateway.wire import BreakerPolicy, Call, Limits, Retry, SessionLogin
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from wire.vendor import Script

pytestmark = pytest.mark.anyio

WRITE = Call("POST", "/customers", body={"name": "A"})


def an_error(_status: int, _document: Any) -> str:
    return "it has a code"


async def failure_of(*scripts: Script, seconds: float = 5, call: Call = WRITE, **settings: Any) -> UpstreamError:
    async with serving(*scripts) as vendor:
        client = connected(system="next", base_url=vendor.base_url, **settings)
        with pytest.raises(UpstreamError) as caught:
            await client.call(call, Deadline.after(seconds))
        await client.aclose()
        return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 423, 429])
async def test_a_refusal_changes_nothing(status: int) -> None:
    failure = await failure_of(answering(status, b"{}"), retry=Retry(attempts=1))

    assert (failure.status, failure.applied, failure.again().applied) == (status, False, False)


@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
async def test_another_status_leaves_it_open(status: int) -> None:
    failure = await failure_of(answering(status, b"{}"))

    assert (failure.status, failure.applied) == (status, None)


async def test_a_documented_error_inside_an_answer_is_a_refusal() -> None:
    failure = await failure_of(telling({"ErrorCode": 2}), error_in_body=an_error)

    assert failure.applied is False


@pytest.mark.parametrize(
    "script",
    [
        resetting,
        hanging,
        saying(b"no HTTP\r\n\r\n", close=True),
        saying(b"HTTP/1.1 200 x\r\ncontent-length: 9\r\n\r\n[", close=True),
        answering(200, b"<h1>", "content-type: text/html"),
        answering(200, b"{"),
    ],
)
async def test_a_lost_or_unreadable_answer_leaves_it_open(script: Script) -> None:
    assert (await failure_of(script, seconds=0.3)).applied is None


async def test_a_call_without_a_connection_changes_nothing() -> None:
    client = connected(system="next", base_url=f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(UpstreamError) as caught:
        await client.call(WRITE, Deadline.after(5))
    await client.aclose()

    assert caught.value.applied is False


async def test_a_call_that_an_open_circuit_holds_back_changes_nothing() -> None:
    async with serving(answering(503)) as vendor:
        client = connected(system="next", base_url=vendor.base_url, breaker=BreakerPolicy(failures=1, open_seconds=9))
        applied: list[bool | None] = []
        for _ in range(2):
            with pytest.raises(UpstreamError) as caught:
                await client.call(WRITE, Deadline.after(5))
            applied.append(caught.value.applied)
        await client.aclose()

    assert applied == [None, False]


async def test_a_call_that_comes_too_late_or_waits_for_a_slot_till_then_changes_nothing() -> None:
    async with serving(telling({})) as vendor:
        client = connected(system="next", base_url=vendor.base_url, limits=Limits(calls_per_second=0.1))
        await client.call(WRITE, Deadline.after(5))
        applied: list[bool | None] = []
        for seconds in (0.0, 0.2):
            with pytest.raises(UpstreamError) as caught:
                await client.call(WRITE, Deadline.after(seconds))
            applied.append(caught.value.applied)
        await client.aclose()

    assert applied == [False, False]
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("login", [answering(401), answering(503), hanging, resetting])
async def test_a_login_that_fails_changes_nothing(login: Script) -> None:
    auth = SessionLogin(
        Call("POST", "/login"), lambda _answer: "token", header="session", lifetime_seconds=60, renew_margin_seconds=1
    )

    assert (await failure_of(login, seconds=0.3, auth=auth)).applied is False


async def test_a_doubt_outlasts_the_attempts_that_follow() -> None:
    call = Call("PUT", "/customers/1", body={}, idempotent=True)

    failure = await failure_of(answering(503), answering(400), call=call, retry=Retry(base_seconds=0.001))

    assert (failure.status, failure.applied) == (400, None)
