from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from structlog.testing import capture_logs
from wire.connected import connected
from wire.vendor import Vendor, answering, hanging, later, saying, serving, telling

from customer_gateway.errors import (
    ConfigInvalid,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from customer_gateway.wire import Call, Limits
from customer_gateway.wire.transport import ReqwestTransport, Unanswered, is_this_machine
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.anyio

READ = Call("GET", "/customers/", idempotent=True)
ONCE = Call("GET", "/customers/")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


async def test_connections_are_kept_and_used_again() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, limits=Limits(parallel=4))

        for _ in range(10):
            await asyncio.gather(*(client.call(READ, Deadline.after(5)) for _ in range(4)))

        assert len(vendor.requests) == 40
        assert vendor.connections <= 5
        await client.aclose()


async def test_an_error_answer_does_not_cost_its_connection() -> None:
    async with serving(answering(404, b'{"message": "gone"}')) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        call = Call("GET", "/customers/1", missing_is_none=True)

        for _ in range(10):
            await client.call(call, Deadline.after(5))

        assert vendor.connections == 1
        await client.aclose()


@pytest.mark.parametrize("first", [hanging, saying(HEAD + b"content-length: 99\r\n\r\n[", pause=5)])
async def test_a_call_given_up_midway_leaves_the_pool_sane(first: Any) -> None:
    async with serving(first, telling([1])) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        with pytest.raises(UpstreamTimeout):
            await client.call(READ, Deadline.after(0.1))

        answers = [(await client.call(READ, Deadline.after(5))).document for _ in range(3)]

        assert answers == [[1]] * 3
        assert vendor.connections == 2
        await client.aclose()


async def test_answers_of_calls_given_up_reach_nobody_else() -> None:
    async def echo(writer: asyncio.StreamWriter) -> None:
        path = vendor.paths()[-1]
        await later(0.03 if path.startswith("/slow") else 0.0, telling(path))(writer)

    vendor: Vendor
    async with serving(echo) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, limits=Limits(parallel=1))
        for number in range(10):
            slow = client.call(Call("GET", f"/slow/{number}"), Deadline.after(0.01))
            await asyncio.gather(slow, return_exceptions=True)

            answer = await client.call(Call("GET", f"/quick/{number}"), Deadline.after(5))

            assert answer.document == f"/quick/{number}"
        await client.aclose()


async def test_what_is_sent_is_what_was_asked() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="next", base_url=vendor.base_url + "/v1/", headers={"User-Agent": "acme/1"})
        query = [("ids", "1"), ("ids", "a b&c=d"), ("filter_str", '{"id__in":[1]}')]

        await client.call(Call("GET", "/customer/%C3%A5", query=query), Deadline.after(5))
        await client.call(Call("POST", "/customer/_search", body={"filters": []}), Deadline.after(5))
        await client.call(Call("POST", "/token", form={"user name": "å", "grant": "x"}), Deadline.after(5))

        got, searched, swapped = (request.decode() for request in vendor.requests)
        assert vendor.paths()[0] == (
            "/v1/customer/%C3%A5?ids=1&ids=a%20b%26c%3Dd&filter_str=%7B%22id__in%22%3A%5B1%5D%7D"
        )
        assert "user-agent: acme/1\r\n" in got.lower()
        assert "accept-encoding: gzip\r\n" in got.lower()
        assert "content-type" not in got.lower()
        assert searched.endswith('\r\n\r\n{"filters":[]}')
        assert "content-type: application/json\r\n" in searched.lower()
        assert swapped.endswith("\r\n\r\nuser%20name=%C3%A5&grant=x")
        assert "content-type: application/x-www-form-urlencoded\r\n" in swapped.lower()
        await client.aclose()


async def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with serving(telling([1])) as vendor:
        client = connected(system="next", base_url=vendor.base_url)

        answer = await client.call(ONCE, Deadline.after(5))

        assert answer.document == [1]
        await client.aclose()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "LocalHost"])
