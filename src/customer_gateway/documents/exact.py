"""Decode a document so that it can be sent back equal: numbers as exact decimals, no member lost.

Readers decode to doubles, keep the last of two members of one name, and put U+FFFD where half a character was. A
document that is written back whole may do none of this: here `1.10` stays `1.10`, and what cannot be sent back as it
came is refused.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.values import Body

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_BOM: Final = b"\xef\xbb\xbf"
_DIGITS_OF_AN_INTEGER: Final = 18  # Python's integers of more digits cost time that grows with their square
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class NotExact(Exception):
    """The document cannot be sent back as it came: says why, and names no value of it."""


def decode(body: Body) -> Any:
    """Return the document: fractions and long integers are `Decimal`s, objects keep the order of their members.

    Raises `NotExact` for a member that stands twice, half a character, U+FFFD, NaN, infinities, more levels than can
    be followed, and anything that is no JSON in UTF-8.
    """
    try:
        text = bytes(body).removeprefix(_BOM).decode()
        document = json.loads(
            text,
            parse_float=Decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise NotExact("it has more levels than can be followed") from None
    except UnicodeDecodeError:
        raise NotExact("it is not in UTF-8") from None
    except json.JSONDecodeError:
        raise NotExact("it is not JSON") from None
    if REPLACEMENT in text or ("\\u" in text and not _whole_characters(document)):
        raise NotExact("a character of it was lost before it came here (U+FFFD, or half a character)")
    return document


def encode(document: Any) -> bytes:
    """Return the document as JSON in UTF-8; a `Decimal` is a number with all of its digits."""
    return _ENCODER.encode(document)


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) != len(members):
        raise NotExact("an object of it has two members of one name")
    return document


def _integer(digits: str) -> int | Decimal:
    return Decimal(digits) if len(digits) > _DIGITS_OF_AN_INTEGER or digits == "-0" else int(digits)


def _no_constant(name: str) -> Any:
    raise NotExact(f"it holds {name}, which is no JSON")


def _whole_characters(document: Any) -> bool:
    """Return whether every text of a document can be encoded, and none has U+FFFD as an escape."""
    try:
        return REPLACEMENT not in encode(document).decode()
    except UnicodeEncodeError:
        return False
