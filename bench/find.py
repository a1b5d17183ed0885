"""What finding costs in an index of a million records, on SQLite, and on PostgreSQL if it is there.

Terms are drawn from the records themselves, so by their frequency. Every kind of question is answered first on 10,000
records and compared with reading each of them. `make bench ARGS=find`; `--records` makes a smaller index.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from bench.find_records import SYSTEMS, made
from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import Order, PageOfRows
from customer_gateway.model.value_objects import CustomerStatus
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from random import Random

    from customer_gateway.model.catalog import RecordChange

RECORDS: Final = 1_000_000
CHECKED: Final = 10_000
TERMS: Final = 200
_BATCH: Final = 500
_PAGE: Final = 50
_HALF: Final = SYSTEMS[:2]
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question: how it is drawn from a record, whether rows are counted, what is aimed at in ms."""

    name: str
    ask: Callable[[Random, RecordChange], Question]
    aim: float
    is_counted: bool = False
    hits: range | None = None
    """How many rows it has to find, of all systems; others are drawn again."""


def _word(random: Random, change: RecordChange) -> str:
    return random.choice(str(change.values["name"]).split())


def _selective(random: Random, change: RecordChange) -> Question:
    name = random.choice(("number", "email", "phone"))
    return Question(filter=Filter(texts={name: TextFilter(eq=change.values[name])}))


def _several(random: Random, change: RecordChange) -> Question:
    asked = Filter(
        status=[change.values["status"], CustomerStatus.LOCKED],
        kind=[change.values["kind"]],
        country_code=[change.values["country_code"]],
        texts={"city": TextFilter(eq=change.values["city"])},
        created_at=MomentFilter(after=change.values["created_at"] - timedelta(days=365)),
    )
    return Question(filter=asked, order=random.choice(tuple(Order)), is_descending=random.random() < 0.5)


def _contains(random: Random, change: RecordChange) -> Question:
    word = _word(random, change)
    start = random.randrange(max(1, len(word) - 3))
    piece = word[start : start + random.randint(3, 5)]
    return Question(filter=Filter(texts={"name": TextFilter(contains=piece)}))


def _word_and_contains(random: Random, change: RecordChange) -> Question:
    return Question(search=_word(random, change), filter=_contains(random, change).filter)


def _beginning_of_a_phone(random: Random, change: RecordChange) -> Question:
    return Question(search=str(change.values["phone"])[: random.randint(5, 7)])


def _beginning(random: Random, change: RecordChange) -> Question:
    return Question(search=_word(random, change)[: random.randint(1, 2)])


_MANY: Final = range(100_000, RECORDS + 1)
KINDS: Final = (
    Kind("exact key", lambda _random, change: Question(search=str(change.values["number"])), 3),
    Kind(
        "words, at most 1,000 hits, page and count",
        lambda random, change: Question(search=_word(random, change)),
        10,
        is_counted=True,
        hits=range(1_001),
    ),
    Kind("broad word, page", lambda random, change: Question(search=_word(random, change)), 30, hits=_MANY),
    Kind(
        "broad word, count",
        lambda random, change: Question(search=_word(random, change)),
        100,
        is_counted=True,
        hits=_MANY,
    ),
    Kind("one selective filter", _selective, 8),
    Kind("several filters", _several, 30),
    Kind("contains three or more", _contains, 50),
    Kind("a word, and contains three or more", _word_and_contains, 50),
    Kind("beginning of one or two letters", _beginning, 30),
    Kind("beginning of a phone, two to four digits", _beginning_of_a_phone, 30),
)


def measure_finding(records: int = RECORDS) -> None:
    """Print what building and finding take, on each database that is there."""
    _import_from_tests()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_on(f"sqlite+aiosqlite:///{folder}/catalog.db", "SQLite", records, Path(folder)))
    for url in _postgresql():
        asyncio.run(_on(url, "PostgreSQL", records, None))


def _import_from_tests() -> None:
    """Let the reading of every record, which the tests compare with, be imported."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def _postgresql() -> Iterable[str]:
    postgres: Any = import_module("postgres_server")
    if postgres.PROGRAMS is None:
        return
    server = postgres.PostgresServer()
    server.start()
    try:
        yield server.new_database()
    finally:
        server.remove()


async def _on(url: str, name: str, records: int, folder: Path | None) -> None:
    database = Database(url, CATALOG)
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    changes, random, _ = made(records)
    kept: list[RecordChange] = []
    checked: list[RecordChange] = []
    seconds = 0.0
    batch: list[RecordChange] = []

    async def stored() -> None:
        nonlocal seconds
        began = perf_counter()
        # Side by side, as the passes of systems are.
        mine = [[each for each in batch if each.ref.system == system] for system in SYSTEMS]
        await asyncio.gather(*(index.put(each, _NOW) for each in mine))
        seconds += perf_counter() - began
        batch.clear()

    for number, each in enumerate(changes):
        batch.append(each)
        if number < CHECKED:
            checked.append(each)
        if number % 97 == 0:
            kept.append(each)
        if len(batch) == _BATCH * len(SYSTEMS):
            await stored()
        if number + 1 == min(CHECKED, records):
            await stored()
            await _check(index, checked, random)
    await stored()
    size = _size_of(folder)
    print(f"\n{name}: {records:,} records, built in {seconds:.0f} s, {size / 1e6:,.0f} MB")
    print(f"{'':44} {'aim':>5} {'p50':>7} {'p95':>7}   half of the systems hidden: p50, p95")
    for kind in KINDS:
        await _measure(index, kind, kept, random)
    await database.aclose()


async def _check(index: CatalogIndex, changes: Sequence[RecordChange], random: Random) -> None:
    """Compare what each kind of question finds with reading every record."""
    brute_force: Any = import_module("catalog.brute_force")
    records = brute_force.Records(changes)
    for kind in KINDS:
        for _ in range(20):
            question = kind.ask(random, random.choice(changes))
            for systems in (SYSTEMS, _HALF):
                expected = brute_force.answer(question, records, systems)
                found = await index.find(search_of(question, systems), PageOfRows(_PAGE), count=True)
                keys = [(row.ref.system, row.ref.key) for row in found.rows]
                if keys != expected[:_PAGE] or found.total != len(expected):
                    raise RuntimeError(f"{kind.name}: {question} finds other rows than reading every record does")


async def _measure(index: CatalogIndex, kind: Kind, changes: Sequence[RecordChange], random: Random) -> None:
    taken: list[float] = []
    hidden: list[float] = []
    while len(taken) < TERMS:
        question = kind.ask(random, random.choice(changes))
        if kind.hits is not None:
            counted = await index.find(search_of(question, SYSTEMS), PageOfRows(1), count=True)
            if counted.total not in kind.hits:
                continue
        for systems, times in ((SYSTEMS, taken), (_HALF, hidden)):
            began = perf_counter()
            await index.find(search_of(question, systems), PageOfRows(_PAGE), count=kind.is_counted)
            times.append((perf_counter() - began) * 1_000)
    figures = " ".join(f"{each:7.2f}" for times in (taken, hidden) for each in (median(times), _p95(times)))
    print(f"{kind.name:44} {kind.aim:5} {figures}", flush=True)


def _size_of(folder: Path | None) -> int:
    return sum(each.stat().st_size for each in folder.glob("catalog.db*")) if folder else 0


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]
