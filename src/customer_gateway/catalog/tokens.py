"""The tokens of a record: what a search looks for, one kind of token a letter.

| token | of | searched by |
| --- | --- | --- |
| `w…` | a word, or a part of one, of any text below; of an e-mail its local part and domain | `search`, beginning |
| `x…` | the whole number, VAT number, phone or e-mail, without blanks and signs | `search`, whole |
| `s…` `k…` `t…` `c…` `b…` | system, kind, status, country, whether it is a supplier | `filter`, whole |
| `n…` `u…` `e…` `p…` | name, number, e-mail, phone | `filter`, whole or beginning |
| `v…` `o…` `y…` | VAT number, register number, city | `filter`, whole or beginning |

A token holds letters and digits alone (a system's name also `_`), so that both databases take it as one.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.catalog.folding import compact, digits, fold, parts, spellings, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.model.catalog import Values

MOST_CHARACTERS: Final = 60
"""Of a token; what is longer is cut, in rows and in questions alike."""
WORD: Final = "w"
WHOLE: Final = "x"
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
_SEARCHED_WHOLE: Final = ("number", "vat_number", "email")
_IN_WORDS: Final = ("name", "number", "email", "vat_number", "organization_number", "city")


def tokens_of(system: str, values: Values) -> Sequence[str]:
    """Return the tokens of a record, each once, in a fixed order."""
    found: dict[str, None] = {SYSTEM + system: None}
    for name, letter in FLAGS.items():
        if (value := values.get(name)) is not None:
            found[letter + flag_text(value)] = None
    for name, letter in TEXTS.items():
        for each in texts_of(name, values.get(name)):
            found[cut(letter + compact(each))] = None
    for name in _IN_WORDS:
        if text := values.get(name):
            found.update((cut(WORD + each), None) for each in _words_of(name, text))
    for each in _whole(values):
        found[cut(WHOLE + each)] = None
    if phone := digits(values.get("phone") or ""):
        found[cut(WORD + phone)] = None
    return list(found)


def texts_of(name: str, value: str | None) -> Sequence[str]:
    """Return what a filter on the field compares: the folded spellings of the text, a phone's digits, a compact VAT."""
    if not value:
        return ()
    if name == "phone":
        return (digits(value),) if digits(value) else ()
    if name == "vat_number":
        return (compact(fold(value)),)
    return spellings(value)


def flag_text(value: Any) -> str:
    """Return an enum's value, a country's code or a truth as a token has it."""
    if isinstance(value, bool):
        return str(int(value))
    return compact(fold(str(value.value if isinstance(value, Enum) else value)))


def cut(token: str) -> str:
    return token[:MOST_CHARACTERS]


def whole_terms(text: str) -> Iterable[str]:
    """Return the tokens of whole values that a search may mean: the text without blanks and signs, and its digits."""
    found = dict.fromkeys(compact(each) for each in spellings(text))
    if not any(each.isalpha() for each in text):
        found[digits(text)] = None
    return [cut(WHOLE + each) for each in found if each]


def _whole(values: Values) -> Iterable[str]:
    for name in _SEARCHED_WHOLE:
        if text := values.get(name):
            yield from filter(None, map(compact, spellings(text)))
    if phone := digits(values.get("phone") or ""):
        yield phone


def _words_of(name: str, text: str) -> Iterable[str]:
    for word in words(text):
        pieces = [word, *parts(word)]
        if name == "email":
            local, _, domain = word.rpartition("@")
            pieces += [local, domain]
        for each in dict.fromkeys(pieces):
            yield from filter(None, map(compact, spellings(each)))
