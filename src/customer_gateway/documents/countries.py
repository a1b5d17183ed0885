"""Countries as vendors' users write them: ISO 3166-1 codes, and names in the languages of Europe.

Names are CLDR's (by Babel), which knows one name a language; what else people write stands in `_OTHER_NAMES`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.core import get_global

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ALPHA_2: Final = 2

_LANGUAGES: Final = (
    *("en", "de", "sv", "fi", "nb", "nn", "da", "is", "fr", "nl", "es", "ca", "pt", "it", "pl", "cs", "sk", "sl", "hr"),
    *("hu", "ro", "bg", "el", "et", "lv", "lt", "ga", "mt", "tr", "uk"),
)
"""The languages of the European Union and its neighbours: where the vendors' customers live."""

_NOT_ISO: Final = frozenset(
    {
        *("AC", "CP", "CQ", "DG", "EA", "IC", "TA"),  # reserved by ISO 3166-1, but no countries of it
        *("XK", "XA", "XB", "QO", "ZZ"),  # CLDR's own, for private use
        *("EU", "EZ", "UN"),  # groups of countries
    }
)

_OTHER_CODES: Final[Mapping[str, str]] = {
    "UK": "GB",  # ISO 3166-1: exceptionally reserved, at the request of the United Kingdom
    "EL": "GR",  # EU, Interinstitutional style guide, 7.1.1: the code of Greece in EU law
    "XI": "GB",  # EU, Directive 2020/1756: Northern Ireland in VAT numbers
}

_OTHER_NAMES: Final[Mapping[str, str]] = {
    # UN, Country names (UNGEGN list): short and formal names that CLDR has not, or has not any more.
    "czech republic": "CZ",
    "turkey": "TR",
    "republic of turkiye": "TR",
    "swaziland": "SZ",
    "macedonia": "MK",
    "cape verde": "CV",
    "east timor": "TL",
    "burma": "MM",
    "ivory coast": "CI",
    "elfenbeinkuste": "CI",
    "elfenbeinkueste": "CI",
    "holy see": "VA",
    "russian federation": "RU",
    "republic of korea": "KR",
    "republic of moldova": "MD",
    "viet nam": "VN",
    "slovak republic": "SK",
    "federal republic of germany": "DE",
    "kingdom of the netherlands": "NL",
    "hong kong": "HK",
    "macau": "MO",
    "macao": "MO",
    "vatican": "VA",
    "bosnia": "BA",
    "makedonien": "MK",
    "moldawien": "MD",
    "weissrussland": "BY",
    "ceska republika": "CZ",
    "fyrom": "MK",
    "netherlands (the)": "NL",
    "people's republic of china": "CN",
    "uae": "AE",
    "united arab emirates (the)": "AE",
    # ISO 3166-2:GB: the parts of the United Kingdom, which people write for the whole.
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "united kingdom of great britain and northern ireland": "GB",
    "britain": "GB",
    "u.k.": "GB",
    "gran bretana": "GB",
    "grande bretagne": "GB",
    "gran bretagna": "GB",
    "grossbritannien": "GB",
    # Everyday names of the vendors' languages.
    "holland": "NL",
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "brd": "DE",
    "bundesrepublik deutschland": "DE",
    "tschechische republik": "CZ",
    "tschechei": "CZ",
    "slowakische republik": "SK",
    "storbritannia": "GB",
    "england, grossbritannien": "GB",
    "republik osterreich": "AT",
    "schweizerische eidgenossenschaft": "CH",
    "suisse": "CH",
    "svizzera": "CH",
    "belgie": "BE",
    "belgique": "BE",
    "eire": "IE",
    "republic of ireland": "IE",
}
"""Names in folded form, beside CLDR's; each comment names the source."""

_SEVERAL: Final = frozenset({"congo", "kongo"})
"""Names that some language gives to one of two countries, and people to either."""

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_LETTERS: Final = str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "ß": "ss",
        "ł": "l",
        "đ": "d",
        "\u0131": "i",
        **dict.fromkeys(("\u2018", "\u2019", "\u02bc", "\u00b4", "`"), "'"),
    }
)
"""Letters that Unicode does not decompose, the dotless i among them, and apostrophes."""

_ARTICLE: Final = re.compile(r"^(?:the|die|der|het|de|la|le|les|los) ")
_BETWEEN: Final = re.compile(r"[\s\u2010-\u2015-]+")


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a code (alpha-2, alpha-3, numeric) or of a name, or None."""
    plain = text.strip()
    code = plain.upper() if plain.isascii() else ""
    if code in _codes():
        return code
    name = _folded(plain)
    return _other_codes().get(code) or _names().get(name) or _names().get(_ARTICLE.sub("", name))


def _folded(name: str) -> str:
    """Fold case, accents, apostrophes and hyphens away."""
    letters = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    return _BETWEEN.sub(" ", "".join(each for each in letters if not unicodedata.combining(each))).strip()


@cache
def _named(language: str) -> dict[str, str]:
    # Babel types its tables as Any-valued mappings: narrowed here, once.
    territories: Mapping[str, str] = Locale(language).territories  # pyright: ignore[reportUnknownVariableType]
    return dict(territories)


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code in _named("en") if len(code) == _ALPHA_2 and code.isalpha()) - _NOT_ISO


@cache
def _names() -> dict[str, str]:
    """Return the code of each folded name; a name that two languages give to two countries is of neither."""
    found: dict[str, set[str]] = {}
    for name, code in _spellings():
        found.setdefault(name, set()).add(code)
    alone = {name: codes.pop() for name, codes in found.items() if len(codes) == 1 and name not in _SEVERAL}
    return alone | dict(_OTHER_NAMES)


def _spellings() -> Iterator[tuple[str, str]]:
    codes = _codes()
    for language in _LANGUAGES:
        for code, name in _named(language).items():
            if code in codes:
                yield _folded(name), code
                yield _folded(name.casefold().translate(_UMLAUTS)), code
                yield _ARTICLE.sub("", _folded(name)), code


@cache
def _other_codes() -> dict[str, str]:
    """Other codes of one country alone: alpha-3, numeric, and those of `_OTHER_CODES`."""
    longer = {code: names for code, names in get_global("territory_aliases").items() if len(code) == _ALPHA_2 + 1}
    codes = _codes()
    alone = {code: names[0] for code, names in longer.items() if len(names) == 1 and names[0] in codes}
    return {**alone, **_OTHER_CODES}
