"""A connection of a client: uvicorn's, where a request that offers another protocol is read as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from asyncio import TimerHandle

_UNREADABLE = "Invalid HTTP request received."


class Connection(HttpToolsProtocol):
    """What is sent by `Upgrade`, as Java's client and curl --http2 do, is answered in HTTP/1.1 (RFC 9110, 7.8).

    The parser stops after such a head and leaves the body out. So uvicorn is not told of it: the head is parsed a
    second time, without the offer.
    """

    timeout_keep_alive_task: TimerHandle | None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
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
                return

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


def _parser(connection: Connection) -> HttpRequestParser:
    """As uvicorn makes them."""
    parser = HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
