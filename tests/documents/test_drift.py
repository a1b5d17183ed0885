"""Drift: each oddity is told once, by field and reason, never by value."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from customer_gateway.documents.drift import MOST_NOTICES, SUPPRESSED, WITHHELD, Drift


def test_a_notice_is_logged_once_with_its_system() -> None:
    drift = Drift("pland")

    with capture_logs() as lines:
        for _ in range(3):
            drift.notice("createdAt", "not a point in time")

    assert lines == [
        {
            "event": "drift",
            "log_level": "warning",
            "system": "pland",
            "field": "createdAt",
            "reason": "not a point in time",
        }
    ]


def test_another_reason_or_field_is_another_notice() -> None:
    drift = Drift("pland")

    with capture_logs() as lines:
        drift.notice("a", "not a text")
        drift.notice("a", "not a list")
        drift.notice("b", "not a text")

    assert len(lines) == 3
    assert drift.notices == {("a", "not a text"), ("a", "not a list"), ("b", "not a text")}


@pytest.mark.parametrize("field", ["_id", "Area_code", "customerGroupId", "contacts[].id", "x" * 64])
def test_what_looks_like_the_name_of_a_field_is_told(field: str) -> None:
    drift = Drift("pland")

    drift.notice(field, "not a text")

    assert drift.notices == {(field, "not a text")}


@pytest.mark.parametrize(
    "field", ["anna@example.com", "anna.berg", "Anna Berg", "+49 30 1", "4930", "Åsa", "", "x\n", "x" * 65, "[]", "a[]"]
)
def test_a_name_that_may_be_a_value_is_not_told_but_where_it_was(field: str) -> None:
    drift = Drift("pland")

    with capture_logs() as lines:
        drift.notice(field, "not documented for PlandCustomer")
        drift.notice("bertil@example.com", "not documented for PlandCustomer")

    assert [(line["field"], line["reason"]) for line in lines] == [(WITHHELD, "not documented for PlandCustomer")]


def test_notices_without_end_are_told_up_to_a_number_and_that_there_are_more() -> None:
    drift = Drift("pland")
    drift.notice("anna@example.com", "not a text")

    with capture_logs() as lines:
        for number in range(MOST_NOTICES - 1):
            drift.notice(f"field{number}", "not a text")
        drift.notice("bertil@example.com", "not a text")  # told already
        full = len(lines)
        for number in range(20_000):
            drift.notice(f"more{number}", "not a text")

    assert full == MOST_NOTICES - 1
    assert [(line["field"], line["reason"]) for line in lines[full:]] == [SUPPRESSED]
    assert len(drift.notices) == MOST_NOTICES + 1
    assert SUPPRESSED == ("*", "further drift notices suppressed")
