"""Answers questions by reading every record: what the index is compared with.

It knows nothing of columns or databases: each rule is that of docs/finding.md, said over a record's values. How a text
is folded it takes from `catalog.folding`, which has tests of its own.
"""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import category, normalize

from customer_gateway.catalog.folding import fold, spellings
from customer_gateway.model.catalog import Order, RecordChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter

_SEARCHED = ("name", "number", "email", "phone", "vat_number", "organization_number", "city")
_FIELDS = {
    Order.NAME: "name",
    Order.NUMBER: "number",
    Order.CREATED_AT: "created_at",
    Order.UPDATED_AT: "updated_at",
}


class Records:
    """Records, and the tokens of each, made once for many questions."""

    def __init__(self, changes: Sequence[RecordChange]) -> None:
        self.searched = [
            _Searched(each, *(frozenset(read(each.values)) for read in (_tokens, _whole, _phones))) for each in changes
        ]


class _Searched(NamedTuple):
    """A record with its words, the texts that a whole search may be, and its phone in each way of dialling it."""

    change: RecordChange
    words: AbstractSet[str]
    whole: AbstractSet[str]
    phones: AbstractSet[str]


def answer(question: Question, records: Records, systems: Sequence[str]) -> list[tuple[str, str]]:
    """Return the system and key of every record that fits, in order."""
    ranked = [(rank, each.change) for each in records.searched if (rank := _rank(question, each, systems)) is not None]
    ranked.sort(key=cmp_to_key(lambda one, other: _compare(question, one, other)))
    return [(each.ref.system, each.ref.key) for _, each in ranked]


def _rank(question: Question, searched: _Searched, systems: Sequence[str]) -> int | None:
    change = searched.change
    if change.ref.system not in systems or not _fits(question.filter, change.values):
        return None
    if question.search is None:
        return 0
    phone = "" if any(each.isalpha() for each in question.search) else _number_of(question.search)
    is_exact = phone in searched.phones or not searched.whole.isdisjoint(_asked(question.search))
    words = [each for each in question.search.split() if any(sign.isalnum() for sign in fold(each))]
    fits = bool(words) and all(_has_word(word, searched.words) for word in words)
    fits = fits or (bool(phone) and any(each.startswith(phone) for each in searched.phones))
    if not (is_exact or fits):
        return None
    return 0 if is_exact or question.order is not None else 1


def _compare(question: Question, one: tuple[int, RecordChange], other: tuple[int, RecordChange]) -> int:
    (rank, change), (other_rank, other_change) = one, other
    sort, other_sort = _sort(question.order, change.values), _sort(question.order, other_change.values)
    for left, right in ((rank, other_rank), (sort is None, other_sort is None)):
        if left != right:
            return -1 if left < right else 1
    if sort is not None and other_sort is not None and sort != other_sort:
        return (-1 if sort < other_sort else 1) * (-1 if question.is_descending else 1)
    return -1 if change.ref < other_change.ref else 1


def _sort(order: Order | None, values: Mapping[str, Any]) -> Any:
    value = values.get(_FIELDS[order or Order.NAME])
    if not isinstance(value, str):
        return value
    folded = " ".join(fold(value).split())
    if not folded:
        return None
    if order is Order.NUMBER:
        return [_run(each) for each in re.findall(r"[0-9]+|[^0-9]+", folded)]
    return folded.encode()[:96]


def _run(text: str) -> tuple[bool, int, bytes]:
    """Runs of digits come by their number, before any letter, as their digits do."""
    return (False, int(text), b"") if text[0] in "0123456789" else (True, 0, text.encode())


def _letters(text: str) -> str:
    return "".join(each for each in text if each.isalnum())


def _asked(search: str) -> set[str]:
    """Return what whole value a search may be."""
    return {_letters(each) for each in spellings(" ".join(search.split()))} - {""}


def _whole(values: Mapping[str, Any]) -> Iterable[str]:
    for name in ("number", "vat_number", "email"):
        yield from (_letters(each) for each in spellings(values.get(name) or ""))


