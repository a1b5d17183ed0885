"""The way to a system, a stage at a time: name, connection, TLS, HTTP. Spends no credentials.

Not through the gateway's own client: that tells all of these as one state, "no connection", which is what a caller
needs; who mends it needs the stage.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
import urllib.request
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from customer_gateway.model.deadline import Deadline

_HEAD_BYTES: Final = 65_536
_PORTS: Final = {"http": 80, "https": 443}


class Unreached(Exception):
    """The way ends at a stage: `words` say where, `remedy` what to do."""

    def __init__(self, words: str, remedy: str) -> None:
        super().__init__(words)
        self.words = words
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Reached:
    """An HTTP server answered. `clock_ahead` is its clock against ours, in seconds; None where it tells no time."""

    status: int
    clock_ahead: float | None


class _Address(NamedTuple):
    url: SplitResult
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def probe(base_url: str, deadline: Deadline, now: Callable[[], float] = time.time) -> Reached:
    """Ask for the base URL without credentials: any HTTP answer will do. Raises `Unreached`.

    `now` gives seconds since 1970, for the comparison of clocks.
    """
    url = urlsplit(base_url)
    address = _Address(url, url.hostname or "", url.port or _PORTS[url.scheme])
    await _resolved(address, deadline)
    async with _connected(address, deadline) as (reader, writer):
        if url.scheme == "https":
            await _secured(address, writer, deadline)
        return await _asked(address, reader, writer, deadline, now)


def proxy_of(base_url: str) -> bool:
    """Whether the environment leads calls to this address through a proxy."""
    url = urlsplit(base_url)
    proxies = urllib.request.getproxies()
    bypassed = url.hostname is None or urllib.request.proxy_bypass(url.hostname)
    return not bypassed and (url.scheme in proxies or "all" in proxies)


async def _resolved(address: _Address, deadline: Deadline) -> None:
    try:
        async with deadline.enforce():
            await asyncio.get_running_loop().getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreached(f"DNS: the name {address.host} is not known", "check base_url and the DNS server") from None
    except TimeoutError:
        raise Unreached(f"DNS: no answer about {address.host} in time", "check the DNS server") from None


@asynccontextmanager
async def _connected(
    address: _Address, deadline: Deadline
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        async with deadline.enforce():
            reader, writer = await asyncio.open_connection(address.host, address.port, limit=_HEAD_BYTES)
    except ConnectionRefusedError:
        remedy = "check that it runs, and the port in base_url"
        raise Unreached(f"TCP: nothing listens at {address}", remedy) from None
    except TimeoutError:
        raise Unreached(f"TCP: {address} did not answer in time", "check firewall, route and VPN") from None
    except OSError as error:
        text = f"TCP: {address} cannot be connected: {error.strerror}"
        raise Unreached(text, "check firewall, route and VPN") from None
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _secured(address: _Address, writer: asyncio.StreamWriter, deadline: Deadline) -> None:
    try:
        async with deadline.enforce():
            await writer.start_tls(ssl.create_default_context(), server_hostname=address.host)
    except ssl.SSLCertVerificationError as error:
        text = f"TLS: the certificate is not accepted: {error.verify_message}"
        raise Unreached(text, "check the name in base_url and this machine's certificates and clock") from None
    except (OSError, EOFError):
        text = f"TLS: {address} does not speak TLS with us"
        raise Unreached(text, "check https and the port in base_url") from None


async def _asked(
    address: _Address,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    deadline: Deadline,
    now: Callable[[], float],
) -> Reached:
    path = (address.url.path or "") + "/"
    lines = [f"GET {path} HTTP/1.1", f"Host: {address.url.netloc}", "Connection: close", "", ""]
    try:
        async with deadline.enforce():
            writer.write("\r\n".join(lines).encode("ascii", "ignore"))
            sent = now()
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        raise Unreached(
            f"HTTP: {address} took the request but did not answer in time", "see the vendor's status"
        ) from None
    except asyncio.IncompleteReadError as error:
        raise (_no_http(address) if error.partial else _dropped(address)) from None
    except asyncio.LimitOverrunError:
        raise _no_http(address) from None
    except OSError:
        raise _dropped(address) from None
    return _read(address, head, (sent + now()) / 2)


def _read(address: _Address, head: bytes, at: float) -> Reached:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise _no_http(address)
    dates = [value.strip() for name, _, value in (line.partition(":") for line in lines) if name.lower() == "date"]
    return Reached(int(rest[:3]), _ahead(dates[0], at) if dates else None)


def _ahead(date: str, at: float) -> float | None:
    """The header tells whole seconds, so the moment meant is half a second later on average."""
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - at
    except (ValueError, OverflowError):
        return None


def _dropped(address: _Address) -> Unreached:
    words = f"HTTP: {address} drops the connection when it is asked"
    return Unreached(words, "check scheme and port of base_url, and the vendor's list of addresses that may call")


def _no_http(address: _Address) -> Unreached:
    return Unreached(f"HTTP: what answers at {address} is not HTTP", "check scheme and port of base_url")
