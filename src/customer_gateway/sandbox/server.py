"""The vendors on real sockets, each on its own port, all in the running event loop."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from customer_gateway.sandbox.faults import TRANSPORT

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HOST: Final = "127.0.0.1"


class PortTaken(OSError):
    """The port is not to be had, mostly because somebody else listens there; the message is one plain line."""


class Listener:
    """One application on one port of this machine; port 0 takes a free one and keeps it over `stop` and `start`."""

    def __init__(self, app: ASGIApp, name: str, port: int = 0) -> None:
        self.port = port
        self._name = name
        self._config = Config(app, interface="asgi3", lifespan="off", log_config=None, ws="none", proxy_headers=False)
        self._server: asyncio.Server | None = None
        self._state = ServerState()

    async def start(self) -> None:
        """Listen; PortTaken when the port is not free. Starting twice changes nothing."""
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        self._state = ServerState()
        connection = _bound(self._name, self.port)
        self.port = connection.getsockname()[1]
        self._server = await loop.create_server(lambda: _Connection(self._config, self._state, {}), sock=connection)

    async def stop(self) -> None:
        """Close the port and every open connection; later connections are refused."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        tasks = list(self._state.tasks)
        for connection in list(self._state.connections):
            connection.transport.abort()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        await asyncio.sleep(0)


class _Connection(HttpToolsProtocol):
    """uvicorn's connection, which also shows the application its transport, for faults that break HTTP."""

    def __init__(self, config: Config, state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, state, app_state)
        self.access_log = False
        inner: Any = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {**scope.get("extensions", {}), TRANSPORT: self.transport}
            await inner(scope, receive, send)

        self.app: Any = with_transport


def _bound(name: str, port: int) -> socket.socket:
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without it answers wait for delayed ACKs.
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        connection.bind((HOST, port))
        connection.listen(1024)
    except OSError as error:
        connection.close()
        reason = f"Port {port} for {name} cannot be used ({error.strerror}): stop what listens there or choose another."
        raise PortTaken(reason) from None
    connection.setblocking(False)  # noqa: FBT003 - the standard library takes it by position
    return connection
