"""What the last pass that was believed says of a record that a later one has not seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from customer_gateway.catalog.believed import BelievedPass
from customer_gateway.model.catalog import RecordState
from customer_gateway.model.passes import Absent

BEFORE = datetime(2026, 11, 29, 11, tzinfo=UTC)
BEGAN = BEFORE + timedelta(hours=1)
MEANWHILE = BEGAN + timedelta(seconds=1)
ENDED = BEGAN + timedelta(minutes=1)
AFTER = ENDED + timedelta(minutes=1)
PRESENT, MISSING = RecordState.PRESENT, RecordState.MISSING

LAST = BelievedPass(7, BEGAN, ENDED, {})


@pytest.mark.parametrize("state", [PRESENT, MISSING])
@pytest.mark.parametrize("since", [BEFORE, MEANWHILE, AFTER])
@pytest.mark.parametrize(
    ("seen_pass", "known_since", "had"),
    [(7, BEFORE, True), (7, MEANWHILE, True), (9, BEFORE, True), (9, AFTER, False), (6, BEFORE, False)],
)
def test_a_pass_had_what_it_saw_whatever_live_reads_have_made_of_it(
    state: RecordState, since: datetime, seen_pass: int, known_since: datetime, had: bool
) -> None:
    assert LAST.had(Absent("1", state, since, seen_pass, known_since)) is had


@pytest.mark.parametrize(
    ("state", "since", "seen_pass", "lacked"),
    [
        (MISSING, BEFORE, 6, True),
        (MISSING, BEGAN, 6, True),  # the pass itself has said so
        (MISSING, MEANWHILE, 6, False),  # a read has found it after the pass began, and another has not
        (MISSING, AFTER, 6, False),
        (MISSING, BEFORE, 7, False),
        (PRESENT, BEFORE, 6, False),
    ],
)
def test_a_pass_lacked_what_was_missing_all_the_time(
    state: RecordState, since: datetime, seen_pass: int, lacked: bool
) -> None:
    assert LAST.lacked(Absent("1", state, since, seen_pass, BEFORE)) is lacked
