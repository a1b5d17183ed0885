"""What a caller asks of the index: search, filter and order, made into conditions on rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from customer_gateway.catalog.folding import all_digits, compact, spellings, words
from customer_gateway.catalog.rows import microseconds
from customer_gateway.catalog.tokens import (
    DIALLED,
    FLAGS,
    TEXTS,
    WORD,
    cut,
    dialled_number,
    filter_token,
    flag_text,
    is_cut,
    texts_of,
    whole_terms,
)
from customer_gateway.documents.structs import graphql_name
from customer_gateway.errors import BadUserInput
from customer_gateway.model.catalog import ColumnCheck, Conditions, Order, Search, Term

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.model.catalog import Comparison
    from customer_gateway.model.value_objects import CustomerKind, CustomerStatus

MOST_TEXT_CHARACTERS: Final = 200
"""Of a search, and of a text of a filter."""
MOST_WORDS: Final = 10
"""Of a search; each is a condition of its own."""
MOST_TEXTS: Final = 100
"""In the list of a filter."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """What a text has to be: all that is given must hold; None is not given."""

    eq: str | None = None
    any_of: Sequence[str] | None = None
    contains: str | None = None
    starts_with: str | None = None


@dataclass(frozen=True, slots=True)
class MomentFilter:
    """Between which moments, both excluded."""

    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a customer has to be. Nothing matches a value that is not known."""

    status: Sequence[CustomerStatus] | None = None
    kind: Sequence[CustomerKind] | None = None
    country_code: Sequence[str] | None = None
    is_supplier: bool | None = None
    texts: Mapping[str, TextFilter] = field(default_factory=dict[str, TextFilter])
    created_at: MomentFilter | None = None
    updated_at: MomentFilter | None = None

    @property
    def names(self) -> Sequence[str]:
        """Return the fields that are asked about, by model names; an empty filter asks about none."""
        flags = [name for name in FLAGS if getattr(self, name) is not None]
        moments = {"created_at": self.created_at, "updated_at": self.updated_at}
        between = [name for name, each in moments.items() if each not in {None, MomentFilter()}]
        return [*flags, *between, *(name for name, each in self.texts.items() if each != TextFilter())]


@dataclass(frozen=True, slots=True)
class Question:
    """One question; without an `order` a search gives whole matches first, then all by name."""

    search: str | None = None
    filter: Filter = field(default_factory=Filter)
    order: Order | None = None
    is_descending: bool = False


def search_of(question: Question, systems: Sequence[str]) -> Search:
    """Return what the database is asked. Raises `BadUserInput` for what is too long, or has nothing to look for."""
    filtered = _filtered(question.filter)
    ranks: Sequence[Conditions] = [filtered]
    if question.search is not None and question.search.strip():
        whole, each_word = _searched(question.search)
        if question.order is None:
            ranks = _ranked(filtered, whole, each_word)
        else:
            either = [[*whole, *clause] for clause in each_word] or [whole]
            ranks = [Conditions([*filtered.clauses, *either], (), filtered.checks)]
    return Search(systems, ranks, question.order or Order.NAME, question.is_descending)


def _ranked(filtered: Conditions, whole: Sequence[Term], each_word: Sequence[Sequence[Term]]) -> Sequence[Conditions]:
    exact = Conditions([*filtered.clauses, whole], (), filtered.checks)
    if not each_word:
        return [exact]
    return [exact, Conditions([*filtered.clauses, *each_word], whole, filtered.checks)]


def _searched(text: str) -> tuple[Sequence[Term], Sequence[Sequence[Term]]]:
    """Return the whole values that the text may be, and for each of its words the beginnings of tokens."""
    demand_length("search", text)
    found = words(text)
    if len(found) > MOST_WORDS:
        raise BadUserInput(f"search has {len(found)} words; give at most {MOST_WORDS}.")
    text = " ".join(found)
    whole = [Term(each) for each in whole_terms(text)]
    number = dialled_number(text)
    clauses = [clause for each in found if (clause := _beginnings(each, number))]
    if not whole:
        raise BadUserInput("search has neither a letter nor a digit; give at least one.")
    return whole, clauses