async def test_no_way_of_writing_this_machine_asks_a_proxy(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with serving(telling([1]), host="0.0.0.0") as vendor:  # noqa: S104 - all of 127/8 is meant
        client = connected(system="next", base_url=vendor.base_url.replace("0.0.0.0", host))  # noqa: S104

        assert (await client.call(ONCE, Deadline.after(5))).document == [1]
        await client.aclose()


@pytest.mark.parametrize(
    ("base_url", "own"),
    [
        ("http://[::1]:9301/v2", True),
        ("https://[::ffff:127.0.0.3]", True),
        ("http://localhost./v1", True),
        ("http://vendor.localhost/v1", True),
        ("http://128.0.0.1", False),
        ("http://10.127.0.1", False),
        ("http://[::2]", False),
        ("http://localhost.example.com", False),
        ("http://notlocalhost", False),
    ],
)
def test_an_address_is_this_machines_or_another(base_url: str, own: bool) -> None:
    assert is_this_machine(base_url) is own


async def test_a_proxy_of_the_environment_is_asked_for_the_rest_of_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(telling([1])) as proxy:
        monkeypatch.setenv("http_proxy", proxy.base_url)
        monkeypatch.setenv("HTTP_PROXY", proxy.base_url)
        client = connected(system="next", base_url="http://vendor.invalid")

        await client.call(ONCE, Deadline.after(5))

        assert proxy.paths() == ["http://vendor.invalid/customers/"]
        await client.aclose()


async def over(handler: Callable[[httpx.Request], Any], **settings: Any) -> Any:
    client = connected(system="x", base_url="http://x", transport=httpx.MockTransport(handler), **settings)
    try:
        return await client.call(ONCE, Deadline.after(1))
    finally:
        await client.aclose()


async def test_any_httpx_transport_may_stand_in() -> None:
    def vendor(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"path": request.url.path})

    assert (await over(vendor)).document == {"path": "/customers/"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), UpstreamUnavailable),
        (httpx.ReadError("reset"), UpstreamUnavailable),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), UpstreamUnavailable),
        (httpx.RemoteProtocolError("illegal status line"), UpstreamBadResponse),
        (httpx.ReadTimeout("slow"), UpstreamTimeout),
    ],
)
async def test_its_failures_have_the_same_names(error: Exception, kind: type[UpstreamError]) -> None:
    def vendor(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(UpstreamError) as caught:
        await over(vendor)

    assert type(caught.value) is kind


async def test_its_answers_have_the_same_bounds() -> None:
    class Flood(httpx.AsyncByteStream):
        def __init__(self) -> None:
            self.given = 0

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                self.given += 1_000
                yield b" " * 1_000

    flood = Flood()

    with pytest.raises(UpstreamBadResponse):
        await over(lambda _: httpx.Response(200, stream=flood), limits=Limits(answer_bytes=10_000))

    assert flood.given <= 11_000


async def test_its_answer_cut_short_is_told_so() -> None:
    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"["
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    with pytest.raises(UpstreamBadResponse) as caught:
        await over(lambda _: httpx.Response(200, stream=Broken()))

    assert caught.value.retryable


def test_a_process_may_end_right_after_a_call() -> None:
    program = (
        "import asyncio\n"
        "from customer_gateway.work.deadline import Deadline\n"
        "from customer_gateway.wire import Call, Client, Target\n"
        "async def main():\n"
        "    client = Client(Target('x', 'http://127.0.0.1:1'))\n"
        "    await asyncio.gather(client.call(Call('GET', '/'), Deadline.after(1)), return_exceptions=True)\n"
        "    await client.aclose()\n"
        "asyncio.run(main())\n"
    )

    ends = [subprocess.run([sys.executable, "-c", program], check=False, capture_output=True) for _ in range(4)]

    assert [end.returncode for end in ends] == [0] * 4


@pytest.fixture
def no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no certificate authority is found."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    monkeypatch.setenv("SSL_CERT_DIR", "/nonexistent")


@pytest.mark.usefixtures("no_authorities")
async def test_an_http_address_needs_no_certificate_authorities() -> None:
    direct = ReqwestTransport("http://127.0.0.1:1", cap=1000, idle=1)

    with pytest.raises(Unanswered):
        await direct.exchange("GET", "http://127.0.0.1:1/", [], None)
    await direct.aclose()


@pytest.mark.usefixtures("no_authorities")
async def test_an_https_address_without_certificate_authorities_is_told_in_words() -> None:
    with pytest.raises(ConfigInvalid, match="ca-certificates"):
        ReqwestTransport("https://vendor.test", cap=1000, idle=1)


@pytest.mark.parametrize("name", ["retry-after", "content-type", "content-encoding", "content-length-not"])
async def test_a_header_that_is_no_text_is_as_good_as_absent(name: str) -> None:
    whole = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n" + name.encode() + b": \xff\xfe\r\n\r\n[1]"
    async with serving(saying(whole), saying(whole.replace(b"200 OK", b"503 Out"))) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)

        assert (await client.call(ONCE, Deadline.after(5))).document == [1]
        with pytest.raises(UpstreamUnavailable):
            await client.call(ONCE, Deadline.after(5))
        await client.aclose()


async def test_whatever_an_answer_makes_us_stumble_over_is_its_systems_failure() -> None:
    def stumbling(_body: object) -> object:
        raise ArithmeticError("anna@example.com")

    with capture_logs() as log:
        async with serving(telling([1])) as vendor:
            client = connected(system="pland", base_url=vendor.base_url)
            with pytest.raises(UpstreamBadResponse, match="GET /customers/: the answer cannot be read"):
                await client.call(Call("GET", "/customers/", decode=stumbling), Deadline.after(5))
            await client.aclose()

    assert [(line["event"], line.get("outcome"), line.get("reason")) for line in log] == [
        ("upstream_answer_failed", None, None),
        ("upstream_call", "UPSTREAM_BAD_RESPONSE", "unexpected ArithmeticError"),
    ]
