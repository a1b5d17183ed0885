"""The nouns and the names under which they are told belong together."""

from __future__ import annotations

from customer_gateway.model.nouns import RELATIONS, UNIFIED_FIELDS, Customer

USERS = {"owner", "updater", "creator"}


def test_every_unified_field_has_its_place_in_the_protocol() -> None:
    told_by_readers_alone = {"invoices"}
    places = {f"{name}_key" if name in USERS else name for name in UNIFIED_FIELDS} - told_by_readers_alone

    assert {name for name in places if not hasattr(Customer, name)} == set()


def test_no_unified_field_is_named_twice() -> None:
    assert len(set(UNIFIED_FIELDS)) == len(UNIFIED_FIELDS)
    assert set(RELATIONS) < set(UNIFIED_FIELDS)
