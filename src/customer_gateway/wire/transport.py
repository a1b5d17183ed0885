"""Exchange HTTP messages: send a request, return status, headers and bounded bytes.

There are two transports. `ReqwestTransport` is the gateway's own: reqwest's connection pool by way of pyreqwest,
called directly, because that costs the least CPU per call (docs/adr/0004-http-transport.md). `HttpxTransport` takes any
httpx transport, such as `httpx.ASGITransport` or `httpx.MockTransport` in a test. Neither follows redirects, inflates,
or reads more than the cap.
"""

from __future__ import annotations

import atexit
import time
from datetime import timedelta
from functools import cache, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import httpx
from pydantic import AnyUrl
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import BodyDecodeError, BuilderError, DecodeError, PyreqwestError, ReadError

from customer_gateway.errors import ConfigInvalid
from customer_gateway.wire.certificates import MARK, distrust

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.documents.record import Body
    from customer_gateway.wire.call import ReplyHeaders

_OK = range(200, 300)
_REFUSED = {400, 409, 422}
_MOST_EXPLAINED = 16_384
_REST_SECONDS = 0.05


class RawResponse(NamedTuple):
    """Hold an answer: `body` as sent, and not kept when it is `oversized`.

    It is read under 2xx only, and of a 400, 409 or 422 that is to be `explained`: its first 16 KB, if it has so many.
    """

    status: int
    headers: ReplyHeaders
    body: Body
    oversized: bool = False


class ConnectionTimeouts(NamedTuple):
    """Bound a connection whose call is cancelled: without TLS for so long, or without a byte for so long.

    Calls have deadlines of their own, which are nearer. But cancelling a call does not end its connection: that waits
    for the system, to be used again.
    """

    connect_seconds: float
    read_seconds: float


_TIMEOUTS = ConnectionTimeouts(60.0, 600.0)


class Unanswered(Exception):
    """There is no answer: refused, reset, no such host, TLS. The reason is for the log.

    `connecting` says that there was no connection yet, or no TLS over it.
    """

    def __init__(self, reason: str, *, connecting: bool = False) -> None:
        super().__init__(reason)
        self.connecting = connecting


class Distrusted(Unanswered):
    """The certificate is not accepted: it will not be next time."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, connecting=True)
        self.distrust = distrust(reason)


class CutShort(Exception):
    """An answer began and its connection ended before it was whole."""


class NotHttp(Exception):
    """Something came back that is not HTTP."""


class HeadTooLarge(Exception):
    """An answer has more header lines, or longer ones, than are read (100, or some 400 kB)."""


class Transport(Protocol):
    """Exchange one request for its answer; raise `Unanswered`, `CutShort`, `NotHttp` or `HeadTooLarge`.

    Cancelling it leaves every other exchange as it is, and drops its answer.
    """

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        content: bytes | None,
        *,
        explained: bool = False,
    ) -> RawResponse: ...

    async def aclose(self) -> None: ...


def is_this_machine(base_url: str) -> bool:
    """Return whether the address is this machine's own, however it is written: 127.0.0.2, 127.1, ::1, localhost."""
    host = (AnyUrl(base_url).host or "").strip("[]").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _client_builder(base_url: str, idle: int, authorities: bytes, timeouts: ConnectionTimeouts) -> ClientBuilder:
    builder = ClientBuilder().http1_only().follow_redirects(enable=False).referer(enable=False)
    builder = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
    if is_this_machine(base_url):
        builder = builder.no_proxy()  # a proxy of the environment cannot reach this machine's own ports
    builder = builder.connect_timeout(timedelta(seconds=timeouts.connect_seconds))
    builder = builder.read_timeout(timedelta(seconds=timeouts.read_seconds))
    if authorities:
        builder = builder.add_root_certificate_pem(authorities)
    return builder.pool_max_idle_per_host(idle)


def _build_client(builder: Callable[[], ClientBuilder], *, plain: bool) -> Client:
    """Build the client; it needs certificate authorities even where it will never use TLS."""
    try:
        return builder().build()
    except BuilderError as error:
        if not plain:
            raise ConfigInvalid(
                "No certificate authorities are found on this machine, so no https:// address can be trusted: install "
                "Debian's ca-certificates, or name a file of them in SSL_CERT_FILE."
            ) from error
    # An http:// address stays one, because redirects are never followed: there is no certificate to accept.
    return builder().danger_accept_invalid_certs(enable=True).build()


