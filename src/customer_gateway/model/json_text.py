r"""JSON that is not quite UTF-8: what no strict decoder takes, and what can be read all the same.

A byte order mark before the document is skipped. A lone surrogate escape, such as "\ud83c" without its other half, is
half a character: U+FFFD stands in its place. Bytes that are no UTF-8 stay unreadable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from customer_gateway.model.drift import Drift
    from customer_gateway.model.record import Body

BOM: Final = b"\xef\xbb\xbf"
HALF_A_CHARACTER: Final = "half a character (a lone surrogate), read as U+FFFD"

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_STRING: Final = re.compile(rb'"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?', re.DOTALL)
_ESCAPE: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: one whole character
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb"|\\.",  # any other escape, an escaped backslash before a `ud83c` above all
    re.DOTALL,
)
_REPLACEMENT: Final = rb"\ufffd"  # as long as what it replaces: whatever stands at an offset still does


def mended(body: Body, drift: Drift) -> bytes | None:
    """A document that a decoder refused, without byte order mark and lone surrogates; None where it has neither.

    `drift` is told of the fields that held half a character. After the mark, all bytes stay where they were.
    """
    text = bytes(body)
    plain = text.removeprefix(BOM)
    if _SURROGATE.search(plain) is not None:
        plain = _without_halves(plain, drift)
    return plain if plain != text else None


def _without_halves(text: bytes, drift: Drift) -> bytes:
    name = b""

    def string(found: re.Match[bytes]) -> bytes:
        nonlocal name
        content, colon = found.groups()
        whole = _ESCAPE.sub(_whole, content) if b"\\u" in content else content
        if colon is not None:
            name = content
        if whole == content:
            return found[0]
        drift.notice(name.decode("ascii", "replace"), HALF_A_CHARACTER)
        return found[0].replace(content, whole, 1)

    return _STRING.sub(string, text)


def _whole(escape: re.Match[bytes]) -> bytes:
    return escape[0] if escape[1] is None else _REPLACEMENT
