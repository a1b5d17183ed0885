"""The tokens of a record: what a search looks for, one kind of token a letter.

| token | of | searched by |
| --- | --- | --- |
| `w…` | a word, or a part of one, of any text below; of an e-mail its local part and domain | `search`, beginning |
| `x…` | the whole number, VAT number or e-mail, without blanks and signs | `search`, whole |
| `d…` | a phone in each way of dialling it | `search` without letters, whole or beginning |
| `s…` `k…` `t…` `c…` `b…` | system, kind, status, country, whether it is a supplier | `filter`, whole |
| `n…` `u…` `e…` `p…` | name, number, e-mail, phone, signs and blanks too | `filter`, whole or beginning |
| `v…` `o…` `y…` | VAT number, register number, city, likewise | `filter`, whole or beginning |

A token holds letters, digits and `_` alone, so that both databases take it as one: a sign or a blank of the last two
rows is written as its number in Unicode, a hyphen as `_2d_`.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.catalog.folding import (
    MOST_KEPT,
    all_digits,
    compact,
    dialled,
    digits,
    fold,
    parts,
    spellings,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.model.catalog import Values

MOST_INDEX_TOKEN_CHARACTERS: Final = 60
"""Of a token; what is longer is cut, in rows and in questions alike."""
WORD: Final = "w"
WHOLE: Final = "x"
DIALLED: Final = "d"
SYSTEM: Final = "s"
FLAGS: Final[Mapping[str, str]] = {"kind": "k", "status": "t", "country_code": "c", "is_supplier": "b"}
TEXTS: Final[Mapping[str, str]] = {
    "name": "n",
    "number": "u",
    "email": "e",
    "phone": "p",
    "vat_number": "v",
    "organization_number": "o",
    "city": "y",
}
_BREAKS: Final = re.compile(r"[\0\n\r]")
_SEARCHED_WHOLE: Final = ("number", "vat_number", "email")
_IN_WORDS: Final = ("name", "number", "email", "vat_number", "organization_number", "city")


def tokens_of(system: str, values: Values) -> Sequence[str]:
    """Return the tokens of a record, each once, in a fixed order."""
    found: dict[str, None] = {SYSTEM + system: None}
    for name, letter in FLAGS.items():
        if (value := values.get(name)) is not None and (flag := flag_text(value)):
            found[letter + flag] = None
    for name, letter in TEXTS.items():
        for each in texts_of(name, values.get(name)):
            found[filter_token(letter, each)] = None
    for name in _IN_WORDS:
        for word in words(values.get(name) or ""):
            found.update(_tokens_of_email(word) if name == "email" else _tokens_of_word(word))
    for each in _whole(values):
        found[cut(WHOLE + each)] = None
    for each in dialled(values.get("phone") or "", values.get("country_code")):
        found[cut(WORD + each)] = None
        found[cut(DIALLED + each)] = None
    return list(found)


@lru_cache(MOST_KEPT)
def texts_of(name: str, value: str | None) -> Sequence[str]:
    """Return what a filter on the field compares: the folded spellings of the text, a phone's digits, a compact VAT.

    A phone that begins with the zeros that dial abroad is compared with and without them. Each is one line that both
    databases can store.
    """
    if not value:
        return ()
    if name == "phone":
        return tuple(filter(None, dict.fromkeys((digits(value), all_digits(value)))))
    if name == "vat_number":
        return tuple(filter(None, (compact(fold(value)),)))
    return tuple(filter(None, dict.fromkeys(map(_line_of, spellings(value)))))


def filter_token(letter: str, text: str) -> str:
    """Return the token of a whole text, signs and blanks too: no other text has it, unless it had to be cut."""
    return cut(letter + (text if text.isalnum() else text.translate(_WRITTEN)))


class _Written(dict[int, str]):
    """How a token has a character, by its number in Unicode."""

    def __missing__(self, number: int) -> str:
        written = chr(number) if chr(number).isalnum() else f"_{number:x}_"
        self[number] = written
        return written


_WRITTEN: Final = _Written()


def _line_of(text: str) -> str:
    return text if text.isprintable() else _BREAKS.sub(" ", text).encode("utf-8", "replace").decode()


@lru_cache(MOST_KEPT)
def flag_text(value: Any) -> str:
    """Return an enum's value, a country's code or a truth as a token has it."""
    if isinstance(value, bool):
        return str(int(value))
    return compact(fold(str(value.value if isinstance(value, Enum) else value)))


def cut(token: str) -> str:
    return token[:MOST_INDEX_TOKEN_CHARACTERS]


def is_cut(token: str) -> bool:
    """Return whether other texts may have the token, too."""
    return len(token) == MOST_INDEX_TOKEN_CHARACTERS


def whole_terms(text: str) -> Iterable[str]:
    """Return the tokens of whole values that a search may mean: the text without blanks and signs, or a phone."""
    found = dict.fromkeys(cut(WHOLE + letters) for each in spellings(text) if (letters := compact(each)))
    if number := dialled_number(text):
        found[cut(DIALLED + number)] = None
    return list(found)


def dialled_number(text: str) -> str:
    """Return the phone, or its beginning, that a text may be; nothing of a text that has letters.

    `00` is left out as `+` is, which makes no sense of other numbers: so phones have a token of their own.
    """
    return "" if any(each.isalpha() for each in text) else digits(text)


def _whole(values: Values) -> Iterable[str]:
    for name in _SEARCHED_WHOLE:
        if text := values.get(name):
            yield from filter(None, map(compact, spellings(text)))


@lru_cache(MOST_KEPT)
def _tokens_of_word(word: str) -> dict[str, None]:
    """Return the tokens of a word, and of what stands between its signs."""
    return _tokens_of_pieces([word, *parts(word)])


def _tokens_of_email(word: str) -> dict[str, None]:
    """Return the tokens of a word of an e-mail, its local part and its domain too."""
    local, _, domain = word.rpartition("@")
    return _tokens_of_pieces([word]) | _tokens_of_word(local) | _tokens_of_word(domain)


def _tokens_of_pieces(pieces: Iterable[str]) -> dict[str, None]:
    found: dict[str, None] = {}
    for each in pieces:
        for spelling in spellings(each):
            if letters := compact(spelling):
                found[cut(WORD + letters)] = None
    return found
