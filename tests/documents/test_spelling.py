"""Values are spelled as published forms say; one of another form is refused without naming it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from customer_gateway.documents.spelling import (
    Standing,
    Unwritable,
    as_text,
    country_code,
    currency,
    email,
    first_email,
    iban,
    language,
    phone,
    phone_in_parts,
    vat_number,
    whole_number,
)

if TYPE_CHECKING:
    from customer_gateway.documents.spelling import Spell


def standing(value: Any = None, region: str | None = "DE") -> Standing:
    return Standing(value, region)


@pytest.mark.parametrize(
    ("spell", "given", "written"),
    [
        (as_text, " two  words ", " two  words "),
        (vat_number, "DE 136 695 976", "DE136695976"),
        (vat_number, "USt-IdNr. DE136695976", "DE136695976"),
        (vat_number, "US 12-3456789", "US 12-3456789"),
        (iban, "de89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        (email, " Anna@Example.com ", "Anna@Example.com"),
        (phone, "0221 7654321", "0221 7654321"),
        (phone_in_parts, "0221 7654321", "+49-221-7654321"),
        (phone_in_parts, "+46 8 123 456 78", "+46-8-12345678"),
        (phone_in_parts, "+49 171 7654321", "+49-171-7654321"),
        (country_code, "se", "SE"),
        (currency, "sek", "SEK"),
        (language, "sv", "sv"),
        (whole_number, "0042", 42),
    ],
)
def test_a_value_of_its_form_is_written(spell: Spell, given: str, written: Any) -> None:
    assert spell(given, standing()) == written


@pytest.mark.parametrize(
    ("spell", "given"),
    [
        (as_text, "  "),
        (vat_number, "DE136695975"),
        (vat_number, "ATU-pending"),
        (iban, "DE89370400440532013001"),
        (email, "anna"),
        (email, "anna@example"),
        (email, "a@example.com; b@example.com"),
        (email, "Anna <anna@example.com>"),
        (phone, "ask at the desk"),
        (phone, "0777"),
        (country_code, "Sweden"),
        (country_code, "UK"),
        (currency, "euro"),
        (language, "x-klingon!"),
        (whole_number, "1.5"),
        (whole_number, "٣"),
    ],
)
def test_a_value_of_another_form_is_refused_without_naming_it(spell: Spell, given: str) -> None:
    with pytest.raises(Unwritable) as refused:
        spell(given, standing())

    assert given.strip() == "" or given not in refused.value.message


def test_a_phone_that_is_dialled_in_an_unknown_country_needs_its_prefix() -> None:
    assert phone("+49 221 7654321", standing(region=None)) == "+49 221 7654321"
    with pytest.raises(Unwritable):
        phone("0221 7654321", standing(region=None))


def test_the_first_address_of_a_field_changes_and_the_others_stay() -> None:
    assert (
        first_email("new@example.com", standing("old@example.com; b@example.com")) == "new@example.com; b@example.com"
    )
    assert first_email("new@example.com", standing("old@example.com")) == "new@example.com"
