r"""The parts of JSON text as text, not decoded: the members of an object, the items of a list.

What is given has been decoded before, so it is known to be JSON. msgspec parts it, but for what is decoded all the same
and msgspec refuses: half characters (`"\ud83c"` alone), a byte order mark, a thousand levels.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_gateway.documents.record import Body

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])

# Possessive: what these have gone through they do not try in another way.
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SCALAR: Final = re.compile(rb"%b|[^\s,:\]}]++" % _STRING, re.DOTALL)
_TO_BRACKET: Final = re.compile(rb'[^"\[\]{}]*+(?:%b[^"\[\]{}]*+)*+[\[\]{}]' % _STRING, re.DOTALL)
_TO_PART: Final = re.compile(rb"[\s,:]*+")
_TO_DOCUMENT: Final = re.compile(rb"(?:\xef\xbb\xbf)?+\s*+")
_OPENING: Final = b"[{"
_CLOSING: Final = b"]}"


def members(text: Body) -> dict[str, bytes]:
    """Return the values of an object by their names; of several under one name the last, as decoders take it."""
    try:
        return {name: bytes(value) for name, value in _MEMBERS.decode(text).items()}
    except (msgspec.MsgspecError, RecursionError):
        parts = _parts(text)
        return {_name(name): value for name, value in zip(parts, parts, strict=True)}


def items(text: Body) -> list[bytes]:
    """Return the items of a list."""
    try:
        return [bytes(item) for item in _ITEMS.decode(text)]
    except (msgspec.MsgspecError, RecursionError):
        return list(_parts(text))


def _name(text: bytes) -> str:
    """Return the name; as it was sent where it holds half a character, which no documented name does."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text.decode()


def _parts(text: Body) -> Iterator[bytes]:
    """Yield the items of a list; of an object the names and the values in turn."""
    at = _end_of(_TO_PART, text, _end_of(_TO_DOCUMENT, text, 0) + 1)
    while text[at] not in _CLOSING:
        end = _end(text, at)
        yield bytes(text[at:end])
        at = _end_of(_TO_PART, text, end)


def _end(text: Body, start: int) -> int:
    """Return where the value ends that begins there."""
    if text[start] not in _OPENING:
        return _end_of(_SCALAR, text, start)
    end, levels = start + 1, 1
    while levels:
        end = _end_of(_TO_BRACKET, text, end)
        levels += 1 if text[end - 1] in _OPENING else -1
    return end


def _end_of(pattern: re.Pattern[bytes], text: Body, start: int) -> int:
    found = pattern.match(text, start)
    if found is None:
        raise ValueError("this is no JSON")
    return found.end()
