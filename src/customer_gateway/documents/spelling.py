"""Spell values as vendors write them; a value that is not of its published form is refused.

Each `Spell` takes what a client gave, and the place that it is written to as it stands now.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import phonenumbers
from stdnum import iban as iban_number
from stdnum.eu.vat import MEMBER_STATES
from stdnum.exceptions import ValidationError

from customer_gateway.documents import countries, forms
from customer_gateway.model.changes import RefusalCode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


E = TypeVar("E", bound=Enum)

_VAT_COUNTRIES = frozenset({*(state.upper() for state in MEMBER_STATES), "EL", "GB", "NO", "CH", "XI"})


class Unwritable(Exception):
    """The value cannot be written: why, in a sentence that names no value."""

    def __init__(self, message: str, code: RefusalCode = RefusalCode.INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Standing:
    """A place as it stands: its value, and the country in which phones are dialled; None where that is not known."""

    value: Any
    region: str | None


Spell: TypeAlias = "Callable[[Any, Standing], Any]"


def as_text(value: object, _standing: Standing) -> str:
    """Return a text as given; a blank one is refused, since it would be read as none."""
    text = str(value)
    if not text.strip():
        raise Unwritable("The text is blank. Give a text, or null to clear the field.")
    return text


def as_given(value: Any, _standing: Standing) -> Any:
    return value


def negated(value: bool, _standing: Standing) -> bool:  # noqa: FBT001  it is the value that is written
    return not value


def one_of(spelled: Mapping[E, Any]) -> Spell:
    """Return how the members of an enumeration are spelled; one that the vendor has not is refused."""

    def spell(value: E, _standing: Standing) -> Any:
        if value not in spelled:
            known = ", ".join(each.value for each in spelled)
            raise Unwritable(f"This system has no such value. It has {known}.")
        return spelled[value]

    return spell


def whole_number(value: object, _standing: Standing) -> int:
    """Return an integer that was given as a number or as its digits."""
    text = str(value)
    if not (text.isascii() and text.removeprefix("-").isdecimal()):
        raise Unwritable("This system's numbers are whole numbers. Give digits alone.")
    return int(text)


def email(value: object, standing: Standing) -> str:
    """Return an e-mail address."""
    text = as_text(value, standing).strip()
    if forms.email_addresses(text) != (text,) or not _is_address(text):
        raise Unwritable("It is not an e-mail address. Give one address, such as name@example.com.")
    return text


def first_email(value: object, standing: Standing) -> str:
    """Return an e-mail address in place of the first one of a field; others that stand there stay."""
    address = email(value, standing)
    present = forms.email_addresses(standing.value) if isinstance(standing.value, str) else ()
    return standing.value.replace(present[0], address, 1) if len(present) > 1 else address


def _is_address(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    return bool(name) and "." in domain.strip(".") and not any(sign.isspace() for sign in text)


def phone(value: object, standing: Standing) -> str:
    """Return a phone number as given; one that is not certain in its country is refused."""
    text = as_text(value, standing).strip()
    _e164(text, standing)
    return text


def phone_in_parts(value: object, standing: Standing) -> str:
    """Return a phone number as `+49-123-12345`: country, area, number (seed 001)."""
    number = phonenumbers.parse(_e164(as_text(value, standing), standing), None)
    national = phonenumbers.national_significant_number(number)
    area = phonenumbers.length_of_geographical_area_code(number) or phonenumbers.length_of_national_destination_code(
        number
    )
    parts = (national[:area], national[area:]) if 0 < area < len(national) else (national[:3], national[3:])
    return f"+{number.country_code}-{'-'.join(parts)}"


def _e164(text: str, standing: Standing) -> str:
    found = forms.phone_e164(text, standing.region)
    if found is None:
        raise Unwritable("It is not a phone number that is certain in its country. Give it as +49 123 456789.")
    return found


def vat_number(value: object, standing: Standing) -> str:
    """Return a VAT number in compact form; one of a country whose numbers are checked and that is wrong is refused."""
    compact = forms.vat_number(as_text(value, standing).strip())
    if compact[:2].upper() in _VAT_COUNTRIES and not forms.is_vat_number(compact):
        raise Unwritable("It is not a VAT number of its country. Check the digits.")
    return compact


def iban(value: object, standing: Standing) -> str:
    """Return an IBAN in compact form."""
    try:
        return str(iban_number.validate(as_text(value, standing)))
    except ValidationError:
        raise Unwritable("It is not an IBAN. Check the digits.") from None


def country(value: object, standing: Standing) -> str:
    """Return the ISO 3166-1 alpha-2 code of a country given by its code or name."""
    code = countries.country_code(as_text(value, standing))
    if code is None:
        raise Unwritable("It is not a country. Give its ISO 3166-1 code of two letters.")
    return code


def country_code(value: object, standing: Standing) -> str:
    """Return an ISO 3166-1 alpha-2 code."""
    text = as_text(value, standing).strip().upper()
    if country(text, standing) != text:
        raise Unwritable("It is not a country's code. Give its ISO 3166-1 code of two letters.")
    return text


def currency(value: object, standing: Standing) -> str:
    """Return an ISO 4217 code."""
    code = forms.currency_code(as_text(value, standing))
    if code is None:
        raise Unwritable("It is not a currency. Give its ISO 4217 code of three letters.")
    return code


def language(value: object, standing: Standing) -> str:
    """Return a language's code as given; one that BCP 47 does not know is refused."""
    text = as_text(value, standing).strip()
    if forms.language_tag(text) is None:
        raise Unwritable("It is not a language. Give its code by BCP 47, such as de or fi.")
    return text
