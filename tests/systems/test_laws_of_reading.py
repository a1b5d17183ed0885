"""Laws of reading, asked of every system: no value raises, costs a sibling, or is hidden."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from hypothesis import given
from hypothesis import strategies as st
from systems.test_contract import reading, sample, view_of

from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.documents.rows import Part
from customer_gateway.documents.structs import Leaf
from customer_gateway.documents.values import is_empty
from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from customer_gateway.documents.structs import Struct
    from customer_gateway.systems.registry import Vendor

Path = tuple[str | int, ...]

BY_SLUG: Final[Mapping[str, Vendor]] = {vendor.kind.slug: vendor for vendor in VENDORS}
IDENTITY: Final = {"_id", "id", "Id", "client", "number", "context", "user"}
"""What tells a record from others: without it there is nothing to read."""

_NOUN: Final = (
    *("key", "name", "first_name", "last_name", "title", "department", "email", "phone", "mobile", "fax", "address"),
    "notes",
)
"""What contacts and users say."""

TEXTS: Final = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        ["0001-01-01T00:00:00", "0000-00-00", "20250630", "Y", "TRUE", "1.0", "-1", " ", "a@b; c@d", "EUR"]
    ),
)
LEAVES: Final = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
JSON: Final = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=4,
)


def paths_of(document: Any, before: Path = ()) -> Iterator[Path]:
    """Every place of a document, the inner ones too."""
    inner = document.items() if is_object(document) else enumerate(document) if is_list(document) else ()
    for name, value in inner:
        yield (*before, name)
        yield from paths_of(value, (*before, name))


@cache
def places(slug: str) -> list[Path]:
    """The places of the full sample, but for those that say which record, or which nested noun, it is."""
    full = sample(BY_SLUG[slug], "full")
    return [path for path in paths_of(full) if not (isinstance(path[-1], str) and path[-1] in IDENTITY)]


def value_at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def changed(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the document with another value in one place."""
    copy = deepcopy(document)
    value_at(copy, path[:-1])[path[-1]] = value
    return copy


def told(noun: Any) -> Any:
    """What a value says, nouns and their parts included, without how it is read."""
    if is_list(noun):
        return [told(each) for each in noun]
    if isinstance(noun, Record):
        return {name: told(getattr(noun, name)) for name in _NOUN if hasattr(noun, name)}
    if isinstance(noun, Part):
        return {
            name: told(getattr(noun, name)) for name in noun.__struct_fields__ if name not in {"reading", "misread"}
        }
    if is_dataclass(noun):
        return {each.name: told(getattr(noun, each.name)) for each in fields(noun)}
    return noun


def readable(vendor: Vendor) -> list[str]:
    """The unified fields that a vendor's document tells, or the key of."""
    names = [f"{name}_key" if name in {"owner", "updater", "creator"} else name for name in UNIFIED_FIELDS]
    return [name for name in names if getattr(vendor.kind.view, name, None) is not None]


def all_told(vendor: Vendor, document: dict[str, Any]) -> dict[str, Any]:
    view = view_of(vendor, document)
    return {name: told(getattr(view, name)) for name in readable(vendor)}


def record_told(struct: Struct, part: Record) -> dict[str, Any]:
    """What the record type tells of a document, to its depths."""

    def deep(kind: Leaf | Struct, value: Any) -> Any:
        if is_list(value):
            return [deep(kind, each) for each in value]
        return value if isinstance(kind, Leaf) or value is None else record_told(kind, value)

    return {field.name: deep(field.type, field.read(part)) for field in struct.fields}


@cache
def touched(slug: str, path: Path) -> frozenset[str]:
    """The unified fields that depend on a place of the full sample: those that its absence changes."""
    vendor = BY_SLUG[slug]
    full = sample(vendor, "full")
    alone = {name: value for name, value in full.items() if name in IDENTITY or name == path[0]}
    gone: set[str] = set()
    for document in (full, alone):
        before, after = all_told(vendor, document), all_told(vendor, changed(document, path, None))
        gone |= {name for name in before if before[name] != after[name]}
    return frozenset(gone)


def says_nothing(value: Any) -> bool:
    """Whether a value is empty to its depths, or a documented way to say that there is none."""
    if is_object(value):
        return all(map(says_nothing, value.values()))
    if is_list(value):
        return all(map(says_nothing, value))
    return value in (None, 0) or (isinstance(value, str) and (not value.strip() or value.startswith("0001-01-01")))


PLACES: Final = st.sampled_from([(slug, path) for slug in BY_SLUG for path in places(slug)])


@given(place=PLACES, value=JSON)
def test_one_value_of_any_type_raises_nothing_and_costs_no_sibling(place: tuple[str, Path], value: Any) -> None:
    slug, path = place
    vendor = BY_SLUG[slug]
    full = sample(vendor, "full")
    document = changed(full, path, value)

    before, after = all_told(vendor, full), all_told(vendor, document)
    record_before, record_after = (
        record_told(vendor.kind.record, Record(each, reading(vendor))) for each in (full, document)
    )

    assert {name for name in before if before[name] != after[name]} <= touched(slug, path)
    (field,) = (each.name for each in vendor.kind.record.fields if each.vendor == path[0])
    assert {name for name in record_before if record_before[name] != record_after[name]} <= {field}


@given(place=PLACES, value=JSON)
def test_a_field_is_never_empty_where_its_place_holds_something(place: tuple[str, Path], value: Any) -> None:
    slug, path = place
    vendor = BY_SLUG[slug]
    full = sample(vendor, "full")
    if says_nothing(value) or (is_object(value) and is_object(value_at(full, path))):
        return  # an object with other names than documented holds nothing under those that are
    alone = {name: each for name, each in full.items() if name in IDENTITY or name == path[0]}
    view = view_of(vendor, changed(alone, path, value))

    for name in touched(slug, path):
        before = getattr(view_of(vendor, alone), name)
        if is_empty(before) or name == "billing":
            continue
        assert not is_empty(getattr(view, name)) or view.unreadable(name), name


@given(place=PLACES)
def test_a_list_and_its_lone_item_read_alike(place: tuple[str, Path]) -> None:
    slug, path = place
    vendor = BY_SLUG[slug]
    full = sample(vendor, "full")
    value = value_at(full, path)
    item = value[0] if is_list(value) and value else value
    if is_list(item) or any(isinstance(step, int) for step in path[-1:]):
        return

    lone, listed = changed(full, path, item), changed(full, path, [item])

    assert all_told(vendor, lone) == all_told(vendor, listed)
    assert record_told(vendor.kind.record, Record(lone, reading(vendor))) == record_told(
        vendor.kind.record, Record(listed, reading(vendor))
    )