def _number_of(phone: str) -> str:
    """Return the digits of a phone; 00 before them is +."""
    return _digits_of(phone).removeprefix("00")


def _digits_of(phone: str) -> str:
    return "".join(each for each in phone if each in "0123456789")


def _phones(values: Mapping[str, Any]) -> Iterable[str]:
    """Yield the digits of a number in each way of dialling it, of the numbers and in the countries that are drawn."""
    phone = values.get("phone") or ""
    number = _number_of(phone)
    if number:
        yield number
    is_from_abroad = re.match(r"[^0-9]*\+", phone) is not None or phone.startswith("00")
    if number and not is_from_abroad:
        country = values.get("country_code")
        if country == "NO":
            yield "47" + number
        elif country in ("DE", "FI") and number.startswith("0") and len(number) > 1:
            yield from (("49" if country == "DE" else "358") + number[1:], number[1:])
    if is_from_abroad:
        for code in ("49", "358"):
            if number.startswith(code):
                rest = number.removeprefix(code).lstrip("0")
                yield from (code + rest, "0" + rest, rest)


def _has_word(word: str, tokens: AbstractSet[str]) -> bool:
    asked = {_letters(each) for each in spellings(word)} - {""}
    return any(token.startswith(each) for token in tokens for each in asked)


def _tokens(values: Mapping[str, Any]) -> Iterable[str]:
    for name in _SEARCHED:
        text = values.get(name) or ""
        if name == "phone":
            yield from _phones(values)
            continue
        for word in text.split():
            pieces = [word, *_between_signs(word)]
            if name == "email":
                pieces += [word.rpartition("@")[0], word.rpartition("@")[2]]
            for piece in pieces:
                yield from map(_letters, spellings(piece))


def _between_signs(word: str) -> list[str]:
    """Return the parts of a word: a mark belongs to the letter before it."""
    composed = normalize("NFC", word)
    return "".join(each if each.isalnum() or category(each)[0] == "M" else " " for each in composed).split()


def _fits(asked: Filter, values: Mapping[str, Any]) -> bool:
    flags = (("status", asked.status), ("kind", asked.kind))
    if any(wanted is not None and values.get(name) not in wanted for name, wanted in flags):
        return False
    country = values.get("country_code")
    if asked.country_code is not None and (country or "").lower() not in [each.lower() for each in asked.country_code]:
        return False
    if asked.is_supplier is not None and values.get("is_supplier") is not asked.is_supplier:
        return False
    moments = (("created_at", asked.created_at), ("updated_at", asked.updated_at))
    if not all(_is_between(values.get(name), wanted) for name, wanted in moments):
        return False
    return all(_text_fits(name, values.get(name), wanted) for name, wanted in asked.texts.items())


def _is_between(value: Any, asked: MomentFilter | None) -> bool:
    if asked is None or (asked.after is None and asked.before is None):
        return True
    if value is None:
        return False
    return (asked.after is None or value > asked.after) and (asked.before is None or value < asked.before)


def _compared(name: str, text: str) -> set[str]:
    if name == "phone":
        return {_number_of(text), _digits_of(text)} - {""}
    return ({_letters(fold(text))} if name == "vat_number" else set(spellings(text))) - {""}


def _text_fits(name: str, value: str | None, asked: TextFilter) -> bool:
    if not value:
        return False
    have = _compared(name, value)
    equal = [asked.eq] if asked.eq is not None else None
    for wanted in (equal, asked.any_of):
        if wanted is not None and not any(have & _compared(name, each) for each in wanted):
            return False
    begins, contains = asked.starts_with, asked.contains
    if name == "phone" and contains is not None:
        piece = _digits_of(contains)
        if not piece or not any(piece in digits for digits in have):
            return False
        contains = None
    if begins is not None and not any(h.startswith(w) for h in have for w in _compared(name, begins)):
        return False
    return contains is None or any(w in h for h in have for w in _compared(name, contains))
