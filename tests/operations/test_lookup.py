"""What has changed in a record beside what was written."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from documents.nested_writes import DOCUMENT, WRITES

from customer_gateway.documents.changes import ABSENT
from customer_gateway.operations.lookup import foreign_changes


def test_each_place_that_differs_is_told_with_its_values_before_and_after() -> None:
    after: dict[str, Any] = deepcopy(DOCUMENT)
    after["owner"] = {"phone": "2", "id": 8, "unknown": False}
    after["contacts"] = []
    after["changed"] = "tomorrow"
    after["address"] = {"zip": 53112, "lines": [{"b": 1.5}], "floor": 3}

    found = foreign_changes(WRITES, DOCUMENT, after, [])

    assert list(found.items()) == [
        ("owner.phone", ("1", "2")),
        ("contacts", (DOCUMENT["contacts"], [])),
        ("address.city", ("Bonn", ABSENT)),
        ("address.floor", (ABSENT, 3)),
        ("address.made", ("now", ABSENT)),
        ("address.zip", (53111, 53112)),
    ]


def test_what_was_written_itself_around_it_or_within_it_is_left_out() -> None:
    after: dict[str, Any] = deepcopy(DOCUMENT)
    after |= {"name": "x", "owner": {"phone": "2"}, "address": {**DOCUMENT["address"], "city": "Köln", "zip": 1}}

    assert foreign_changes(WRITES, DOCUMENT, after, ["name", "owner", "address.city"]) == {"address.zip": (53111, 1)}
    assert foreign_changes(WRITES, DOCUMENT, after, ["name", "owner.phone", "address"]) == {}


def test_an_object_that_comes_or_goes_is_one_change() -> None:
    without = {name: value for name, value in DOCUMENT.items() if name != "owner"}

    assert foreign_changes(WRITES, without, DOCUMENT, []) == {"owner": (ABSENT, DOCUMENT["owner"])}
    assert foreign_changes(WRITES, {**DOCUMENT, "owner": None}, without, []) == {}
