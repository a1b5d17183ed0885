"""Places of a vendor's document that a text names: a path alone, or words of a sentence."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.structs import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from customer_gateway.documents.writing import Writes

_INDEX: Final = re.compile(r"\[\d*\]|\.\d+\b")
_PATH: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def places_named(writes: Writes, texts: Iterable[str]) -> list[str]:
    """Return the documented places that texts name, each once.

    A text names those whose path stands in it as it is spelled, else the first whose path stands in it in other case:
    many names are words of sentences, too.
    """
    return list(dict.fromkeys(place for text in texts for place in _named_by(writes, text)))


def _named_by(writes: Writes, text: str) -> list[str]:
    words = _PATH.findall(_INDEX.sub("", text))
    exact = [place for word in words if (place := _place_of(writes, word)) is not None]
    if exact:
        return exact
    by_case = {place.casefold(): place for place in reversed(_places(writes)) if "." not in place}
    return [by_case[word.casefold()] for word in words if word.casefold() in by_case][:1]


def _place_of(writes: Writes, word: str) -> str | None:
    """Return the place of a path, of its end after a prefix such as `customer.`, or of a part with calls of its own."""
    known = frozenset(_places(writes))
    paths = (word, word.partition(".")[2], *(f"{part}.{word}" for part in writes.resources if part))
    return next((path for path in paths if path in known), None)


@cache
def _places(writes: Writes) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_places_of(writes.record, ""), *writes.fields_by_place]))


def _places_of(struct: Struct, before: str) -> Iterator[str]:
    for field in struct.fields:
        yield f"{before}{field.vendor}"
        if isinstance(field.type, Struct):
            yield from _places_of(field.type, f"{before}{field.vendor}.")
