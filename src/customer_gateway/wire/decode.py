"""From the bytes of an answer to its document, within bounds: never more than so many bytes, sent or inflated."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson

from customer_gateway.model.rows import WrongForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.model.record import Body

_GZIP = 16 + zlib.MAX_WBITS


class Undecodable(Exception):
    """The bytes are not the JSON document they should be; `cut_short` when more of them would have been."""

    def __init__(self, reason: str, *, cut_short: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cut_short = cut_short


def document(
    body: Body,
    content_type: str | None,
    encoding: str | None,
    cap: int,
    decode: Callable[[Body], Any] = orjson.loads,
) -> Any:
    """The JSON document in `body`, as `decode` makes it.

    Refused (`Undecodable`): another content type, an unknown content encoding, more than `cap` bytes inflated, NaN
    and infinities, more than 1,024 levels, bad UTF-8, anything that is no JSON. An absent content type is let pass.
    A `decode` that skips what nobody reads (`model.rows`) may let bad UTF-8 and infinities pass there.
    """
    if content_type is not None and not is_json(content_type):
        raise Undecodable("the answer is not JSON by its content type; check base_url")
    if encoding is not None and encoding.lower() != "identity":
        body = inflated(body, encoding, cap)
    try:
        return decode(body)
    except orjson.JSONDecodeError as error:
        cut_short = "unexpected end" in error.msg
        raise Undecodable(f"the answer is not JSON: {_in_words(error)}", cut_short=cut_short) from None
    except WrongForm as error:
        raise Undecodable(f"the answer is not of the form that is documented: {error}") from None


def _in_words(error: orjson.JSONDecodeError) -> str:
    """What the decoder found; of bad UTF-8 it says something of Python's strings."""
    return "it is not in UTF-8" if error.msg.startswith("str is not valid UTF-8") else error.msg


def is_json(content_type: str) -> bool:
    """Whether a Content-Type names JSON: application/json, text/json or anything/…+json."""
    media = content_type.partition(";")[0].strip().lower()
    return media in {"application/json", "text/json"} or media.endswith("+json")


def inflated(body: Body, encoding: str, cap: int) -> bytes:
    """`body` without its gzip coding, never more than `cap` bytes in memory."""
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise Undecodable("the answer has a content encoding that was not asked for")
    stream = zlib.decompressobj(_GZIP)
    try:
        plain = stream.decompress(body, cap + 1)
    except zlib.error:
        raise Undecodable("the answer is not the gzip stream it claims to be") from None
    if len(plain) > cap:
        raise Undecodable(f"the answer inflates to more than {cap} bytes; limits.answer_bytes allows more")
    if not stream.eof:
        raise Undecodable("the answer's gzip stream ends early", cut_short=True)
    return plain
