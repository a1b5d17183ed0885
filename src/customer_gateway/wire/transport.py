"""The one door to HTTP: a request goes out, status, headers and bounded bytes come back.

Two ways through it. `Direct` is the gateway's own: reqwest's connection pool by way of pyreqwest, called directly,
because that costs the least CPU per call (docs/adr/0004-http-transport.md). `Through` takes any httpx transport, such
as `httpx.ASGITransport` or `httpx.MockTransport` in a test. Neither follows redirects, inflates, or reads more than
the cap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import BodyDecodeError, DecodeError, PyreqwestError, ReadError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Reply(NamedTuple):
    """What came back; `body` is as sent and empty unless the status is 2xx, and at most one byte over the cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Unanswered(Exception):  # noqa: N818 - a state, as all errors here
    """No answer: refused, reset, no such host, TLS. `reason` is for the log."""


class CutShort(Exception):  # noqa: N818 - a state, as all errors here
    """An answer began and its connection ended before it was whole."""


class NotHttp(Exception):  # noqa: N818 - a state, as all errors here
    """Something came back that is not HTTP."""


class Transport(Protocol):
    """One HTTP exchange; raises `Unanswered`, `CutShort` or `NotHttp`. Cancelling it drops its connection alone."""

    async def exchange(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes | None
    ) -> Reply: ...

    async def aclose(self) -> None: ...


class Direct:
    """reqwest's pool, by way of pyreqwest."""

    def __init__(self, base_url: str, *, cap: int, idle: int) -> None:
        builder = ClientBuilder().http1_only().follow_redirects(enable=False).referer(enable=False)
        builder = builder.gzip(enable=False).brotli(enable=False).zstd(enable=False).deflate(enable=False)
        if urlsplit(base_url).hostname in _LOOPBACK:
            builder = builder.no_proxy()  # a proxy of the environment cannot reach this machine's own ports
        self._client = builder.pool_max_idle_per_host(idle).build()
        self._cap = cap

    async def exchange(self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes | None) -> Reply:
        request = self._client.request(method, url).headers(headers)
        if content is not None:
            request = request.body_bytes(content)
        try:
            async with request.build_streamed() as response:
                if not 200 <= response.status < 300:
                    return Reply(response.status, response.headers, b"")
                body = await response.body_reader.read(self._cap + 1)
                return Reply(response.status, response.headers, b"" if body is None else body.to_bytes())
        except PyreqwestError as error:
            raise _told(error) from None

    async def aclose(self) -> None:
        await self._client.close()


def _told(error: PyreqwestError) -> Exception:
    causes = getattr(error, "details", {}).get("causes") or [{"message": error.message}]
    reason = causes[-1]["message"]
    if isinstance(error, BodyDecodeError | ReadError):
        return CutShort(reason)
    if isinstance(error, DecodeError):
        return NotHttp(reason)
    return Unanswered(reason)


class Through:
    """Any httpx transport."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, cap: int) -> None:
        self._transport = transport
        self._cap = cap

    async def exchange(self, method: str, url: str, headers: Sequence[tuple[str, str]], content: bytes | None) -> Reply:
        request = httpx.Request(method, url, headers=list(headers), content=content)
        try:
            response = await self._transport.handle_async_request(request)
        except httpx.RemoteProtocolError as error:
            raise (Unanswered if "disconnected" in str(error) else NotHttp)(str(error)) from None
        except httpx.TransportError as error:
            raise Unanswered(str(error)) from None
        try:
            return Reply(response.status_code, response.headers, await self._body(response))
        except httpx.TransportError as error:
            raise CutShort(str(error)) from None
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        if not response.is_success:
            return b""
        parts: list[bytes] = []
        size = 0
        async for part in response.stream:
            parts.append(part)
            size += len(part)
            if size > self._cap:
                break
        return b"".join(parts)

    async def aclose(self) -> None:
        await self._transport.aclose()
