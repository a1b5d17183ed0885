"""What reads bring is submitted to the index where it is other than before, as a page and as each record of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import Acme
from structlog.testing import capture_logs

from customer_gateway.federation.observed_reads import KNOWN_SECONDS, STAMP_SECONDS, ObservedReads
from customer_gateway.system import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.model.catalog import RecordChange

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = Selection({"Customer": frozenset({"name"})})
OTHERS = Selection({"Customer": frozenset({"name", "is_supplier"})})
PAGE = {str(number): f"Name {number}" for number in range(50)}


class Updates:
    """Keeps which records were submitted, and whether as a change."""

    def __init__(self) -> None:
        self.has_room = True
        self.taken: list[tuple[list[str], bool]] = []

    def submit(
        self, count: int, read_at: datetime, changes: Callable[[], Sequence[RecordChange]], *, is_change: bool = True
    ) -> bool:
        del read_at
        found = [each.ref.key for each in changes()]
        assert len(found) == count
        self.taken.append((found, is_change))
        return True

    def submit_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None:
        raise NotImplementedError


class World:
    def __init__(self) -> None:
        self.acme: Any = Acme()
        self.updates = Updates()
        self.now = 1_000.0
        self._observed = ObservedReads(self.updates, self._wait_stored, lambda: self.now)

    def read(
        self, names: dict[str, str], selection: Selection = NAMES, stamps: dict[str, Any] | None = None
    ) -> list[tuple[list[str], bool]]:
        """Read customers with these names, and with stamps where there are some; return what was submitted."""
        self.updates.taken = []
        documents = [{"id": key, "name": name} for key, name in names.items()]
        if stamps is not None:
            documents = [{**each, "changed": stamps.get(each["id"], "2026-01-01T00:00:00Z")} for each in documents]
        self.see([self.acme.view(each) for each in documents], selection)
        return self.updates.taken

    def see(self, views: list[Any], selection: Selection = NAMES) -> None:
        self._observed.note_read(self.acme, views, selection, NOW)

    async def _wait_stored(self, system: str, key: str) -> None:
        raise NotImplementedError


@pytest.fixture
def world() -> World:
    return World()


def test_records_that_are_read_for_the_first_time_are_compared_and_then_known(world: World) -> None:
    assert world.read(PAGE) == [(list(PAGE), False)]
    assert [world.read(PAGE) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize("reads", [1, 3])
def test_a_record_of_a_page_that_is_known_is_submitted_alone_when_it_changes(world: World, reads: int) -> None:
    for _ in range(reads):
        world.read(PAGE)

    assert world.read({**PAGE, "7": "Anna"}) == [(["7"], True)]
    assert world.read({**PAGE, "7": "Anna"}) == []


def test_a_record_that_another_read_has_shown_otherwise_is_submitted_when_it_goes_back(world: World) -> None:
    for _ in range(3):
        world.read(PAGE)

    assert world.read({"7": "Anna"}) == [(["7"], True)]
    assert world.read(PAGE) == [(["7"], True)]
    assert world.read(PAGE) == []


def test_a_record_that_another_selection_has_shown_otherwise_is_compared_when_it_goes_back(world: World) -> None:
    for _ in range(3):
        world.read(PAGE)
    world.read({**PAGE, "7": "Anna"}, OTHERS)

    assert world.read(PAGE) == [(list(PAGE), False)]


def test_a_page_that_is_read_by_two_selections_in_turn_is_soon_known_of_both(world: World) -> None:
    rounds = [[world.read(PAGE, selection) for selection in (NAMES, OTHERS)] for _ in range(4)]

    everybody = [(list(PAGE), False)]
    assert rounds == [[everybody, everybody], [everybody, []], [[], []], [[], []]]
    assert world.read({**PAGE, "7": "Anna"}, OTHERS) == [(["7"], True)]
    assert world.read({**PAGE, "7": "Anna"}, NAMES) == [(["7"], False)]
    assert [world.read({**PAGE, "7": "Anna"}, selection) for selection in (NAMES, OTHERS)] == [[], []]


@pytest.mark.parametrize("reads", [1, 3])
def test_a_page_is_compared_with_the_index_again_after_a_while(world: World, reads: int) -> None:
    for _ in range(reads):
        world.read(PAGE)

    world.now += KNOWN_SECONDS + 1

    assert world.read(PAGE) == [(list(PAGE), False)]
    assert world.read(PAGE) == []


def test_a_page_that_is_read_all_the_time_is_compared_with_the_index_again_all_the_same(world: World) -> None:
    world.read(PAGE)
    submitted = 0
    for _ in range(30):
        world.now += KNOWN_SECONDS / 10
        submitted += len(world.read(PAGE))

    assert submitted in {2, 3}


def test_a_record_of_a_page_whose_stamp_has_moved_is_submitted_at_once(world: World) -> None:
    for _ in range(3):
        world.read(PAGE, stamps={})

    assert world.read({**PAGE, "7": "Anna"}, stamps={"7": "2026-01-02T00:00:00Z"}) == [(["7"], True)]
    assert world.read({**PAGE, "7": "Anna"}, stamps={"7": "2026-01-02T00:00:00Z"}) == []


def test_a_stamp_that_has_not_moved_is_believed_for_ten_seconds(world: World) -> None:
    for _ in range(3):
        world.read(PAGE, stamps={})

    assert world.read({**PAGE, "7": "Anna"}, stamps={}) == []
    world.now += STAMP_SECONDS
    assert world.read({**PAGE, "7": "Anna"}, stamps={}) == [(["7"], True)]


def test_a_page_of_which_one_record_has_no_stamp_is_compared_as_a_whole(world: World) -> None:
    for _ in range(3):
        world.read(PAGE, stamps={"8": ""})

    assert world.read({**PAGE, "7": "Anna"}, stamps={"8": ""}) == [(["7"], True)]


@pytest.mark.parametrize("stamp", [["2026"], {"at": "2026"}, True, 0])
def test_a_page_of_which_one_stamp_is_no_text_and_no_number_is_compared_as_a_whole(world: World, stamp: Any) -> None:
    for _ in range(3):
        world.read(PAGE, stamps={"8": stamp})

    assert world.read({**PAGE, "7": "Anna"}, stamps={"8": stamp}) == [(["7"], True)]


def test_a_record_that_cannot_be_compared_fails_no_read(world: World) -> None:
    with capture_logs() as lines:
        world.see([object()])

    assert [line["event"] for line in lines] == ["read_not_compared"]


def test_what_finds_no_room_is_compared_another_time(world: World) -> None:
    world.updates.has_room = False
    assert [world.read(PAGE) for _ in range(3)] == [[], [], []]

    world.updates.has_room = True

    assert world.read(PAGE) == [(list(PAGE), False)]
