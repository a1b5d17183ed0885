"""A record is found by what is shown of it: each text by each operator, in capitals and in other normal forms, too."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest
from catalog.generated import drawn_value, odd_text
from catalog_index import empty_index

from customer_gateway.catalog.folding import fold
from customer_gateway.catalog.questions import Filter, Question, TextFilter, search_of
from customer_gateway.model.catalog import TEXT_FIELDS, PageOfRows, RecordChange
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

RECORDS, ASKED = 200, 20
_PHONES = (
    "+49 40 36",
    "0049 40 36",
    "00 49",
    "(0)40 12",
    "040/1",
    "Tel. 040/1",
    "\u0660\u0664\u0660 1",
    "+49 (0)341 1",
    "1",
    "00",
)


def odd_record(random: Random) -> dict[str, Any]:
    """A record whose texts are odd; a phone may be written in any way."""
    texts = {name: odd_text(random) or "a" for name in TEXT_FIELDS if name != "phone"}
    return {**drawn_value(random), **texts, "phone": random.choice(_PHONES)}


def says_nothing(name: str, text: str) -> bool:
    """Whether nothing of a text is compared: no digit of a phone, no letter and digit of a VAT number, else marks."""
    if name == "phone":
        return not any(each.isdecimal() for each in text)
    return not (any(each.isalnum() for each in fold(text)) if name == "vat_number" else fold(text))


def forms(text: str) -> list[str]:
    return [text, text.upper(), text.casefold(), normalize("NFD", text), normalize("NFC", text)]


def questions(random: Random, name: str, shown: str) -> Iterator[Question]:
    """Yield what may be asked of a field by somebody who sees its text."""
    start = random.randrange(len(shown))
    piece = shown[start : random.randint(start, len(shown)) + 1]
    asked = [TextFilter(contains=each) for each in (*forms(shown), piece) if not says_nothing(name, each)]
    if not says_nothing(name, shown):
        asked += [TextFilter(eq=each, any_of=["?", each], starts_with=each) for each in forms(shown)]
    if not says_nothing(name, beginning := shown[: start + 1]):
        asked.append(TextFilter(starts_with=beginning))
    yield from (Question(filter=Filter(texts={name: each})) for each in asked)
    words = [each for each in shown.split() if any(sign.isalnum() for sign in fold(each))]
    if words and name != "phone":
        yield from map(Question, forms(" ".join(words)))
        word = random.choice(words)
        beginning = word[: random.randint(1, len(word))]
        yield from [Question(beginning)] if any(each.isalnum() for each in fold(beginning)) else []


@pytest.mark.table
async def test_a_record_is_found_by_each_text_that_is_shown_of_it(database_url: str) -> None:
    random = Random("found as shown")
    drawn = [odd_record(random) for _ in range(RECORDS)]
    changes = [RecordChange(RecordRef("alpha", str(key)), values) for key, values in enumerate(drawn)]
    lost: list[tuple[str, str, Question]] = []
    async with empty_index(database_url) as world:
        await world.index.put(changes, datetime(2026, 1, 1, tzinfo=UTC))
        everybody = (await world.index.find(search_of(Question(), ["alpha"]), PageOfRows(RECORDS))).rows
        for row in random.sample(everybody, ASKED):
            for name in TEXT_FIELDS:
                for question in questions(random, name, shown := row.values[name]):
                    found = await world.index.find(search_of(question, ["alpha"]), PageOfRows(RECORDS))
                    if row.ref not in {each.ref for each in found.rows}:
                        lost.append((name, shown, question))

    assert lost == []
