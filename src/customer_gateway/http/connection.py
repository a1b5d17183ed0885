"""A connection of a client: uvicorn's, where an offer of another protocol is left alone, and heads have bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

    from uvicorn._types import HTTPScope

HEAD_BYTES: Final = 65_536
"""A head of so many bytes is taken; one of twice as many never is."""

_UNREADABLE: Final = "Invalid HTTP request received."
_TOO_LARGE: Final = "The head of a request is too large."


class Connection(HttpToolsProtocol):
    """What is sent by `Upgrade`, as Java's client and curl --http2 do, is answered in HTTP/1.1 (RFC 9110, 7.8).

    The parser stops after such a head and leaves the body out. So uvicorn is not told of it: the head is parsed a
    second time, without the offer.

    A head has `head_seconds` to be whole, from the opening of the connection or its own first bytes on. A request that
    comes in one piece, as almost all do, costs no timer.
    """

    head_seconds = 10.0

    _head: HTTPScope | None = None
    """What uvicorn begins to tell of the request that the timer is for."""
    _head_bytes = 0
    _head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as uvicorn's
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.head_seconds, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if len(data) > HEAD_BYTES:
            self._receive_in_pieces(data)
            return
        self._unset_keepalive_if_required()
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
        if not self.cycle or self.cycle.response_complete or "method" not in self.scope:
            self._wait_for_head(size)
        elif self._head_timer is not None:
            self._end_timer()

    def _receive_in_pieces(self, data: bytes) -> None:
        for start in range(0, len(data), HEAD_BYTES):
            if self.transport.is_closing():
                return
            self.data_received(data[start : start + HEAD_BYTES])

    def _wait_for_head(self, size: int) -> None:
        """No request is under way, or one whose head is not whole: uvicorn notes the method when it is."""
        if self._head_timer is None or self._head is not self.scope:
            self._end_timer()
            self._head_timer = self.loop.call_later(self.head_seconds, self.shutdown)
            self._head, self._head_bytes = self.scope, 0  # its first piece may have brought other requests as well
        elif self.scope and "method" not in self.scope:
            self._head_bytes += size
            if self._head_bytes >= HEAD_BYTES:
                self._refuse_head()

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _should_upgrade(self) -> bool:
        """Makes uvicorn leave such a head alone, until it comes without the offer."""
        return True

    def _head_without_upgrade(self) -> bytes:
        start = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([start, *lines, b"", b""])

    def _refuse(self) -> None:
        self.logger.warning(_UNREADABLE)
        self.send_400_response(_UNREADABLE)

    def _refuse_head(self) -> None:
        self.logger.warning(_TOO_LARGE)
        if not self.cycle or self.cycle.response_complete:  # else it would stand within another's answer
            status = b"414 URI Too Long" if len(self.url) >= HEAD_BYTES // 2 else b"431 Request Header Fields Too Large"
            self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self.transport.close()


def _parser(connection: Connection) -> HttpRequestParser:
    """As uvicorn makes them."""
    parser = HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
