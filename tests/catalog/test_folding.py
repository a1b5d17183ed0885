"""How texts are folded: without case, marks and signs, in both spellings of a vowel."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

import pytest
from catalog.generated import odd_texts
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.catalog.folding import compact, dialled, digits, fold, parts, spellings

if TYPE_CHECKING:
    from catalog.generated import NormalForm


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("Łódź", "lodz"),
        ("Bjørn", "bjorn"),
        ("Strauß", "strauss"),
        ("ÆGIR", "agir"),
        ("Đorđe", "dorde"),
        ("DI\u0307YARBAKIR", "diyarbakir"),
        ("Mu\u0308ller", "muller"),
        ("ﬁrma ①", "firma 1"),
        ("\U0001d40cüller ᴭ", "muller a"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
    ],
)
def test_a_text_is_folded_without_case_and_marks(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize("one", ["Müller", "Mueller", "Muller", "MÜLLER"])
@pytest.mark.parametrize("other", ["Müller", "Mueller", "Muller", "mu\u0308ller"])
def test_the_spellings_of_a_vowel_find_each_other(one: str, other: str) -> None:
    assert set(spellings(one)) & set(spellings(other))


def test_other_spellings_of_the_north_find_each_other_too() -> None:
    for one, other in (("Åbo", "Aabo"), ("Jørgen", "Joergen"), ("Kærgaard", "Kaergaard")):
        assert set(spellings(one)) & set(spellings(other)), one


def test_two_letters_at_the_end_may_be_the_beginning_of_something_else() -> None:
    assert spellings("mue") == ("mue",)
    assert spellings("muel") == ("muel", "mul")


def test_signs_part_a_word_and_are_no_part_of_a_token() -> None:
    assert parts("Müller-Lüdenscheidt") == ["Müller", "Lüdenscheidt"]
    assert parts("Mu\u0308ller-Lu\u0308denscheidt") == ["Müller", "Lüdenscheidt"]
    assert compact("o'neill & co._kg") == "oneillcokg"


def test_a_mark_is_no_sign_where_no_letter_has_it_either() -> None:
    assert parts("x\u0304y-हिन्दी") == ["x\u0304y", "हिन्दी"]


def test_a_phone_is_its_digits_without_the_zeros_that_dial_abroad() -> None:
    assert digits("0049 (30) 12-34") == digits("+49 30 1234") == "49301234"
    assert digits("030/1234") == "0301234"
    assert digits("٣٠") == "30"


def test_a_phone_with_a_country_is_what_is_dialled_from_abroad_and_there() -> None:
    assert dialled("+49 30 1234") == ("49301234", "0301234", "301234")
    assert dialled("0049 (0)30 12-34") == ("490301234", "49301234", "0301234", "301234")
    assert dialled("+45 33 12 34 56") == ("4533123456", "033123456", "33123456")
    assert dialled("+358 9 12")[-1] == "912"
    assert dialled("(+49) 30 12") == dialled("Tel. +49 30 12") == dialled("(0049) 30 12") == dialled("+49 30 12")
    assert dialled("30 + 12", "DE") == ("3012",)
    assert [dialled(each) for each in ("030/1234", "49 30 1234", "+49", "+", "")] == [
        ("0301234",),
        ("49301234",),
        ("49",),
        (),
        (),
    ]


@pytest.mark.parametrize(
    ("phone", "country", "found"),
    [
        ("0341 12-34", "DE", ("03411234", "493411234", "3411234")),
        ("12-34", "DE", ("1234",)),  # a number of an unknown area
        ("33 12 34 56", "DK", ("33123456", "4533123456")),
        ("06 1234", "IT", ("061234", "39061234")),
        ("1 212 555", "US", ("1212555", "212555")),
        ("212 555", "US", ("212555", "1212555")),
        ("0", "DE", ("0",)),
        ("0341 1234", "XX", ("03411234",)),
        ("+45 341", "DE", ("45341", "0341", "341")),
    ],
)
def test_a_phone_without_a_country_is_one_of_the_customer_s(phone: str, country: str, found: tuple[str, ...]) -> None:
    assert dialled(phone, country) == found


@given(odd_texts())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(odd_texts(), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_text_is_folded_alike_in_each_normal_form(text: str, form: NormalForm) -> None:
    other = normalize(form, text)

    assert (fold(other), spellings(other)) == (fold(text), spellings(text))


@given(st.text())
def test_a_text_and_its_capitals_fold_alike(text: str) -> None:
    assert fold(text.upper().lower()) == fold(text.lower().upper().lower())


@given(st.text())
def test_a_token_has_letters_and_digits_alone(text: str) -> None:
    assert all(each.isalnum() for spelling in spellings(text) for each in compact(spelling))