def _beginnings(word: str, number: str) -> list[Term]:
    """Return what a word may begin: a word, or the phone that all words together are; phones are words, too."""
    found = dict.fromkeys(letters for each in spellings(word) if (letters := compact(each)))
    terms = [Term(cut(WORD + each), is_prefix=True) for each in found]
    if found and number and number not in found:
        terms.append(Term(cut(DIALLED + number), is_prefix=True))
    return terms


def _filtered(asked: Filter) -> Conditions:
    clauses: list[Sequence[Term]] = []
    checks: list[ColumnCheck] = []
    for name, letter in FLAGS.items():
        value = getattr(asked, name)
        if value is not None:
            several = [value] if isinstance(value, bool) else value
            if len(several) > MOST_TEXTS:
                path = f"filter.{graphql_name(name)}"
                raise BadUserInput(f"{path} has {len(several)} values; give at most {MOST_TEXTS}.")
            clauses.append(list(dict.fromkeys(Term(letter + flag_text(each)) for each in several)) or [_NOTHING])
    for name, text in asked.texts.items():
        for operator, texts in _compared(name, text):
            tokens = [] if operator == "CONTAINS" else [filter_token(TEXTS[name], each) for each in texts]
            if operator != "CONTAINS":
                clauses.append([Term(each, is_prefix=operator == "BEGINS") for each in tokens] or [_NOTHING])
            if operator == "CONTAINS" or any(map(is_cut, tokens)):
                checks.append(ColumnCheck(name, operator, texts or [_IMPOSSIBLE]))
    for name in ("created_at", "updated_at"):
        checks += _moments(name, getattr(asked, name))
    return Conditions(clauses, (), checks)


_NOTHING: Final = Term("w", is_prefix=False)
"""A token that no row has: an empty list matches nothing."""
_IMPOSSIBLE: Final = "\r"
"""A text that stands in no row: line breaks are blanks there."""


def _compared(name: str, asked: TextFilter) -> Iterable[tuple[Comparison, Sequence[str]]]:
    """Yield each comparison of a filter with the folded texts, one of which has to hold."""
    comparisons: Sequence[tuple[str, Comparison, Sequence[str] | None]] = (
        ("eq", "EQUAL", None if asked.eq is None else [asked.eq]),
        ("in", "EQUAL", asked.any_of),
        ("startsWith", "BEGINS", None if asked.starts_with is None else [asked.starts_with]),
        ("contains", "CONTAINS", None if asked.contains is None else [asked.contains]),
    )
    for argument, operator, given in comparisons:
        if given is None:
            continue
        path = f"filter.{graphql_name(name)}.{argument}"
        if len(given) > MOST_TEXTS:
            raise BadUserInput(f"{path} has {len(given)} texts; give at most {MOST_TEXTS}.")
        for each in given:
            demand_length(path, each)
        read = _pieces_of_phones if name == "phone" and operator == "CONTAINS" else texts_of
        found = dict.fromkeys(folded for each in given for folded in read(name, each))
        yield operator, list(found)


def _pieces_of_phones(_name: str, text: str) -> Sequence[str]:
    """Return the digits of a piece of a phone number, as they are: zeros within one do not dial abroad."""
    return [found] if (found := all_digits(text)) else []


def _moments(name: str, asked: MomentFilter | None) -> list[ColumnCheck]:
    if asked is None:
        return []
    after = [] if asked.after is None else [ColumnCheck(name, "AFTER", [microseconds(asked.after)])]
    before = [] if asked.before is None else [ColumnCheck(name, "BEFORE", [microseconds(asked.before)])]
    return [*after, *before]


def demand_length(path: str, text: str) -> None:
    if len(text) > MOST_TEXT_CHARACTERS:
        raise BadUserInput(f"{path} has {len(text)} characters; give at most {MOST_TEXT_CHARACTERS}.")
