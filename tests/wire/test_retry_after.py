from __future__ import annotations

from datetime import UTC, datetime

import pytest

from customer_gateway.wire.retry_after import seconds

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 120 ", 120),
        ("1.5", None),
        ("-1", None),
        ("²", None),
        ("9" * 400, 86_400),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30),
        ("Sat, 21 Nov 2099 12:00:30 GMT", 86_400),
        ("tomorrow", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Sat, 21 Nov 2026 12:00:30 +9999999999999999", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Sat, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_both_forms_are_read_and_nonsense_is_none(header: str | None, wait: float | None) -> None:
    assert seconds(header, NOW) == wait
