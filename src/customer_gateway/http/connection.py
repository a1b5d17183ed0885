"""Serve a client's connection: uvicorn's, which ignores `Upgrade` and bounds heads, their time, and that of writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

    from uvicorn._types import ASGI3Application, HTTPScope
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

HEAD_BYTES: Final = 65_536
"""A head of so many bytes is taken, one of three times as many never is; so it is with the trailers of a body.

The first piece of a head is not counted, nor the one that ends it: either may bring other requests as well.
"""

WRITE_SECONDS: Final = 30.0

_UNREADABLE: Final = "This is no HTTP/1.1 request; send one, and without TLS."
_TOO_LARGE: Final = "The head of the request is too large; send less in its headers or its URL."
_NOT_TAKEN: Final = "A client did not read its answer in time; its connection was closed."


class HttpConnection(HttpToolsProtocol):
    """Answer requests that offer another protocol, as Java's client and curl --http2 do, in HTTP/1.1 (RFC 9110, 7.8).

    The parser stops after a head with `Upgrade` and leaves the body out. So uvicorn does not see that head: it is
    parsed a second time, without the offer.

    A head has `head_seconds` to be whole, from the opening of the connection or its own first bytes on. A request that
    comes in one piece, as almost all do, costs no timer. A connection that rests as long as uvicorn allows is ended.

    An answer has `write_seconds` to be read by the client, from the moment on in which more is written than the
    transport takes (`pause_writing`), or in which the connection is to end. Then it is cut, with what was not read.
    """

    head_seconds = 10.0

    _scope_before: HTTPScope | None = None
    """The scope, whole or not, of the request that the last piece belonged to."""
    _answered: RequestResponseCycle | None = None
    """The request that is being answered: `cycle` is the last one that has come, which may wait behind it."""
    _body_came = False
    _barren_bytes = 0
    _head_timer: TimerHandle | None = None
    _write_timer: TimerHandle | None = None
    _rests_since: float | None = None
    _rest_timer: TimerHandle | None = None

    def __init__(self, *of_uvicorn: Any, write_seconds: float = WRITE_SECONDS, **named: Any) -> None:
        super().__init__(*of_uvicorn, **named)
        self._write_seconds = write_seconds

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_seconds, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head_timer()
        self._end_write_timer()
        if self._rest_timer is not None:
            self._rest_timer.cancel()
        super().connection_lost(exc)
        answered, self._answered = self._answered, None
        if answered is not None and not answered.response_complete:  # uvicorn notifies the last request only
            answered.disconnected = True
            answered.message_event.set()
        # Requests that wait behind it never begin; each knows this connection, and would live until a collection.
        self.pipeline.clear()
        self.cycle = cast("RequestResponseCycle", None)

    def data_received(self, data: bytes) -> None:
        if len(data) > HEAD_BYTES:
            self._receive_in_pieces(data)
            return
        self._unset_keepalive_if_required()
        self._body_came = False
        size = len(data)
        while data:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    self._refuse()  # it asks for a tunnel, whatever its headers say
                    return
                data = self._head_without_upgrade() + data[upgrade.args[0] :]
                self.parser = _parser(self)
            except HttpParserError:
                self._refuse()
                return
            else:
                break
        cycle = self.cycle
        if cycle and not cycle.response_complete and "method" in self.scope:  # uvicorn notes it when a head is whole
            if self._head_timer is not None:
                self._end_head_timer()
            if not cycle.more_body:
                return
        else:
            self._set_head_timer()
        self._weigh(size)

    def on_response_complete(self) -> None:
        """Do as uvicorn does, but for the timer that it sets after each answer and ends with the next request.

        Here one timer goes on: when it is up it looks how long the connection has rested by then.
        """
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            if self.transport.is_closing():
                self._set_write_timer()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._rests_since = self.loop.time()
        if self._rest_timer is None:
            self._rest_timer = self.loop.call_later(self.timeout_keep_alive, self._end_rest)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set_write_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_write_timer()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._set_write_timer()

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        super().on_body(body)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _receive_in_pieces(self, data: bytes) -> None:
        for start in range(0, len(data), HEAD_BYTES):
            if self.transport.is_closing():
                return
            self.data_received(data[start : start + HEAD_BYTES])

    def _weigh(self, size: int) -> None:
        """Count a piece that ends no request: it brings some of the body, or is of a head or of trailers."""
        if self._body_came or not self.scope or self._scope_before is not self.scope:
            self._scope_before, self._barren_bytes = self.scope, 0  # it may have brought other requests as well
            return
        self._barren_bytes += size
        if self._barren_bytes >= HEAD_BYTES:
            self._refuse_head()

    def _set_head_timer(self) -> None:
        """Set the timer for a head that is not whole, and for what follows an answer and is no head yet."""
        if self._head_timer is None or self._scope_before is not self.scope:
            self._end_head_timer()
            self._head_timer = self.loop.call_later(self.head_seconds, self.shutdown)

    def _unset_keepalive_if_required(self) -> None:
        """Note that the connection rests no more. uvicorn's timer, which this would end, is never set here."""
        self._rests_since = None

    def _end_rest(self) -> None:
        self._rest_timer = None
        if self._rests_since is None:
            return
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest_timer = self.loop.call_later(left, self._end_rest)
        else:
            self._close()

    def _end_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _set_write_timer(self) -> None:
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self._write_seconds, self._cut)

    def _end_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _close(self) -> None:
        """End the connection as soon as what was written has been read, and after `write_seconds` in any case."""
        self.transport.close()
        self._set_write_timer()

    def _cut(self) -> None:
        self.logger.warning(_NOT_TAKEN)
        self.transport.abort()

    def _should_upgrade(self) -> bool:
        """Make uvicorn ignore such a head, until it comes without the offer."""
        return True

    def _head_without_upgrade(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([start, *lines, b"", b""])

    def _refuse(self) -> None:
        self.logger.warning(_UNREADABLE)
        self.send_400_response(_UNREADABLE)
        self._set_write_timer()

    def _refuse_head(self) -> None:
        self.logger.warning(_TOO_LARGE)
        # An answer must not stand within another's, nor follow one to the same request.
        if "method" not in self.scope and (not self.cycle or self.cycle.response_complete):
            status = b"414 URI Too Long" if len(self.url) >= HEAD_BYTES // 2 else b"431 Request Header Fields Too Large"
            body = _TOO_LARGE.encode()
            head = b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(head % (status, len(body)) + body)
        self._close()


def _parser(connection: HttpConnection) -> HttpRequestParser:
    """Return a parser as uvicorn makes them."""
    parser = HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
