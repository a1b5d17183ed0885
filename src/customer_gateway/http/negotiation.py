"""Negotiate media types: which one the client wants back, and whether it sent the one that is read here."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import Final

NAMED: Final = 2
"""How exact a range is that has no wildcard."""

QUALITY: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


class Media(Enum):
    """List what the endpoint can answer with."""

    GRAPHQL = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"

    __hash__ = object.__hash__  # each is there once; Enum's own hashes the name, in Python, for every answer

    @property
    def content_type(self) -> bytes:
        """Return the value of the Content-Type header."""
        return f"{self.value}; charset=utf-8".encode()


@lru_cache(maxsize=256)
def preferred(accept: bytes | None, *, page: bool) -> Media | None:
    """Return the media type to answer with, None where none is acceptable (406).

    The highest quality wins, then the more exactly named one, then application/graphql-response+json. Clients that
    name neither JSON type but take anything get application/json, as those do that say nothing or send the header
    empty: they may be older than the other. `page` is whether there is a page to show; it is shown only where text/html
    is asked for by name.
    """
    if accept is None or not accept.strip():
        return Media.JSON
    ranges = _ranges(accept.decode("latin-1"))
    candidates: list[tuple[float, int, int, Media]] = []
    for media in (Media.GRAPHQL, Media.JSON):
        quality, exactness = _match(ranges, media.value)
        liked = media is Media.GRAPHQL if exactness == NAMED else media is Media.JSON
        candidates.append((quality, exactness, int(liked), media))
    quality, exactness = _match(ranges, Media.HTML.value)
    if page and exactness == NAMED:
        candidates.append((quality, exactness, 2, Media.HTML))
    best = max(candidates, key=lambda candidate: candidate[:3])
    return best[3] if best[0] > 0 else None


@lru_cache(maxsize=256)
def is_json(content_type: bytes | None) -> bool:
    """Return whether a body of this Content-Type is JSON in UTF-8."""
    if content_type is None:
        return False
    media, *parameters = (part.strip().lower() for part in content_type.decode("latin-1").split(";"))
    charsets = [value.strip('" ') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"]
    return media == Media.JSON.value and all(charset in {"utf-8", "utf8"} for charset in charsets)


def _ranges(accept: str) -> dict[str, float]:
    """Return the quality of each media range; one whose quality cannot be read counts as not listed."""
    ranges: dict[str, float] = {}
    for item in accept.split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
        if QUALITY.fullmatch(quality):
            ranges[media] = float(quality)
    return ranges


def _match(ranges: dict[str, float], media: str) -> tuple[float, int]:
    """Return the quality of `media` by the most exact range that covers it, and how exact that is: 0 to NAMED."""
    patterns = ("*/*", f"{media.partition('/')[0]}/*", media)
    for exactness in (NAMED, 1, 0):
        if patterns[exactness] in ranges:
            return ranges[patterns[exactness]], exactness
    return 0.0, 0
