"""Records and questions drawn at random, with what is hard to compare: spellings, signs, equal names, gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from hypothesis import strategies as st

from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter
from customer_gateway.model.catalog import TEXT_FIELDS, Order, RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.value_objects import CustomerKind, CustomerStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

SYSTEMS = ("alpha", "beta_two", "gamma", "delta", "epsilon")
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_WORDS = (
    *("Müller", "Mueller", "Muller", "Meier", "Maier", "Bauer", "Baur", "Jørgensen", "Joergensen", "Åkesson", "Łódź"),
    *(
        "Straße",
        "Strasse",
        "Æther",
        "Ýmir",
        "Da\u011fl\u0131",
        "Nguyễn",
        "Żółw",
        "Ωmega",
        "東京",
        "O'Neill",
        "Müller-Lüdenscheidt",
    ),
    *(
        "Wolf",
        "Wolff",
        "Wolfgang",
        "Anna",
        "Annabel",
        "GmbH",
        "AG",
        "& Co.",
        "KG",
        "e.V.",
        "Café",
        "zwei_drei",
        "A",
        "İ",
    ),
    *("Mu\u0308ller", "O\u0308st-A\u030akesson", "हिन्दी", "x\u0304y-z", "\U0001d40ceier", "ﬁrma", "½"),
)
_CITIES = ("Köln", "Koeln", "Berlin", "Oslo", "Åbo", "München", "St. Gallen", "Bad Homburg v.d.H.", "")
_DOMAINS = ("example.com", "müller.de", "sub.example.org", "x.io")


NormalForm: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]
_ODD_CHARACTERS = tuple(
    "aouAOUeyz\u0308\u030a\u0323\u0301\u0304\u0327\u3099 -_.@'/"
    "éÅÜßæØŁıİᴭ\U0001d40cﬁ½①Ⅷªǆ\u212b\u212aहिが가ｶﾞ٣\0\u00ad\u200b\ufe0f🙂"
)


def odd_texts() -> st.SearchStrategy[str]:
    """Texts in which letters, marks, signs and what looks like them follow each other."""
    return st.text(st.one_of(st.sampled_from(_ODD_CHARACTERS), st.characters()), max_size=12)


def odd_text(random: Random) -> str:
    """Draw a text of words and of such characters."""
    pieces = (random.choice((random.choice(_WORDS), *random.choices(_ODD_CHARACTERS, k=2))) for _ in range(4))
    return " ".join(random.choice((" ", "")).join(pieces).split())


def drawn_value(random: Random) -> dict[str, Any]:
    """Draw the indexed fields of a record; each may be empty, and one may be unknown."""
    name = " ".join(random.choices(_WORDS, k=random.randint(1, 4)))
    moment = _BEGIN + timedelta(seconds=random.randrange(1_000) * 3_600, microseconds=random.choice((0, 0, 1)))
    values: dict[str, Any] = {
        "number": random.choice(
            (
                str(random.randrange(500)),
                f"00{random.randrange(99)}",
                f"K-{random.randrange(99):05d}",
                f"{random.random():.6f}",
            )
        ),
        "name": name,
        "kind": random.choice(tuple(CustomerKind)),
        "status": random.choice(tuple(CustomerStatus)),
        "email": f"{random.choice(_WORDS).split()[0].lower()}.{random.randrange(9)}@{random.choice(_DOMAINS)}",
        "phone": random.choice(("+49 (0)30 ", "0049 30 ", "030/", "+358 9 ", "(+49) 30 "))
        + str(random.randrange(1_000)),
        "vat_number": f"DE {random.randrange(999):09d}",
        "organization_number": f"HRB {random.randrange(99)}",
        "country_code": random.choice(("DE", "FI", "NO")),
        "city": random.choice(_CITIES),
        "is_supplier": random.choice((True, False)),
        "created_at": moment,
        "updated_at": moment + timedelta(days=random.randrange(9)),
    }
    return {key: (None if random.random() < 0.15 else value) for key, value in values.items()}


def drawn_changes(random: Random, count: int) -> list[RecordChange]:
    """Draw so many records of all systems, with keys of one and of several digits."""
    return [
        RecordChange(RecordRef(random.choice(SYSTEMS), str(number)), drawn_value(random)) for number in range(count)
    ]


def drawn_question(random: Random, changes: Sequence[RecordChange]) -> Question:
    """Draw a question; half of its texts stand in one of the records."""
    question = Question(order=random.choice((None, *Order)), is_descending=random.random() < 0.5)
    if random.random() < 0.6:
        question = replace(question, search=_text(random, changes))
    if random.random() < 0.7:
        question = replace(question, filter=_filter(random, changes))
    return question


def _text(random: Random, changes: Sequence[RecordChange]) -> str:
    value = random.choice(changes).values.get(random.choice(TEXT_FIELDS)) or random.choice(_WORDS)
    words = value.split()
    some = random.sample(words, k=min(len(words), random.randint(1, 2)))
    text = " ".join(each[: random.randint(1, len(each))] if random.random() < 0.5 else each for each in some)
    text = random.choice((text, value, text.upper()))
    if random.random() < 0.1 and (digits := "".join(each for each in value if each.isdecimal())):
        text = random.choice(("00", "00 ", "+")) + digits[: random.randint(1, len(digits))]
    return text if any(each.isalnum() for each in text) else "a"


def _filter(random: Random, changes: Sequence[RecordChange]) -> Filter:
    texts = {name: _text_filter(random, changes, name) for name in random.sample(TEXT_FIELDS, random.choice((0, 1, 2)))}
    found = Filter(texts=texts)
    if random.random() < 0.3:
        found = replace(found, status=random.sample(tuple(CustomerStatus), random.randint(0, 3)))
    if random.random() < 0.3:
        found = replace(found, kind=random.sample(tuple(CustomerKind), random.randint(1, 3)))
    if random.random() < 0.2:
        found = replace(found, country_code=random.sample(("DE", "FI", "NO", "se"), random.randint(1, 2)))
    if random.random() < 0.2:
        found = replace(found, is_supplier=random.random() < 0.5)
    if random.random() < 0.2:
        found = replace(found, created_at=_moment_filter(random, changes, "created_at"))
    if random.random() < 0.2:
        found = replace(found, updated_at=_moment_filter(random, changes, "updated_at"))
    return found


def _moment_filter(random: Random, changes: Sequence[RecordChange], name: str) -> MomentFilter:
    """Draw one end, or both; each stands in a record, or is not given."""
    after, before = (random.choice(changes).values.get(name) for _ in range(2))
    if after is not None and before is not None:
        after, before = min(after, before), max(after, before)
    return random.choice((MomentFilter(after), MomentFilter(before=before), MomentFilter(after, before)))


def _text_filter(random: Random, changes: Sequence[RecordChange], name: str) -> TextFilter:
    value = random.choice(changes).values.get(name) or "?"
    start = random.randrange(len(value))
    piece = value[start : start + random.randint(1, 6)]
    return random.choice(
        (
            TextFilter(eq=value),
            TextFilter(eq=value.upper()),
            TextFilter(any_of=[value, random.choice(_WORDS)]),
            TextFilter(any_of=[]),
            TextFilter(eq=value, any_of=[random.choice(_WORDS), random.choice((value, value.upper()))]),
            TextFilter(eq=value, any_of=[random.choice(_WORDS)]),
            TextFilter(contains=piece),
            TextFilter(starts_with=value[: random.randint(1, len(value))]),
            TextFilter(starts_with=value[:1], contains=piece),
        )
    )
