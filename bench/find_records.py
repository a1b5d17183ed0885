"""Customers for a million rows: names, towns and firms whose words come as often as words do (Zipf's law).

A word is made of syllables, its place in the list is its rank: `word = list[n ** u - 1]`, with u drawn evenly from 0
to 1, comes with a probability of about one by its rank. Some 55 of 100 are firms, half of these a GmbH; every record
has a number, an e-mail, a phone, a town and two moments, a firm has a VAT number. The same seed gives the same records.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from customer_gateway.model.catalog import RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.value_objects import CustomerKind, CustomerStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SYSTEMS = ("pland", "autodns", "next", "lemonsoft", "billbee")
_SEED = 18
_BEGIN = datetime(2012, 1, 1, tzinfo=UTC)
_ONSETS = [
    "b",
    "d",
    "f",
    "g",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "w",
    "sch",
    "st",
    "br",
    "kr",
    "gl",
    "pf",
    "z",
    "j",
    "v",
]
_NUCLEI = ["a", "e", "i", "o", "u", "ä", "ö", "ü", "ei", "au", "ie"]
_CODAS = ("", "", "n", "r", "l", "s", "t", "ck", "m", "ng")
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
"""As e-mails have them."""
_FIRMS = 0.55
_GMBH = 0.54


class Words:
    """The words that records are made of."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.surnames = self._list(60_000, (1, 2, 2, 3))
        self.first_names = self._list(1_500, (2,))
        self.towns = self._list(5_000, (2, 3))
        self.trades = self._list(3_000, (2, 3, 4))

    def drawn(self, words: Sequence[str]) -> str:
        """Draw a word, the first of the list most often."""
        return words[min(int(len(words) ** self._random.random()), len(words)) - 1]

    def _list(self, count: int, syllables: Sequence[int]) -> Sequence[str]:
        drawn = self._random
        made = (
            "".join(
                drawn.choice(_ONSETS) + drawn.choice(_NUCLEI) + drawn.choice(_CODAS)
                for _ in range(drawn.choice(syllables))
            )
            for _ in range(count)
        )
        return [each.capitalize() for each in dict.fromkeys(made)]


def records(count: int, random: Random, words: Words) -> Iterator[RecordChange]:
    """Yield so many records of five systems."""
    for number in range(count):
        yield RecordChange(RecordRef(random.choice(SYSTEMS), str(number)), _values(random, words))


def made(count: int) -> tuple[Iterator[RecordChange], Random, Words]:
    """Return records, and what their questions are drawn by."""
    random = Random(_SEED)
    words = Words(random)
    return records(count, random, words), random, words


def _values(random: Random, words: Words) -> dict[str, Any]:
    surname, first_name = words.drawn(words.surnames), words.drawn(words.first_names)
    is_firm = random.random() < _FIRMS
    form = "GmbH" if random.random() < _GMBH else "AG"
    name = f"{surname} {words.drawn(words.trades)} {form}" if is_firm else f"{first_name} {surname}"
    created = _BEGIN + timedelta(seconds=random.randrange(400_000_000))
    return {
        "number": str(random.randrange(100_000, 10_000_000)),
        "name": name,
        "kind": CustomerKind.COMPANY if is_firm else CustomerKind.PERSON,
        "status": CustomerStatus.ACTIVE if random.random() < 0.9 else CustomerStatus.INACTIVE,
        "email": f"{first_name}.{surname}@{words.drawn(words.surnames)}.de".lower().translate(_WRITTEN_OUT),
        "phone": f"+49 {random.randrange(10**9, 10**10)}",
        "vat_number": f"DE{random.randrange(10**8, 10**9)}" if is_firm else None,
        "organization_number": None,
        "country_code": random.choice(("DE", "DE", "DE", "DE", "AT", "CH", "FI")),
        "city": words.drawn(words.towns),
        "is_supplier": None,
        "created_at": created,
        "updated_at": created + timedelta(seconds=random.randrange(10_000_000)),
    }
