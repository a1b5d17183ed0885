"""Fold texts for comparison, once, in Python: neither database is asked to know a language.

NFKD, without combining marks, case folded, and a table for letters that do not decompose. German, Danish, Norwegian
and Swedish vowels have two spellings, ü u and ue: a text is indexed and searched in both. Whether a text is composed
(NFC) or decomposed (NFD) makes no difference.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, country_code_for_region, ndd_prefix_for_region

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_KEPT: Final = 512
"""Texts whose folding is kept: more would be little faster, and stand between the memory that requests use."""
_PLAIN: Final = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "\u0131": "i", "ð": "d", "þ": "th"})
_EXPANDED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "æ": "ae", "ø": "oe"})
_CONTRACTED: Final = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "å": "a", "æ": "a", "ø": "o"})
_DIGRAPHS: Final = ("ae", "oe", "ue", "aa")
_DIGRAPH: Final = re.compile(rf"(?:{'|'.join(_DIGRAPHS)})(?=.)")
"""Two letters that may spell one vowel, unless the text ends with them: `mue` may go on as `muell`."""
_SIGNS: Final = re.compile(r"[\W_]+")
_COUNTRY_CODES: Final = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))
_NO_DIGITS: Final = re.compile(r"\D+")
_PLUS: Final = re.compile(r"[^\d+]*\+")
"""Before the first digit, as in `(+49) 40`."""


def fold(text: str) -> str:
    """Return the text without case and marks: `Łódź` is `lodz`, `Müller` is `muller`."""
    if text.isascii():
        return text.lower()
    return _without_marks(_composed(text).translate(_CONTRACTED))


def _composed(text: str) -> str:
    """Return the text without case, its letters with their marks: first NFKC, for a bold M has no case of its own."""
    return unicodedata.normalize("NFKC", text).casefold()


def _without_marks(text: str) -> str:
    """Decompose the text and drop what combines; each of the two steps may make letters for the other."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    if decomposed.isascii():
        return decomposed
    return "".join(each for each in decomposed if not unicodedata.combining(each)).translate(_PLAIN).casefold()


@lru_cache(MOST_KEPT)
def spellings(text: str) -> Sequence[str]:
    """Return the folded spellings of a text, each once: `Müller` is `muller` and `mueller`, and so is `Mueller`."""
    plain = fold(text)
    if text.isascii() and not any(each in plain for each in _DIGRAPHS):
        return (plain,)
    found = {plain: None}
    if not text.isascii():
        composed = _composed(text)
        if (expanded := composed.translate(_EXPANDED)) != composed:
            found[_without_marks(expanded)] = None
    found[_DIGRAPH.sub(_first_letter, plain)] = None
    return tuple(found)


def _first_letter(digraph: re.Match[str]) -> str:
    return digraph.group()[0]


def compact(folded: str) -> str:
    """Return the letters and digits of a folded text: what a token is made of."""
    return folded if folded.isalnum() else _SIGNS.sub("", folded)


def words(text: str) -> list[str]:
    """Return the words of a text, between blanks."""
    return text.split()


def parts(word: str) -> list[str]:
    """Return what stands between the signs of a word: `Müller-Lüdenscheidt` has two parts; a mark is no sign."""
    if word.isalnum():
        return [word]
    return _SIGNS.sub(_blank_but_marks, unicodedata.normalize("NFC", word)).split()


def _blank_but_marks(signs: re.Match[str]) -> str:
    """Return the marks among what are no letters: those that belong to the letter before them."""
    found = signs.group()
    if found.isascii():
        return " "
    return "".join(each if unicodedata.category(each).startswith("M") else " " for each in found)


def digits(text: str) -> str:
    """Return the digits of a phone number, without the zeros that dial abroad."""
    return all_digits(text).removeprefix("00")


def dialled(text: str, country: str | None = None) -> Sequence[str]:
    """Return the digits of a phone number in each way that it may be dialled.

    `+49 (0)40 361` is `49040361` as written, `4940361` from abroad, and within the country `040361`, in others `40361`.
    A number that does not say its country is one of the customer's (ISO 3166-1 alpha-2); where that is not known, or it
    lacks what is dialled before others there, it is as written alone.
    """
    written = digits(text)
    if not _PLUS.match(text) and written == all_digits(text):
        return _dialled_within(written, country)
    for length in (1, 2, 3):
        code, rest = written[:length], written[length:].lstrip("0")
        if code in _COUNTRY_CODES and rest:  # no code begins with another
            return tuple(dict.fromkeys((written, code + rest, f"0{rest}", rest)))
    return (written,) if written else ()


def _dialled_within(written: str, country: str | None) -> Sequence[str]:
    """Return the digits of a number of a country in each way that it may be dialled; as written where it is unknown."""
    if not written or (found := _code_and_prefix(country)) is None:
        return (written,) if written else ()
    code, prefix = found
    if prefix.startswith("0") and not written.startswith(prefix):
        return (written,)  # without an area code
    rest = written.removeprefix(prefix)
    return tuple(dict.fromkeys((written, code + rest, rest))) if rest else (written,)


@cache
def _code_and_prefix(country: str | None) -> tuple[str, str] | None:
    """Return the code of a country, and the digits that are dialled within it before a number; None for no country."""
    if country is None or not (code := country_code_for_region(country)):
        return None
    return str(code), ndd_prefix_for_region(country, strip_non_digits=True) or ""


def all_digits(text: str) -> str:
    """Return the digits of a piece of a phone number."""
    found = _NO_DIGITS.sub("", text)
    if not found.isascii():
        found = "".join(str(unicodedata.decimal(each)) for each in found)
    return found
