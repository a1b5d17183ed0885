"""JSON text of whatever scalars give: by orjson where it can, by hand where nothing else can."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping


class JsonText(bytes):
    """JSON that is written into an answer as it is. It is not checked: it has to be one JSON value."""

    __slots__ = ()


MOST_LEVELS: Final = 10_000
"""What nests deeper is taken for an object that holds itself."""


def encoded(document: Mapping[str, Any]) -> bytes:
    """Return the document as UTF-8 JSON; a number that JSON has not is null.

    Raises TypeError on what JSON cannot say, ValueError on what Python cannot: an integer of thousands of digits, a key
    that is not finite.
    """
    try:
        return orjson.dumps(document, _as_it_is)
    except TypeError:
        # orjson refuses lone surrogates, integers above 64 bits, keys that are no strings, and more than 254 levels.
        return _encoded_at_length(document)


def _encoded_at_length(document: Mapping[str, Any]) -> bytes:
    """Encode as orjson would, with what it refuses."""
    try:
        return _JSON.encode(document).encode()
    except (ValueError, RecursionError):
        return _written(document).encode()


def _as_it_is(value: object) -> orjson.Fragment:
    if isinstance(value, JsonText):
        return orjson.Fragment(value)
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")


def _as_orjson(value: object) -> Any:
    """Return what orjson has words for and Python's own encoder has not: dates, identifiers, members of enums."""
    if isinstance(value, JsonText):
        raise ValueError("text that only `_written` can put in as it is")  # noqa: TRY004 - the encoder's own word
    return orjson.loads(orjson.dumps(value))


_JSON: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_as_orjson)


class _Placeholder(NamedTuple):
    """Text that stands between values; `close` where it ends a container."""

    text: str
    close: bool = False


def _written(document: object) -> str:
    """Encode as `_JSON`, with null for numbers that are not finite, and without a stack that levels could exhaust."""
    written: list[str] = []
    waiting: list[Any] = [document]
    levels = 0
    while waiting:
        value = waiting.pop()
        if type(value) is _Placeholder:
            written.append(value.text)
            levels -= value.close
        elif isinstance(value, (dict, list, tuple)):
            waiting += reversed(_parts(value))
            levels += 1
            if levels > MOST_LEVELS:
                raise TypeError(f"A value nests more than {MOST_LEVELS} levels deep, or holds itself")
        else:
            written.append(_leaf(value))
    return "".join(written)


def _leaf(value: object) -> str:
    if isinstance(value, JsonText):
        return value.decode()
    return "null" if isinstance(value, float) and not isfinite(value) else _JSON.encode(value)


def _parts(container: dict[Any, Any] | list[Any] | tuple[Any, ...]) -> list[Any]:
    """Return the container's values with the marks between them."""
    opening, closing = "{}" if isinstance(container, dict) else "[]"
    parts: list[Any] = []
    if isinstance(container, dict):
        for key, value in container.items():
            # Python's encoder alone knows what becomes of a key that is no string.
            parts += _Placeholder(","), _Placeholder(_JSON.encode({key: 0})[1:-2]), value
    else:
        for value in container:
            parts += _Placeholder(","), value
    return [_Placeholder(opening), *parts[1:], _Placeholder(closing, close=True)]
