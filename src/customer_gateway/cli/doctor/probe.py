"""The way to a system, a stage at a time: name, connection, TLS, HTTP. Spends no credentials.

TLS and HTTP go through the gateway's own transport, so that what is trusted here is what is trusted there. Not through
its client: that reports all of these as one state, "no connection", which is what a caller needs; an operator needs the
stage.
"""

from __future__ import annotations

import asyncio
import socket
import time
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

from customer_gateway.wire.transport import (
    ConnectionTimeouts,
    CutShort,
    Distrusted,
    HeadTooLarge,
    NotHttp,
    RawResponse,
    ReqwestTransport,
    Unanswered,
    is_this_machine,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.work.deadline import Deadline

_NO_BODY: Final = 0
_OK: Final = 200
_OF_CONNECTING: Final = 0.5
_HEADERS: Final = (("accept", "application/json"), ("user-agent", "customer-gateway"))
_PORTS: Final = {"http": 80, "https": 443}


class Unreached(Exception):
    """The way ends at a stage: `words` say where, `remedy` what to do."""

    def __init__(self, words: str, remedy: str) -> None:
        super().__init__(words)
        self.words = words
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Reached:
    """An HTTP server answered. `clock_ahead` is its clock against ours, in seconds; None where it sends no `Date`."""

    status: int
    clock_ahead: float | None


class _Address(NamedTuple):
    url: SplitResult
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def probe(
    base_url: str, deadline: Deadline, now: Callable[[], float] = time.time, authorities: bytes = b""
) -> Reached:
    """Ask for the base URL without credentials: any HTTP answer will do. Raises `Unreached`.

    `now` gives seconds since 1970, for the comparison of clocks; `authorities` (PEM) are trusted beside the machine's.
    """
    url = urlsplit(base_url)
    address = _Address(url, url.hostname or "", url.port or _PORTS[url.scheme])
    seconds = deadline.remaining()
    timeouts = ConnectionTimeouts(seconds * _OF_CONNECTING, seconds + 1)  # the rest is for finding out where it hung
    transport = ReqwestTransport(base_url, cap=_NO_BODY, idle=1, authorities=authorities, timeouts=timeouts)
    try:
        return await _asked(address, transport, deadline, now)
    except Distrusted as error:
        reason, remedy = error.distrust
        raise Unreached(f"TLS: the certificate is not accepted: {reason}", remedy) from None
    except Unanswered as error:
        raise await _stage(address, error, deadline) from None
    finally:
        await transport.aclose()


def proxy_of(base_url: str) -> bool:
    """Return whether the environment leads calls to this address through a proxy."""
    url = urlsplit(base_url)
    proxies = urllib.request.getproxies()
    bypassed = url.hostname is None or is_this_machine(base_url) or urllib.request.proxy_bypass(url.hostname)
    return not bypassed and (url.scheme in proxies or "all" in proxies)


async def _stage(address: _Address, error: Unanswered, deadline: Deadline) -> Unreached:
    """Name the stage at which the way to a vendor ends: DNS, TCP, TLS or HTTP."""
    if not error.connecting:
        return _dropped(address)
    try:
        await _resolved(address, deadline)
        await _connected(address, deadline)
    except Unreached as found:
        return found
    if address.url.scheme == "https":
        return Unreached(f"TLS: {address} does not speak TLS with us", "check https and the port in base_url")
    return _dropped(address)


async def _resolved(address: _Address, deadline: Deadline) -> None:
    try:
        async with deadline.enforce():
            await asyncio.get_running_loop().getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreached(f"DNS: the name {address.host} is not known", "check base_url and the DNS server") from None
    except TimeoutError:
        raise Unreached(f"DNS: no answer about {address.host} in time", "check the DNS server") from None


async def _connected(address: _Address, deadline: Deadline) -> None:
    try:
        async with deadline.enforce():
            _, writer = await asyncio.open_connection(address.host, address.port)
    except ConnectionRefusedError:
        remedy = "check that it runs, and the port in base_url"
        raise Unreached(f"TCP: nothing listens at {address}", remedy) from None
    except TimeoutError:
        raise Unreached(f"TCP: {address} did not answer in time", "check firewall, route and VPN") from None
    except OSError as error:
        text = f"TCP: {address} cannot be connected: {error.strerror}"
        raise Unreached(text, "check firewall, route and VPN") from None
    writer.transport.abort()


async def _asked(
    address: _Address, transport: ReqwestTransport, deadline: Deadline, now: Callable[[], float]
) -> Reached:
    try:
        async with deadline.enforce():
            sent = now()
            reply = await transport.exchange("GET", f"{address.url.geturl()}/", _HEADERS, None)
    except TimeoutError:
        raise Unreached(
            f"HTTP: {address} took the request but did not answer in time", "see the vendor's status"
        ) from None
    except CutShort:  # of its body, which is not needed
        return Reached(_OK, None)
    except HeadTooLarge:
        remedy = "see what adds them between the system and the gateway"
        raise Unreached(f"HTTP: {address} answers more than 100 header lines", remedy) from None
    except NotHttp:
        raise _no_http(address) from None
    return Reached(reply.status, _clock_ahead(reply, (sent + now()) / 2))


def _clock_ahead(reply: RawResponse, at: float) -> float | None:
    date = reply.headers.get("date")
    return None if date is None else _ahead(date.strip(), at)


def _ahead(date: str, at: float) -> float | None:
    """Compare a `Date` with our clock: it has whole seconds, so the moment meant is half a second later on average."""
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - at
    except (ValueError, OverflowError):
        return None


def _dropped(address: _Address) -> Unreached:
    words = f"HTTP: {address} drops the connection when it is asked"
    return Unreached(words, "check scheme and port of base_url, and the vendor's list of addresses that may call")


def _no_http(address: _Address) -> Unreached:
    return Unreached(f"HTTP: what answers at {address} is not HTTP", "check scheme and port of base_url")
