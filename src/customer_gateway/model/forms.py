"""Published forms: VAT numbers, phones, countries, currencies, languages, each read by a library that knows the rules.

Every function takes the text as a vendor sent it and answers the normal form, or None (VAT: the text itself) where it
cannot be told. Results are cached: the same few thousand texts come by again and again.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import list_currencies
from stdnum.ch import vat as ch_vat
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.no import mva as no_mva

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The languages in which the five vendors' users write the names of countries.
_COUNTRY_LANGUAGES: Final = ("en", "de", "sv", "fi", "nb", "da", "fr", "nl")
_ALPHA_2: Final = 2
_VAT_BEYOND_THE_EU: Final[Mapping[str, Callable[[str], str]]] = {
    "CH": ch_vat.validate,
    "GB": gb_vat.validate,
    "NO": no_mva.validate,
}


@lru_cache(maxsize=65_536)
def vat_number(text: str) -> str:
    """The compact form of a valid VAT number of the EU, Norway, Switzerland or Great Britain, else the text as sent.

    `DE 136.695.976` → `DE136695976`; a number without its country's letters cannot be told from others: as sent.
    """
    country = text.strip()[:_ALPHA_2].upper()
    beyond = _VAT_BEYOND_THE_EU.get(country)
    try:
        if beyond is None:
            return str(eu_vat.validate(text))
        return country + str(beyond(text)).removeprefix(country)
    except ValidationError:
        return text


@lru_cache(maxsize=65_536)
def phone_e164(text: str, region: str | None) -> str | None:
    """E.164 of a phone number that is valid, read as dialled in `region` (ISO 3166-1 alpha-2)."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def has_phones(region: str) -> bool:
    """Whether `region` is a country by its ISO 3166-1 alpha-2 code, whose phone numbers can be read."""
    return region in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a code (alpha-2, alpha-3, numeric) or of a name in the vendors' languages."""
    plain = text.strip()
    code = plain.upper() if plain.isascii() else ""
    if code in _territories():
        return code
    return _aliases().get(code) or _territory_names().get(plain.casefold())


@lru_cache(maxsize=1_024)
def currency_code(text: str) -> str | None:
    """ISO 4217 of a code in any case."""
    upper = text.strip().upper()
    return upper if upper in _currencies() else None


@lru_cache(maxsize=1_024)
def language_tag(text: str) -> str | None:
    """BCP 47 of a language code (`de`, `FI`, `sv_SE`, `fin`)."""
    plain = text.strip().replace("_", "-")
    plain = _language_aliases().get(plain.lower(), plain)
    try:
        locale = Locale.parse(plain, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    return "-".join(part for part in (locale.language, locale.script, locale.territory) if part)


@cache
def _named(language: str) -> dict[str, str]:
    # Babel types its tables as Any-valued mappings: narrowed here, once.
    territories: Mapping[str, str] = Locale(language).territories  # pyright: ignore[reportUnknownVariableType]
    return dict(territories)


@cache
def _territories() -> frozenset[str]:
    return frozenset(code for code in _named("en") if len(code) == _ALPHA_2 and code.isalpha()) - {
        "EU",
        "EZ",
        "QO",
        "UN",
        "XA",
        "XB",
        "ZZ",
    }


@cache
def _territory_names() -> dict[str, str]:
    codes = _territories()
    return {
        name.casefold(): code
        for language in _COUNTRY_LANGUAGES
        for code, name in _named(language).items()
        if code in codes
    }


@cache
def _aliases() -> dict[str, str]:
    """Other codes of one country alone: alpha-3, numeric, and `UK`, which ISO 3166-1 reserves for GB."""
    longer = {code: names for code, names in get_global("territory_aliases").items() if len(code) == _ALPHA_2 + 1}
    codes = _territories()
    return {"UK": "GB"} | {code: names[0] for code, names in longer.items() if len(names) == 1 and names[0] in codes}


@cache
def _language_aliases() -> dict[str, str]:
    return {str(alias).lower(): str(code) for alias, code in get_global("language_aliases").items()}


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())
