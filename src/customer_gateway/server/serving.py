"""Serve the gateway on a socket: bound before anything else starts, closed in order on Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from math import ceil
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn import Config, Server

from customer_gateway.http.connection import WRITE_SECONDS, HttpConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

    from starlette.types import ASGIApp

_log = structlog.get_logger("customer_gateway.server.serving")


class CannotListen(Exception):
    """The address cannot be bound; the message is one plain line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Hold the seconds that requests under way have at the end, and those that a client has to read its answer."""

    shutdown_seconds: float
    write_seconds: float = WRITE_SECONDS


class Ending:
    """Handle Ctrl-C and SIGTERM from the first moment on, also while nothing is served yet: the end is `requested`.

    SIGHUP does the same where `hangup_ends`, as for `demo`, which ends with its terminal. Either way it leaves a line.
    """

    def __init__(self, *, hangup_ends: bool = False) -> None:
        self.requested = False
        self._hangup = self._handle_hangup if hangup_ends else ignore_hangup
        self.server: Server | None = None

    @contextmanager
    def on_signals(self) -> Generator[None]:
        """Handle the signals within the body, which they do not interrupt."""
        handlers = {signal.SIGINT: self._handle, signal.SIGTERM: self._handle, signal.SIGHUP: self._hangup}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        if self.server is not None:
            self.server.handle_exit(number, frame)

    def _handle_hangup(self, number: int, frame: FrameType | None) -> None:
        self._handle(number, frame)
        with suppress(OSError):  # the terminal that the line is for may be what has gone
            _log.warning("signal_ends", signal="SIGHUP", reason="the terminal is closed")


def ignore_hangup(_number: int, _frame: FrameType | None) -> None:
    """Ignore SIGHUP, which would end the process without a line in the log; write one."""
    _log.warning("signal_ignored", signal="SIGHUP", reason="for another configuration restart the service")


def is_this_machine(host: str) -> bool:
    """Return whether what listens at `host` is reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one. Raises `CannotListen`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
    except socket.gaierror:
        raise CannotListen(f"{host} is no address of this machine; try --host 127.0.0.1.") from None
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without it answers wait for delayed ACKs.
    connection = socket.socket(family, kind, socket.IPPROTO_TCP)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        connection.bind(address)
        connection.listen(2048)
    except OSError as error:
        connection.close()
        raise CannotListen(_why_not(host, port, error)) from None
    connection.setblocking(False)  # noqa: FBT003 - the standard library takes it by position
    return connection


def sockets_for_workers(connection: socket.socket, workers: int) -> list[list[socket.socket]]:
    """Return the sockets of each worker: `connection`, which all share, and one of its own at the same address.

    The kernel spreads new connections over all that listen, and a worker's own one listens once the worker serves:
    until then the others take what comes in. `connection` has to listen by now, without SO_REUSEPORT: that is what
    refuses an address in use. Where the system spreads nothing (only Linux does) there are no own ones, with a line in
    the log.
    """
    try:
        return [[connection, own] for own in _beside(connection, workers)]
    except OSError as error:
        _log.warning("workers_share_socket", reason=error.strerror)
        return [[connection]] * workers


def _beside(connection: socket.socket, number: int) -> list[socket.socket]:
    if sys.platform != "linux":
        raise OSError(errno.ENOPROTOOPT, "this system does not spread connections over sockets")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    with ExitStack() as opened:
        sockets = [opened.enter_context(_bound_beside(connection)) for _ in range(number)]
        opened.pop_all()
    return sockets


def _bound_beside(connection: socket.socket) -> socket.socket:
    other = socket.socket(connection.family, connection.type, connection.proto)
    try:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(connection.getsockname())
    except OSError:
        other.close()
        raise
    other.setblocking(False)  # noqa: FBT003 - the standard library takes it by position
    return other


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken: stop what listens there, or choose another with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} is not allowed to this user: choose one above 1023 with --port."
    return f"Cannot listen at {host}, port {port}: {error.strerror}."


def address_of(connection: socket.socket) -> str:
    """Return `http://HOST:PORT` of a listening socket."""
    host, port = connection.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(
    app: ASGIApp, connection: socket.socket, ending: Ending, *, timeouts: Timeouts, started: Callable[[], None]
) -> bool:
    """Serve until the ending; return False when it could not start."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
    ending.server = server = _Server(config_of(app, timeouts), ending, started)
    await server.serve(sockets=[connection])
    return server.started


def config_of(app: Any, timeouts: Timeouts, **more: Any) -> Config:
    """Return the settings of uvicorn."""
    connection: Any = partial(HttpConnection, write_seconds=timeouts.write_seconds)  # can be pickled, for workers
    return Config(
        app,
        loop="uvloop",
        http=connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # the gateway writes a line per request of its own
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ceil(timeouts.shutdown_seconds),
        **more,
    )


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Return False for a request that was cut off at the end: uvicorn logs how many there were."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


class _Server(Server):
    """Run uvicorn's server: `on_start` is called when it serves, and `Ending` ends it, not the signal itself."""

    def __init__(self, config: Config, ending: Ending, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._ending = ending
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ending.requested:
            self.should_exit = True
        elif self.started:
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them to `Ending`; uvicorn would raise them again at the end, as if the process had been killed."""
        yield
