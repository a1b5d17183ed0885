"""What Billbee's own way of writing is: an archived record refuses every change, a default has one writer."""

from __future__ import annotations

from typing import Any

import pytest
from systems.test_laws_of_writing import present
from vendors import VENDORS

from customer_gateway.documents.patching import spelled
from customer_gateway.model.changes import RefusalCode
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


def test_a_default_is_not_written_by_two_ways_at_once() -> None:
    now = present(next(each for each in VENDORS if each.kind.slug == "billbee"))
    section = {"defaultMailAddress": {"value": "one@example.com"}, "defaultFax": {"subType": "x"}}

    for patch in (
        {"email": "other@example.com", "billbee": section},
        {"billbee": section, "email": "other@example.com"},
    ):
        written = spelled(WRITES, "billbee", patch, now, creates=False)
        assert {each.code for each in written.refusals} == {RefusalCode.EXCLUSIVE}
        assert written.values["DefaultFax.SubType"] == "x"