class ReqwestTransport:
    """Exchange by reqwest's pool, through pyreqwest. `authorities` (PEM) are trusted beside the machine's."""

    def __init__(
        self, base_url: str, *, cap: int, idle: int, authorities: bytes = b"", timeouts: ConnectionTimeouts = _TIMEOUTS
    ) -> None:
        _rest_before_exit()
        builder = partial(_client_builder, base_url, idle, authorities, timeouts)
        self._client = _build_client(builder, plain=base_url.startswith("http://"))
        self._cap = cap

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        content: bytes | None,
        *,
        explained: bool = False,
    ) -> RawResponse:
        request = self._client.request(method, url).headers(headers)
        if content is not None:
            request = request.body_bytes(content)
        try:
            async with request.build_streamed() as response:
                received = _Headers(response.headers)
                if explained and response.status in _REFUSED:
                    said = await response.body_reader.read(_MOST_EXPLAINED)
                    return RawResponse(response.status, received, b"" if said is None else memoryview(said))
                if response.status not in _OK:
                    return RawResponse(response.status, received, b"")
                if _content_length(received) > self._cap:
                    return RawResponse(response.status, received, b"", oversized=True)
                body = await response.body_reader.read(self._cap + 1)
                return _capped(response.status, received, b"" if body is None else memoryview(body), self._cap)
        except PyreqwestError as error:
            raise _failure_of(error) from None

    async def aclose(self) -> None:
        await self._client.close()


@cache
def _rest_before_exit() -> None:
    """Let the transport's own thread finish before the interpreter ends.

    pyreqwest 0.15 hands an answer over and cleans up in a thread of its own; an interpreter that has ended by then
    aborts (seen in one of seven processes that end right after a call, in none of hundreds with this pause).
    """
    atexit.register(time.sleep, _REST_SECONDS)


class _Headers:
    """Look up pyreqwest's headers: it raises on bytes that are no ASCII, which count as absent."""

    __slots__ = ("_headers",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def get(self, name: str, /) -> str | None:
        try:
            return self._headers.get(name)
        except ValueError:
            return None


def _content_length(headers: ReplyHeaders) -> int:
    length = headers.get("content-length") or ""
    return int(length) if length.isdecimal() else 0


def _capped(status: int, headers: ReplyHeaders, body: Body, cap: int) -> RawResponse:
    if len(body) > cap:
        return RawResponse(status, headers, b"", oversized=True)
    return RawResponse(status, headers, body)


def _failure_of(error: PyreqwestError) -> Exception:
    causes = getattr(error, "details", {}).get("causes") or [{"message": error.message}]
    reason = causes[-1]["message"].partition(" for url (")[0]  # a URL may hold what no log may
    if isinstance(error, BodyDecodeError | ReadError):
        return CutShort(reason)
    if isinstance(error, DecodeError) and "head is too large" in reason:
        return HeadTooLarge(reason)
    if isinstance(error, DecodeError):
        return NotHttp(reason)
    if MARK in reason:
        return Distrusted(reason.partition(MARK)[2])
    return Unanswered(reason, connecting=any("(Connect)" in cause["message"] for cause in causes))


class HttpxTransport:
    """Exchange by any httpx transport."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, cap: int) -> None:
        self._transport = transport
        self._cap = cap

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        content: bytes | None,
        *,
        explained: bool = False,
    ) -> RawResponse:
        request = httpx.Request(method, url, headers=list(headers), content=content)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            raise _refused(error) from None
        try:
            if explained and response.status_code in _REFUSED:
                body = await self._body(response, _MOST_EXPLAINED)
                return RawResponse(response.status_code, response.headers, body[:_MOST_EXPLAINED])
            if response.status_code not in _OK:
                return RawResponse(response.status_code, response.headers, b"")
            return _capped(response.status_code, response.headers, await self._body(response, self._cap), self._cap)
        except httpx.TransportError as error:
            raise CutShort(str(error)) from None
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response, most: int) -> bytes:
        # The stream itself: the response's own readers inflate, or take a body that is already there for consumed.
        stream = cast("httpx.AsyncByteStream", response.stream)
        parts: list[bytes] = []
        size = 0
        async for part in stream:
            parts.append(part)
            size += len(part)
            if size > most:
                break
        return b"".join(parts)

    async def aclose(self) -> None:
        await self._transport.aclose()


def _refused(error: httpx.TransportError) -> Exception:
    if isinstance(error, httpx.TimeoutException):
        return TimeoutError()
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return NotHttp(str(error))
    return Unanswered(str(error))
