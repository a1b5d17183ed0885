"""A version changes with what can be written, and with nothing else."""

from __future__ import annotations

from typing import Any, cast

import pytest
from documents.nested_writes import DOCUMENT, WRITES
from systems.test_laws_of_writing import (
    ALL,
    OF_LEAF,
    WRITTEN,
    each_field,
    patched,
    present,
    section_leaves,
    value_of,
    writes_of,
)

from customer_gateway.documents.changes import changes_of, with_values
from customer_gateway.documents.exact import decode
from customer_gateway.documents.structs import VendorLeaf
from customer_gateway.documents.versions import version_of
from customer_gateway.systems.registry import Vendor  # noqa: TC001  pytest shows it


@each_field()
def test_what_is_written_is_another_version(vendor: Vendor, name: str) -> None:
    now = present(vendor)
    values = patched(vendor, now, {name: value_of(vendor, name)}).values

    result = with_values(now.document, values)

    is_other = version_of(writes_of(vendor), result) != version_of(writes_of(vendor), now.document)
    assert is_other == bool(changes_of(now.document, values))


@ALL
def test_what_the_server_makes_is_the_same_version(vendor: Vendor) -> None:
    writes, now = writes_of(vendor), present(vendor)
    before = version_of(writes, now.document)

    for _, place, field in section_leaves(writes.record):
        if place in writes.server_made and isinstance(field.type, VendorLeaf):
            changed = with_values(now.document, {place: str(OF_LEAF[field.type])})
            assert (place, version_of(writes, changed)) == (place, before)


@pytest.mark.vendors("next")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"name":"x","markup":1.10}', b'{"markup":1.1,"name":"x"}'),
        (b'{"name":"x","markup":10}', b'{"name":"x","markup":1e1}'),
        (b'{"name":"x","phone":null}', b'{"name":"x"}'),
        (b'{"name":"x","unknown":1}', b'{"name":"x","unknown":2}'),
    ],
)
def test_what_says_the_same_is_the_same_version(one: bytes, other: bytes) -> None:
    writes = next(each for each in map(writes_of, WRITTEN) if "markup" in each.record.by_vendor_name)

    assert version_of(writes, decode(one)) == version_of(writes, decode(other))


@pytest.mark.parametrize(
    ("document", "version"),
    [
        (DOCUMENT, "c54eec308cb823bea4b436c9"),
        ({}, "372a75579cdecf8747afc261"),
        ({"owner": {"id": 1}}, "372a75579cdecf8747afc261"),
        ({"owner": {}}, "372a75579cdecf8747afc261"),
        ({"owner": None, "contacts": []}, "a46d5592816c2d0437b7bc20"),
        ({"owner": [{"phone": "1"}], "contacts": {"name": "B"}}, "7667e08216541a64b03370e5"),
    ],
)
def test_a_version_stays_what_clients_hold_from_earlier_releases(document: Any, version: str) -> None:
    assert version_of(WRITES, document) == version


def test_the_order_of_members_and_null_ones_do_not_count_in_nested_objects_either() -> None:
    assert version_of(WRITES, _turned(DOCUMENT)) == version_of(WRITES, DOCUMENT)


def _turned(value: Any) -> Any:
    """Return a document with members in the other order, and with null ones more."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {"none": None, **{name: _turned(each) for name, each in reversed(members.items())}}
    return [_turned(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value
