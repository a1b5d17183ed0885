from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from picked import listed, those
from sandbox.clients import Clock, credentials_of, guest
from vendors import FACTS

from customer_gateway.sandbox import FaultKind, Sandbox
from customer_gateway.sandbox.fault import KINDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.sandbox import Vendor

pytestmark = pytest.mark.anyio

VENDOR, *_ = those(lambda facts: facts.login is None and all(route.startswith("GET ") for route in facts.listed))
PATH = listed(VENDOR).partition(" ")[2]
OTHER = next(path for path in FACTS[VENDOR].asked_by_doctor if path != PATH)


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return Sandbox(customers=3, clock=clock)


@pytest.fixture
def vendor(box: Sandbox) -> Vendor:
    return box.vendors[VENDOR]


@pytest.fixture
async def client(box: Sandbox, vendor: Vendor) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the vendor on a real socket, which gives up after half a second of silence."""
    async with (
        box.serving() as urls,
        httpx.AsyncClient(base_url=urls[VENDOR], timeout=0.5, **credentials_of(vendor)) as client,
    ):
        yield client


@pytest.fixture
async def truth(vendor: Vendor) -> bytes:
    """What the application answers without a fault."""
    async with guest(vendor) as client:
        answer = await client.get(PATH)
    vendor.log.clear()
    assert answer.status_code == 200
    return answer.content


async def test_without_a_fault_the_socket_gives_what_the_application_gives(
    client: httpx.AsyncClient, truth: bytes
) -> None:
    answer = await client.get(PATH)

    assert (answer.status_code, answer.content) == (200, truth)


async def test_latency_delays_the_true_answer(client: httpx.AsyncClient, vendor: Vendor, truth: bytes) -> None:
    vendor.faults.set("latency", latency=0.1)

    began = time.perf_counter()
    answer = await client.get(PATH)

    assert time.perf_counter() - began >= 0.1
    assert answer.content == truth


async def test_a_status_comes_in_the_vendor_s_own_words(client: httpx.AsyncClient, vendor: Vendor) -> None:
    refused = await client.get("/nothing")
    vendor.faults.set("status", status=429, retry_after=7)

    answer = await client.get(PATH)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json().keys() == refused.json().keys()


async def test_a_status_may_come_as_a_page_of_html(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", status=500, html=True)

    answer = await client.get(PATH)

    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "<html>" in answer.text


async def test_a_reset_is_a_reset_of_the_connection(box: Sandbox, vendor: Vendor) -> None:
    async with box.serving() as urls:
        vendor.faults.set("reset")
        address = httpx.URL(urls[VENDOR])
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_truncated_answer_promises_more_than_it_gives(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("truncated")

    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        await client.get(PATH)


async def test_a_hang_never_answers(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("hang")

    with pytest.raises(httpx.ReadTimeout):
        await client.get(PATH)
    assert [call.status for call in vendor.log.entries] == [None]


@pytest.mark.parametrize("kind", ["slow_headers", "slow_drip"])
async def test_a_drip_ends_with_the_true_answer(
    client: httpx.AsyncClient, vendor: Vendor, truth: bytes, kind: FaultKind
) -> None:
    vendor.faults.set(kind, pause=0.001)

    answer = await client.get(PATH)

    assert answer.content == truth


async def test_who_hangs_up_while_waiting_meets_nothing(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", latency=5)

    with pytest.raises(httpx.ReadTimeout):
        await client.get(PATH)
    await asyncio.sleep(0.05)

    assert [call.status for call in vendor.log.entries] == [None]


@pytest.mark.parametrize("kind", ["slow_headers", "slow_drip"])
async def test_a_drip_outlasts_any_deadline_though_bytes_keep_coming(
    box: Sandbox, vendor: Vendor, kind: FaultKind
) -> None:
    async with box.serving() as urls:
        vendor.faults.set(kind)
        async with httpx.AsyncClient(base_url=urls[VENDOR], timeout=0.8, **credentials_of(vendor)) as client:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.get(PATH), 1.2)


@pytest.mark.parametrize(
    ("kind", "begins"),
    [("deep_json", b"[" * 100_000), ("nan", b'{"id": 1, "amount": NaN'), ("bad_utf8", b'{"id": 1, "name": "M\xfc')],
)
async def test_bodies_that_break_a_parser(
    client: httpx.AsyncClient, vendor: Vendor, kind: FaultKind, begins: bytes
) -> None:
    vendor.faults.set(kind)

    answer = await client.get(PATH)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.content.startswith(begins)


async def test_html_under_200_and_a_redirect(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("wrong_content_type", calls=1)
    page = await client.get(PATH)
    vendor.faults.set("redirect", calls=1)
    moved = await client.get(PATH)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (moved.status_code, moved.headers["location"]) == (302, "/elsewhere")


async def test_a_body_of_thirty_megabytes(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("huge_body")

    async with client.stream("GET", PATH) as answer:
        size = sum([len(part) async for part in answer.aiter_raw()])

    assert size >= 30_000_000


async def test_a_small_body_that_inflates_past_a_hundred_megabytes(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("gzip_bomb")

    async with client.stream("GET", PATH) as answer:
        sent = sum([len(part) async for part in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert sent < 1_000_000
    async with client.stream("GET", PATH, timeout=10) as answer:
        assert sum([len(part) async for part in answer.aiter_bytes()]) > 100_000_000


async def test_every_vendor_can_say_an_error_under_200(box: Sandbox) -> None:
    async with box.serving() as urls, httpx.AsyncClient() as client:
        for name, vendor in box.vendors.items():
            vendor.faults.set("error_under_200")
            answer = await client.get(urls[name] + "/anything")
            assert answer.status_code == 200
            assert answer.json().keys()


async def test_a_fault_may_concern_one_path_and_the_next_calls_only(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", status=500, path=OTHER[:-1], calls=2)

    statuses = [(await client.get(path)).status_code for path in (PATH, OTHER, OTHER, OTHER)]

    assert statuses == [200, 500, 500, 200]


async def test_the_longest_path_decides(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", status=500)
    vendor.faults.set("status", status=503, path=OTHER)

    assert [(await client.get(path)).status_code for path in (PATH, OTHER)] == [500, 503]


async def test_of_two_faults_of_a_path_the_one_of_the_method_happens(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", status=500, path=PATH)
    vendor.faults.set("status", status=503, path=PATH, method="POST")

    statuses = [(await client.request(method, PATH)).status_code for method in ("GET", "POST")]
    vendor.faults.clear()
    vendor.faults.set("status", status=503, path=PATH, method="POST")

    assert statuses == [500, 503]
    assert (await client.get(PATH)).status_code == 200


async def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r'`kind` of a fault is one of latency, .*, not "fire"'):
        Sandbox(customers=3).vendors[VENDOR].faults.set("fire")  # pyright: ignore[reportArgumentType] - what is tested


async def test_a_stopped_vendor_refuses_until_it_is_started_again(client: httpx.AsyncClient, box: Sandbox) -> None:
    await client.get(PATH)
    await box.start(VENDOR)

    await box.stop(VENDOR)
    with pytest.raises(httpx.ConnectError):
        await client.get(PATH)
    await box.start(VENDOR)

    assert (await client.get(PATH)).status_code == 200


async def test_stopping_ends_calls_that_hang(client: httpx.AsyncClient, box: Sandbox, vendor: Vendor) -> None:
    vendor.faults.set("hang")
    hanging = asyncio.ensure_future(client.get(PATH))
    await asyncio.sleep(0.05)

    await box.stop(VENDOR)

    with pytest.raises(httpx.TransportError):
        await hanging


async def test_people_can_switch_faults_and_read_calls_over_http(box: Sandbox, vendor: Vendor) -> None:
    async with box.serving() as urls, httpx.AsyncClient(base_url=urls[VENDOR].removesuffix(vendor.base_path)) as client:
        shown = await client.put("/_sandbox/faults", json={"kind": "status", "status": 500, "path": OTHER[:-1]})
        refused = await client.get(vendor.base_path + OTHER)
        wrong = await client.put("/_sandbox/faults", json={"kind": "fire"})
        await client.delete("/_sandbox/faults")
        calls = (await client.get("/_sandbox/calls")).json()
        await client.delete("/_sandbox/calls")

    assert [fault["kind"] for fault in shown.json()] == ["status"]
    assert refused.status_code == 500
    assert (wrong.status_code, list(wrong.json())) == (400, ["error"])
    assert calls == [{"call": f"GET {OTHER}", "status": 500, "login": False}]
    assert len(vendor.log) == 0
    assert list(vendor.faults) == []


async def answer_to(vendor: Vendor, body: bytes) -> tuple[int, str]:
    """What the switch of one vendor says to somebody who asks for a fault."""
    transport = httpx.ASGITransport(vendor.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://vendor.example") as client:
        answer = await client.put("/_sandbox/faults", content=body)
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "fire"}, f'one of {", ".join(KINDS)}, not "fire".'),
        ({"kind": None}, f"one of {', '.join(KINDS)}, not null."),
        ({"kind": "latency", "latency": "abc"}, 'a number of seconds, 0 or more, not "abc".'),
        ({"kind": "latency", "latency": -1}, "a number of seconds, 0 or more, not -1."),
        ({"kind": "status", "status": 9999}, "a whole number from 200 to 599, not 9999."),
        ({"kind": "status", "status": "503"}, 'a whole number from 200 to 599, not "503".'),
        ({"kind": "status", "retry_after": 5}, "a text that a header can hold, not 5."),
        ({"kind": "status", "html": 1}, "true or false, not 1."),
        ({"kind": "reset", "path": ["/käse"]}, 'the beginning of a path, not ["/käse"].'),
        ({"kind": "reset", "calls": 0}, "a whole number above 0, not 0."),
        ({"kind": "slow_drip", "pause": True}, "a number of seconds, 0 or more, not true."),
        ({"kind": "reset", "method": "FETCH"}, 'one of GET, POST, PUT, PATCH, DELETE, or empty, not "FETCH".'),
        ({"kind": "reset", "applied": True}, '"before", "after" or null, not true.'),
    ],
)
async def test_a_fault_that_cannot_happen_is_refused_when_it_is_asked_for(
    vendor: Vendor, wrong: dict[str, Any], told: str
) -> None:
    assert await answer_to(vendor, json.dumps(wrong).encode()) == (400, f"`{list(wrong)[-1]}` of a fault is {told}")
    assert list(vendor.faults) == []


async def test_a_misspelt_key_of_a_fault_is_told_with_those_that_there_are(vendor: Vendor) -> None:
    status, told = await answer_to(vendor, b'{"kind": "latency", "seconds": 2}')

    assert (status, told.partition("; ")[0]) == (400, "A fault has no `seconds`")
    assert told.endswith(
        "kind, latency, status, retry_after, html, path, calls, pause, method, applied, keys, share, off."
    )


@pytest.mark.parametrize("fields", [b"{}", b'{"latency": 2}'])
async def test_a_fault_without_a_kind_is_none(vendor: Vendor, fields: bytes) -> None:
    assert await answer_to(vendor, fields) == (400, f"A fault needs a `kind`: one of {', '.join(KINDS)}.")
    assert list(vendor.faults) == []


@pytest.mark.parametrize("body", [b"", b"reset", b'"reset"', b"[]", b"7", b'{"kind": "\xff"}'])
async def test_what_is_no_json_object_is_answered_with_one_that_would_do(vendor: Vendor, body: bytes) -> None:
    told = 'A fault is a JSON object, such as {"kind": "status", "status": 503}.'

    assert await answer_to(vendor, body) == (400, told)


async def test_only_this_machine_may_use_the_admin_routes(vendor: Vendor) -> None:
    transport = httpx.ASGITransport(vendor.app, client=("192.0.2.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://vendor.example") as client:
        answer = await client.get("/_sandbox/calls")

    assert answer.status_code == 403


def test_every_kind_of_fault_is_named_once() -> None:
    assert len(set(KINDS)) == len(KINDS) == 21
