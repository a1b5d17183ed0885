"""Rows of the index: sort keys that both databases order alike, and values that come back as they were."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from catalog.generated import odd_texts
from hypothesis import assume, given
from hypothesis import strategies as st

from customer_gateway.catalog.rows import (
    MOST_BYTES_OF_A_SORT_KEY,
    decode_values,
    encode_values,
    natural_key,
    row_of,
    sort_key,
)
from customer_gateway.catalog.tokens import filter_token, is_cut, texts_of
from customer_gateway.model.catalog import SHOWN_FIELDS
from customer_gateway.model.ids import RecordRef, encode_id
from customer_gateway.model.value_objects import AddressKind, CustomerKind, CustomerStatus

if TYPE_CHECKING:
    from catalog.generated import NormalForm

VALUES: dict[str, Any] = {
    "number": "K-007",
    "name": "Müller & Söhne",
    "kind": CustomerKind.COMPANY,
    "status": CustomerStatus.ACTIVE,
    "email": "info@example.com",
    "phone": "+49 30 12",
    "vat_number": "DE123456789",
    "organization_number": None,
    "country_code": "DE",
    "city": "Köln",
    "is_supplier": False,
    "created_at": datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    "updated_at": None,
    "address_kind": AddressKind.BILLING,
}


def test_values_come_back_as_they_were() -> None:
    assert VALUES.keys() == set(SHOWN_FIELDS)
    assert decode_values(encode_values(VALUES)) == VALUES


def test_what_is_not_known_is_not_told() -> None:
    assert decode_values(encode_values({"name": None, "city": "Oslo"})) == {"name": None, "city": "Oslo"}


def test_a_row_has_the_id_that_the_record_has_as_a_customer() -> None:
    assert row_of(RecordRef("alpha", "7"), VALUES).customer == encode_id("Customer", "alpha", "7")


def test_numbers_are_ordered_as_numbers() -> None:
    texts = ["10", "9", "K-2", "K-10", "2a", "10a", "0"]

    assert sorted(texts, key=lambda text: natural_key(text) or "") == ["0", "2a", "9", "10", "10a", "K-2", "K-10"]


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_the_order_of_natural_keys_is_that_of_the_numbers(one: int, other: int) -> None:
    left, right = (natural_key(str(each)) or "" for each in (one, other))

    assert (left < right) == (one < other)


@given(st.text())
def test_a_sort_key_is_short_has_no_blank_at_its_ends_and_no_zero_character(text: str) -> None:
    key = sort_key(text)

    assert key is None or (len(key.encode()) <= MOST_BYTES_OF_A_SORT_KEY and "\0" not in key)
    assert natural_key(text) is None or len((natural_key(text) or "").encode()) <= MOST_BYTES_OF_A_SORT_KEY


@given(st.dictionaries(st.sampled_from(["name", "number", "email", "phone", "vat_number", "city"]), st.text()))
def test_whatever_a_vendor_sends_makes_a_row_of_clean_text(values: dict[str, str]) -> None:
    row = row_of(RecordRef("alpha", "1"), values)

    for text in (row.tokens, row.values, *(each or "" for each in row.texts)):
        text.encode()  # both databases store it: no half character
        assert "\0" not in text
    assert all(token.replace("_", "").isalnum() for token in row.tokens.split())


@given(odd_texts(), st.sampled_from(["name", "number", "email", "vat_number", "organization_number", "city"]))
def test_a_text_gives_the_same_row_composed_and_decomposed(text: str, name: str) -> None:
    one, other = (row_of(RecordRef("alpha", "1"), {name: normalize(form, text)}) for form in ("NFC", "NFD"))

    assert sorted(one.tokens.split()) == sorted(other.tokens.split())
    assert (one.texts, one.name_key, one.number_key) == (other.texts, other.name_key, other.number_key)


@given(odd_texts(), st.sampled_from(["NFKC", "NFKD"]))
def test_a_text_is_filtered_and_ordered_as_its_plain_form(text: str, form: NormalForm) -> None:
    one, other = (row_of(RecordRef("alpha", "1"), {"name": each}) for each in (text, normalize(form, text)))

    assert (one.texts, one.name_key) == (other.texts, other.name_key)


@given(st.text(max_size=20), st.text(max_size=20))
def test_only_equal_texts_have_the_same_token_and_only_beginnings_begin_it(one: str, other: str) -> None:
    (left, *_), (right, *_) = (texts_of("city", f"a{each}") for each in (one, other))
    tokens = filter_token("y", left), filter_token("y", right)

    assume(not any(map(is_cut, tokens)))
    assert (tokens[0] == tokens[1]) == (left == right)
    assert tokens[1].startswith(tokens[0]) == right.startswith(left)
