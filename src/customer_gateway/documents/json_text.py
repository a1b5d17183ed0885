r"""JSON that is not quite a decoder's: what no strict one takes, and what can be read all the same.

A byte order mark before the document is skipped. A lone surrogate escape, such as "\ud83c" without its other half, is
half a character: U+FFFD stands in its place. A number that no double holds, such as 1e400, is read as its text. Bytes
that are no UTF-8 stay unreadable.
"""

from __future__ import annotations

import re
from math import isinf
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from customer_gateway.documents.drift import Drift
    from customer_gateway.documents.record import Body, Decode

BOM: Final = b"\xef\xbb\xbf"
HALF_A_CHARACTER: Final = "half a character (a lone surrogate), read as U+FFFD"
PAST_EVERY_DOUBLE: Final = "a number past every double, read as its text"

# Where none of these is there is nothing to mend, and no reason to go through each token.
_ODD: Final = re.compile(rb"\\u[dD][89a-fA-F]|[\s\[:,]-?[0-9]++(?:\.[0-9]++)?+[eE]\+?[0-9]|[0-9]{309}")
_TOKEN: Final = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*:)?|(-?[0-9][0-9.eE+-]*+)', re.DOTALL)
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one whole character
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",  # any other escape, an escaped backslash before a `ud83c` above all
    re.DOTALL,
)
_REPLACEMENT: Final = rb"\ufffd"


def decoded(body: Body, decode: Decode, drift: Drift) -> Any:
    """Return what `decode` makes of the body, of a mended one where it refuses it as sent.

    Raises `orjson.JSONDecodeError`, and whatever else `decode` raises.
    """
    try:
        return decode(body)
    except orjson.JSONDecodeError:
        again = mended(body, drift)
        if again is None:
            raise
    return decode(again)


def mended(body: Body, drift: Drift) -> bytes | None:
    """Return a document that a decoder refused, without what it may have refused it for; None where there is no such
    thing.

    `drift` notices the fields that held half a character, or a number past every double.
    """
    text = bytes(body)
    plain = text.removeprefix(BOM)
    if _ODD.search(plain) is not None:
        plain = _without_odd_values(plain, drift)
    return plain if plain != text else None


def _without_odd_values(text: bytes, drift: Drift) -> bytes:
    name = b""

    def token(found: re.Match[bytes]) -> bytes:
        nonlocal name
        content, colon, number = found.groups()
        if number is not None:
            if not _is_past_every_double(number):
                return number
            drift.notice(name.decode("ascii", "replace"), PAST_EVERY_DOUBLE)
            return b'"%b"' % number
        whole = _ESCAPE.sub(_whole, content) if b"\\u" in content else content
        if colon is not None:
            name = content
        if whole == content:
            return found[0]
        drift.notice(name.decode("ascii", "replace"), HALF_A_CHARACTER)
        return found[0].replace(content, whole, 1)

    return _TOKEN.sub(token, text)


def _is_past_every_double(number: bytes) -> bool:
    try:
        return isinf(float(number))
    except ValueError:  # it is no number
        return False


def _whole(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape[1] is None else _REPLACEMENT
