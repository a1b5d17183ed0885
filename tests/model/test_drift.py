"""Drift: each oddity is told once, by field and reason, never by value."""

from __future__ import annotations

from structlog.testing import capture_logs

from customer_gateway.model.drift import Drift, Watch


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


def test_whole_documents_are_looked_at_first_and_then_once_a_minute() -> None:
    now = 1_000.0
    watch = Watch(lambda: now)

    first, at_once = watch.due(), watch.due()
    now += 59
    before = watch.due()
    now += 1

    assert (first, at_once, before, watch.due(), watch.due()) == (True, False, False, True, False)
