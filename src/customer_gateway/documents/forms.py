"""Published forms: VAT numbers, phones, currencies, languages, each read by a library that knows the rules.

Every function takes the text as a vendor sent it and answers the normal form, or None (VAT: the text itself) where it
is not certain. Results are cached: the same few thousand texts come by again and again.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import list_currencies
from stdnum.ch import uid as ch_uid
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.gb import vat as gb_vat
from stdnum.no import mva as no_mva

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALPHA_2: Final = 2
_COUNTRY_CODE: Final = re.compile(r"[1-9]")  # neither +, nor a prefix for dialling abroad or within the country
_BETWEEN_ADDRESSES: Final = re.compile(r"[;,|/\s]+")
PARTING_SIGNS: Final = ";,|/<: \t\n\r\v\f\x1c\x1d\x1e\x1f"
"""What may part one address from the next, or from other text; and so may whatever is not ASCII."""
_ADDRESS: Final = re.compile(r"[^@<>\"]+@[^@<>\"]+")
_QUOTED_NAME: Final = re.compile(r'"[^"]*"')
_IN_BRACKETS: Final = re.compile(r"<([^<>]*)>")
_MAILTO: Final = re.compile(r"\bmailto:\s*([^\s?<>;,|]*)(?:\?[^\s<>;,|]*)?", re.IGNORECASE)
_VAT_BEYOND_THE_EU: Final[Mapping[str, Callable[[str], str]]] = {"GB": gb_vat.validate, "NO": no_mva.validate}
_SWISS_VAT_WORD: Final = re.compile(
    r"[\s.-]*(?:(?:MWST|TVA|IVA|TPV|VAT)[\s./]*)+$", re.IGNORECASE
)  # German, French, Italian, Romansh
_GREECE: Final = re.compile(r"^GR")
_VAT_LABEL: Final = re.compile(
    r"\s*(?P<words>(?:(?:EU|VAT(?:IN)?|TVA|IVA|P|PARTITA|MW?ST|USt|Umsatzsteuer|Moms|ALV|BTW|MVA|UID|Org|Reg|Tax|Steuer"
    r"|Registration|Ident(?:ifikations)?|ID|NIP|NIF|CIF|CVR|DI[ČC]|I[ČC]|DPH|nummer|number|nro?|no|n)[\s.:#/°º-]*)*)"
    r"(?P<number>[A-Z]{2}\W?[A-Z]{0,2}\W*[0-9].*)",
    re.IGNORECASE | re.DOTALL,
)
"""What users write before a VAT number to say that it is one, and the number from its country's letters on."""


@lru_cache(maxsize=65_536)
def vat_number(text: str) -> str:
    """Return the compact form of a valid VAT number of the EU, Norway, Switzerland or Great Britain, else the text as
    sent.

    `DE 136.695.976` and `USt-IdNr. DE 136695976` → `DE136695976`; a number without its country's letters is not certain
    from others: as sent. Greece is EL, as EU VAT law writes it, whether EL or GR was sent; Switzerland is CHE and nine
    digits, without the word for VAT of one of its languages; Norway ends with MVA, whether that was sent or not.
    """
    labelled = _VAT_LABEL.fullmatch(text)
    words, number = labelled.group("words", "number") if labelled else ("", text)
    try:
        return _compact_vat(number.strip(), labelled=bool(words))
    except ValidationError:
        return text


def is_vat_number(text: str) -> bool:
    """Return whether the text is a valid VAT number of the EU, Norway, Switzerland or Great Britain, and no more."""
    try:
        _compact_vat(text, labelled=False)
    except ValidationError:
        return False
    return True


def _compact_vat(number: str, *, labelled: bool) -> str:
    """Return the compact form of a VAT number, or raise `ValidationError`."""
    country = number[:_ALPHA_2].upper()
    if country == "CH":
        return str(ch_uid.validate(_SWISS_VAT_WORD.sub("", number)))
    if country == "NO" and number.startswith("NO") and not labelled and not number.upper().endswith("MVA"):
        number += "MVA"  # not behind words: after "VAT" it may be short for "number"
    beyond = _VAT_BEYOND_THE_EU.get(country)
    if beyond is None:
        return _GREECE.sub("EL", str(eu_vat.validate(number)))
    return country + str(beyond(number)).removeprefix(country)


@lru_cache(maxsize=65_536)
def phone_e164(text: str, region: str | None) -> str | None:
    """Return the E.164 form of a phone number that is valid as dialled in `region` (ISO 3166-1 alpha-2).

    Without a region only a number with its country's prefix is certain. `492211234567` in DE is not certain: it may
    be a national number or one that lacks its plus, and both are valid.
    """
    read = _valid_e164(text, region)
    plain = text.strip()
    if read is None or not _COUNTRY_CODE.match(plain):
        return read
    abroad = _valid_e164(f"+{plain}", None)
    return read if abroad in (None, read) else None


def _valid_e164(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=65_536)
def email_addresses(text: str) -> tuple[str, ...]:
    """Split a field that holds several addresses, each trimmed, once and without the name or `mailto:` before it.

    Text that is not clearly addresses stays whole as sent.
    """
    parts = _addresses(_MAILTO.sub(r"\1", text))
    if not parts or not all(map(_ADDRESS.fullmatch, parts)):
        parts = [text.strip()]
    return tuple(
        {part.casefold(): part for part in reversed(parts)}[key] for key in dict.fromkeys(map(str.casefold, parts))
    )


def _addresses(text: str) -> list[str]:
    """List what may be addresses: before one in angle brackets, words are the name of whose it is."""
    *before, last = _IN_BRACKETS.split(text)
    parts: list[str] = []
    for outside, inside in zip(before[::2], before[1::2], strict=True):
        parts += [word for word in _words(_QUOTED_NAME.sub(" ", outside)) if "@" in word]
        parts += _words(inside)
    return parts + _words(last)


def _words(text: str) -> list[str]:
    return [word for word in _BETWEEN_ADDRESSES.split(text) if word]


def first_email_address(text: str) -> str | None:
    """Return the first address of a field that may hold several."""
    return next(iter(email_addresses(text)), None)


def has_phones(region: str) -> bool:
    """Return whether `region` is a country by its ISO 3166-1 alpha-2 code, whose phone numbers can be read."""
    return region in phonenumbers.SUPPORTED_REGIONS


@lru_cache(maxsize=1_024)
def currency_code(text: str) -> str | None:
    """Return the ISO 4217 code of a code in any case."""
    upper = text.strip().upper()
    return upper if upper in _currencies() else None


@lru_cache(maxsize=1_024)
def language_tag(text: str) -> str | None:
    """Return the BCP 47 tag of a language code (`de`, `FI`, `sv_SE`, `fin`)."""
    plain = text.strip().replace("_", "-")
    plain = _language_aliases().get(plain.lower(), plain)
    try:
        locale = Locale.parse(plain, sep="-")
    except (ValueError, UnknownLocaleError):
        return None
    return "-".join(part for part in (locale.language, locale.script, locale.territory) if part)


@cache
def _language_aliases() -> dict[str, str]:
    return {str(alias).lower(): str(code) for alias, code in get_global("language_aliases").items()}


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())
