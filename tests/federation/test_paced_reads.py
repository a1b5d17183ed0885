"""A page that is read often is compared once in a while, by its last read; nothing that was read last is left out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import Acme

from customer_gateway.federation.observer import NoObserver
from customer_gateway.federation.paced_reads import PacedReads
from customer_gateway.system import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WANT = Selection({"Customer": frozenset({"name"})})
SECONDS = 0.1


class Seen(NoObserver):
    """Keeps the names of what is handed on."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def seen(self, system: Any, views: Sequence[Any], want: Any, read_at: Any) -> None:
        del system, want, read_at
        self.names.append(views[-1].name)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def read(paced: PacedReads, name: str, first: int = 0, count: int = 20) -> None:
    acme: Any = Acme()
    views = [acme.view({"id": str(first + number), "name": name}) for number in range(count)]
    paced.seen(acme, views, WANT, NOW)


async def test_a_page_is_compared_at_once_and_then_its_last_read_once_a_while(seen: Seen) -> None:
    paced = PacedReads(seen, SECONDS)

    for name in ("first", "second", "third"):
        read(paced, name)
    assert seen.names == ["first"]
    await asyncio.sleep(2 * SECONDS)
    assert seen.names == ["first", "third"]

    await asyncio.sleep(SECONDS)
    read(paced, "fourth")
    assert seen.names == ["first", "third", "fourth"]


async def test_other_pages_and_single_records_do_not_wait(seen: Seen) -> None:
    paced = PacedReads(seen, SECONDS)

    read(paced, "a page")
    read(paced, "another", first=1)
    read(paced, "a shorter one", count=19)
    read(paced, "a record", count=1)
    read(paced, "the same", count=1)

    assert seen.names == ["a page", "another", "a shorter one", "a record", "the same"]
