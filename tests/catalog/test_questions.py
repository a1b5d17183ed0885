"""What is asked is bounded, and what has nothing to look for is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

import pytest
from catalog.generated import odd_texts
from hypothesis import assume, given
from hypothesis import strategies as st

from customer_gateway.catalog.folding import fold
from customer_gateway.catalog.questions import (
    MOST_TEXT_CHARACTERS,
    MOST_TEXTS,
    MOST_WORDS,
    Filter,
    Question,
    TextFilter,
    search_of,
)
from customer_gateway.errors import BadUserInput
from customer_gateway.model.catalog import Term
from customer_gateway.model.value_objects import CustomerKind, CustomerStatus

if TYPE_CHECKING:
    from catalog.generated import NormalForm


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (Question(search="a" * (MOST_TEXT_CHARACTERS + 1)), f"at most {MOST_TEXT_CHARACTERS}"),
        (Question(search=" ".join(["a"] * (MOST_WORDS + 1))), f"at most {MOST_WORDS}"),
        (Question(search="&%"), "neither a letter nor a digit"),
        (
            Question(filter=Filter(texts={"name": TextFilter(any_of=["a"] * (MOST_TEXTS + 1))})),
            f"at most {MOST_TEXTS}",
        ),
        (
            Question(filter=Filter(texts={"name": TextFilter(contains="a" * (MOST_TEXT_CHARACTERS + 1))})),
            "filter.name.contains has",
        ),
        (Question(filter=Filter(country_code=["DE"] * 101)), "filter.countryCode has 101 values"),
        (Question(filter=Filter(status=[CustomerStatus.ACTIVE] * 101)), "filter.status has 101 values"),
        (Question(filter=Filter(texts={"vat_number": TextFilter(any_of=["a"] * 101)})), "filter.vatNumber.in has 101"),
    ],
)
def test_what_is_too_much_or_too_little_is_refused(question: Question, said: str) -> None:
    with pytest.raises(BadUserInput, match=said):
        search_of(question, ["alpha"])


def test_what_is_given_twice_is_asked_for_once() -> None:
    twice = Question(filter=Filter(country_code=["DE", "DE", "SE"], kind=[CustomerKind.PERSON] * 3))
    once = Question(filter=Filter(country_code=["DE", "SE"], kind=[CustomerKind.PERSON]))

    assert search_of(twice, ["alpha"]) == search_of(once, ["alpha"])


def test_a_blank_search_is_none() -> None:
    assert search_of(Question(search="  "), ["alpha"]) == search_of(Question(), ["alpha"])


@given(odd_texts(), st.sampled_from(["NFC", "NFD"]))
def test_a_question_composed_and_decomposed_is_the_same(text: str, form: NormalForm) -> None:
    other = normalize(form, text)
    asked = [TextFilter(eq=each, any_of=[each], contains=each, starts_with=each) for each in (text, other)]

    one, same = (search_of(Question(filter=Filter(texts={"name": each, "city": each})), ["alpha"]) for each in asked)
    assert one == same
    assume(any(each.isalnum() for each in fold(text)))
    assert search_of(Question(text), ["alpha"]) == search_of(Question(other), ["alpha"])


def test_whole_values_come_before_words_unless_an_order_is_asked_for() -> None:
    exact, words = search_of(Question(search="K-7 Anna"), ["alpha"]).ranks

    assert exact.clauses == [[Term("xk7anna")]]
    assert words.clauses == [[Term("wk7", is_prefix=True)], [Term("wanna", is_prefix=True)]]
    assert words.without == [Term("xk7anna")]
