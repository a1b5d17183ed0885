"""Decode an answer's bytes to its document: within bounds, and one answer after the other.

An answer that is decoded in the same iteration of the event loop as twenty others has left the processor's cache by
the time its rows become part of a reply, some iterations later, and is fetched from memory again, and once more to be
freed: with 100 pages under way that was a fifth of their cost (docs/adr/0013-one-answer-at-a-time.md).
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from gzip import BadGzipFile, GzipFile
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import orjson

from customer_gateway.documents.exact import NotExact
from customer_gateway.documents.json_text import decoded
from customer_gateway.documents.row import WrongForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.documents.drift import Drift
    from customer_gateway.documents.record import Body

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f\x8b"  # no JSON begins like that
_CODINGS = {"br", "compress", "x-compress", "deflate", "zstd", "dcb", "dcz"}
"""Real codings, not accepted. Other names (`utf-8`, `none`) and a `gzip` over plain JSON mean no coding."""

SMALL_BYTES: Final = 8_192
"""What is made of so small an answer crowds nothing out of the cache."""

_ITERATIONS: Final = 6
"""Iterations of the event loop between two answers: so many it takes from a decoded answer to the rows made of it."""


class Undecodable(Exception):
    """The bytes are not the JSON document they should be; `cut_short` when more of them would have been.

    `about_keys` says that it may be for one of the keys in the call, and that other rows might be decoded.
    """

    def __init__(self, reason: str, *, cut_short: bool = False, about_keys: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cut_short = cut_short
        self.about_keys = about_keys and not cut_short


def document(
    body: Body,
    content_type: str | None,
    encoding: str | None,
    cap: int,
    drift: Drift,
    decode: Callable[[Body], Any] = orjson.loads,
) -> Any:
    """Decode the JSON document in `body` by `decode`.

    Refused (`Undecodable`): another content type, an unknown content encoding, more than `cap` bytes inflated, NaN
    and infinities, more than 1,024 levels, bad UTF-8, anything that is no JSON. An absent content type is let pass.
    A byte order mark is skipped, half a character read as U+FFFD, a number past every double as its text; the last
    two are noticed in `drift`. A `decode` that skips unread fields (`documents.rows`) may let bad UTF-8 pass there.
    """
    if content_type is not None and not is_json(content_type):
        reason = "the answer is not JSON by its content type; check base_url"
        raise Undecodable(reason, about_keys=False)
    if encoding is not None:
        body = inflate(body, encoding, cap)
    try:
        return decoded(body, decode, drift)
    except orjson.JSONDecodeError as error:
        cut_short = "unexpected end" in error.msg
        raise Undecodable(f"the answer is not JSON: {_in_words(error)}", cut_short=cut_short) from None
    except NotExact as error:
        reason = f"the answer cannot be sent back as it came: {error}"
        raise Undecodable(reason, about_keys=False) from None
    except WrongForm as error:
        raise Undecodable(f"the answer is not of the form that is documented: {error}") from None


def _in_words(error: orjson.JSONDecodeError) -> str:
    """Return the decoder's reason; that for bad UTF-8 speaks of Python's strings, and is replaced."""
    return "it is not in UTF-8" if error.msg.startswith("str is not valid UTF-8") else error.msg


def is_json(content_type: str) -> bool:
    """Return whether a Content-Type names JSON: application/json, text/json or anything/…+json."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"application/json", "text/json"} or media.endswith("+json")


def inflate(body: Body, encoding: str, cap: int) -> Body:
    """Undo the gzip coding of `body`, of however many members; return it as it is where it has none.

    Never more than `cap` bytes are in memory.
    """
    if encoding.strip().lower() in _CODINGS:
        raise Undecodable("the answer has a content encoding that was not asked for")
    if body[:2] != _GZIP_MAGIC:
        return body
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(body, cap + 1)
        if stream.unused_data[:2] == _GZIP_MAGIC and len(plain) <= cap:
            plain += GzipFile(fileobj=BytesIO(stream.unused_data)).read(cap + 1 - len(plain))
    except EOFError:
        raise _ends_early() from None
    except (zlib.error, BadGzipFile):
        raise Undecodable("the answer is not the gzip stream it claims to be") from None
    if len(plain) > cap:
        raise Undecodable(f"the answer inflates to more than {cap} bytes; limits.answer_bytes allows more")
    if not stream.eof:
        raise _ends_early()
    return plain


def _ends_early() -> Undecodable:
    return Undecodable("the answer's gzip stream ends early", cut_short=True)


class DecodeQueue:
    """Order the decoding of the answers to all calls of a process: as they come, some iterations of the loop apart.

    A small answer, and one that comes when none is being decoded, waits for nothing.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self, size: int) -> None:
        """Wait until an answer of `size` bytes may be decoded. A waiter that is cancelled does not delay the others."""
        if size <= SMALL_BYTES:
            return
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._waiting.clear()
            self._go_on_after(_ITERATIONS, loop)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def _go_on_after(self, iterations: int, loop: asyncio.AbstractEventLoop) -> None:
        if iterations:
            loop.call_soon(self._go_on_after, iterations - 1, loop)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                loop.call_soon(self._go_on_after, _ITERATIONS, loop)
                return
        self._loop = None
