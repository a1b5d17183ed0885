"""What Billbee's own way of writing is: an archived record refuses every change."""

from __future__ import annotations

from typing import Any

import pytest

from customer_gateway.systems.billbee.write import WRITES

pytestmark = pytest.mark.vendors("billbee")

FIRST, LATER = "2026-01-01T00:00:00", "2026-02-01T00:00:00"


@pytest.mark.parametrize(
    ("document", "archived"),
    [
        ({}, False),
        ({"ArchivedAt": None, "RestoredAt": None}, False),
        ({"ArchivedAt": FIRST}, True),
        ({"ArchivedAt": LATER, "RestoredAt": FIRST}, True),
        ({"ArchivedAt": FIRST, "RestoredAt": FIRST}, True),
        ({"ArchivedAt": FIRST, "RestoredAt": LATER}, False),
    ],
)
def test_a_record_is_archived_until_it_is_restored_later(document: dict[str, Any], archived: bool) -> None:
    assert WRITES.archived(document) is archived
