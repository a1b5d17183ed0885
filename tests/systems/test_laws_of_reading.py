"""Laws of reading, asked of every system: no value raises, costs a sibling, or is hidden."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from systems.test_contract import context, json_paths, sample, view_of
from vendors import FACTS, VENDORS

from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.documents.row import Part
from customer_gateway.documents.structs import VendorLeaf
from customer_gateway.documents.values import is_empty
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from customer_gateway.documents.structs import Struct
    from customer_gateway.systems.registry import Vendor

Path = tuple[str | int, ...]

BY_SLUG: Final[Mapping[str, Vendor]] = {vendor.kind.slug: vendor for vendor in VENDORS}
IDENTITY: Final = {slug: {*facts.identity, *facts.embedded.values()} for slug, facts in FACTS.items()}
"""What tells a record of each vendor from others: without it there is nothing to read."""

_NOUN: Final = (
    *("key", "name", "first_name", "last_name", "title", "department", "email", "phone", "mobile", "fax", "address"),
    "notes",
)
"""What contacts and users say."""

_NOUNS: Final = {"contacts", "accounts", "agreements"}

TOGETHER: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    (slug, name): together for slug, facts in FACTS.items() for name, together in facts.told_together.items()
}
"""The unified fields that a vendor's field has a say in beside others that tell them."""

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


ODD: Final[tuple[Any, ...]] = ("0000-00-00", "-1", 9, 1e300, {"of": 1}, [{"of": 1}, "x?"], ["x?", "y?"])
"""Values of every type that most fields cannot be: each is tried in each place."""

ALL: Final = pytest.mark.parametrize("slug", BY_SLUG)


def paths_of(document: Any, before: Path = ()) -> Iterator[Path]:
    """Every place of a document, the inner ones too."""
    inner = document.items() if is_object(document) else enumerate(document) if is_list(document) else ()
    for name, value in inner:
        yield (*before, name)
        yield from paths_of(value, (*before, name))


@cache
def places(slug: str) -> list[Path]:
    """The places of the full sample, but for those that say which record, or which nested noun, it is."""
    full = full_sample(slug)
    return [path for path in paths_of(full) if not (isinstance(path[-1], str) and path[-1] in IDENTITY[slug])]


def value_at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def changed(document: Any, path: Path, value: Any) -> Any:
    """The document with another value in one place."""
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = changed(document[path[0]], path[1:], value)
    return copy


@cache
def full_sample(slug: str) -> dict[str, Any]:
    return sample(BY_SLUG[slug], "full")


def told(noun: Any) -> Any:
    """What a value says, nouns and their parts included, without how it is read."""
    if names := names_of(noun):
        return {name: told(getattr(noun, name)) for name in names} | with_plain_key(noun)
    return list(map(told, noun)) if isinstance(noun, (list, tuple)) else noun  # pyright: ignore[reportUnknownArgumentType] - of anything


def with_plain_key(noun: Any) -> dict[str, str]:
    """The key of a noun without the digest of its content: that changes with any value, as it should."""
    owner, digest, _ = str(getattr(noun, "key", "")).partition("~")
    return {"key": owner + digest} if digest else {}


def names_of(noun: Any) -> list[str]:
    """The names of the parts of a noun or a value object."""
    if isinstance(noun, Record):
        return [name for name in _NOUN if hasattr(noun, name)]
    if isinstance(noun, Part):
        return [name for name in noun.__struct_fields__ if name not in {"context", "misread"}]
    if is_dataclass(noun):
        return [each.name for each in fields(noun)]
    return list(getattr(noun, "_fields", ()))


def readable(vendor: Vendor) -> list[str]:
    """The unified fields that a vendor's document tells, or the key of."""
    names = [f"{name}_key" if name in {"owner", "updater", "creator"} else name for name in UNIFIED_FIELDS]
    return [name for name in names if getattr(vendor.kind.view, name, None) is not None]


def all_told(vendor: Vendor, document: dict[str, Any]) -> dict[str, Any]:
    view = view_of(vendor, document)
    return {name: told(getattr(view, name)) for name in readable(vendor)}


def unified_leaves(vendor: Vendor, document: dict[str, Any]) -> dict[Path, Any]:
    """What is told, by its place: nested nouns by keys, or places, and to their depths, other fields as a whole."""
    found: dict[Path, Any] = {}
    for name, value in all_told(vendor, document).items():
        listed = enumerate(value) if name in _NOUNS and is_list(value) else None
        nouns = listed and {f"{at}~" if each["key"].endswith("~") else each["key"]: each for at, each in listed}
        found |= leaves(nouns if nouns is not None else value, (name,), deep=name == "billing" or nouns is not None)
    return found


def leaves(value: Any, before: Path = (), *, deep: bool = True) -> dict[Path, Any]:
    """Every value by its place, but for those that are nothing; a list of plain values is one."""
    if not deep or not is_of_objects(value):
        return {} if is_empty(value) else {before: value}
    inner = value.items() if is_object(value) else enumerate(value)
    return {path: leaf for name, each in inner for path, leaf in leaves(each, (*before, name)).items()}


def record_told(struct: Struct, part: Record) -> dict[str, Any]:
    """What the record type tells of a document, to its depths, under the vendor's names."""

    def deep(kind: VendorLeaf | Struct, value: Any) -> Any:
        if is_list(value):
            return [deep(kind, each) for each in value]
        return value if isinstance(kind, VendorLeaf) or value is None else record_told(kind, value)

    return {field.vendor: deep(field.type, field.read(part)) for field in struct.fields}


def record_of(vendor: Vendor, document: dict[str, Any]) -> dict[str, Any]:
    return record_told(vendor.kind.record, Record(document, context(vendor)))


def with_one_field(slug: str, path: Path) -> dict[str, Any]:
    """What the full sample holds under the first name of the path, and who it is."""
    return {name: value for name, value in full_sample(slug).items() if name in IDENTITY[slug] or name == path[0]}


@cache
def touched(slug: str, path: Path) -> frozenset[Path]:
    """The unified leaves that a place of the full sample tells: its absence, or the other answer, changes them."""
    vendor = BY_SLUG[slug]
    alone = with_one_field(slug, path)
    held = value_at(alone, path)
    before = unified_leaves(vendor, alone)
    others = [unified_leaves(vendor, changed(alone, path, each)) for each in (None, held is False)]
    others = others if isinstance(held, bool) else others[:1]
    return frozenset(leaf for after in others for leaf in before if before[leaf] != after.get(leaf))


@cache
def of_full(slug: str) -> tuple[dict[Path, Any], dict[Path, Any]]:
    """What the full sample tells, unified and by its record type."""
    vendor = BY_SLUG[slug]
    full = full_sample(slug)
    return unified_leaves(vendor, full), leaves(record_of(vendor, full))


def is_still_told(before: Any, after: Any) -> bool:
    """Whether all that was told is told yet, beside more."""
    if is_object(before):
        return is_object(after) and all(is_still_told(each, after.get(name)) for name, each in before.items())
    if is_list(before):
        return is_list(after) and all(any(is_still_told(each, other) for other in after) for each in before)
    return before in after if isinstance(before, str) and isinstance(after, str) else before == after


def is_of_objects(value: Any) -> bool:
    return is_object(value) or (is_list(value) and bool(value) and all(map(is_object, value)))


def says_nothing(value: Any) -> bool:
    """Whether a value is empty to its depths, or a documented way to say that there is none."""
    if is_object(value):
        return all(map(says_nothing, value.values()))
    if is_list(value):
        return all(map(says_nothing, value))
    return value in (None, 0) or (isinstance(value, str) and (not value.strip() or value.startswith("0001-01-01")))


PLACES: Final = st.sampled_from([(slug, path) for slug in BY_SLUG for path in places(slug)])


def assert_no_sibling_is_lost(slug: str, path: Path, value: Any) -> None:
    vendor = BY_SLUG[slug]
    document = changed(full_sample(slug), path, value)
    before, record_before = of_full(slug)

    after, record_after = unified_leaves(vendor, document), leaves(record_of(vendor, document))

    lost = {leaf for leaf in before if before[leaf] != after.get(leaf)} - touched(slug, path)
    assert {str(leaf[0]) for leaf in lost} <= TOGETHER.get((slug, str(path[0])), frozenset()), (path, value)
    first = next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))
    own = path if isinstance(path[-1], str) else path[:first]  # an item that is left out moves those after it
    lost = {leaf for leaf in record_before if record_before[leaf] != record_after.get(leaf)}
    assert {leaf for leaf in lost if leaf[: len(own)] != own} == set(), (path, value)


def assert_nothing_is_hidden(slug: str, path: Path, value: Any) -> None:
    vendor = BY_SLUG[slug]
    alone = with_one_field(slug, path)
    if says_nothing(value) or (is_of_objects(value) and is_of_objects(value_at(alone, path))):
        return  # an object with other names than documented holds nothing under those that are
    document = changed(alone, path, value)
    view, before, after = view_of(vendor, document), unified_leaves(vendor, alone), unified_leaves(vendor, document)
    noticed = notices_of(vendor, document)

    for leaf in touched(slug, path) & before.keys():
        name = str(leaf[0])
        assert leaf in after or noticed, (path, value, leaf)
        assert name == "billing" or not is_empty(getattr(view, name)) or view.unreadable(name), (path, value, name)


def assert_a_list_reads_as_its_item(slug: str, path: Path) -> None:
    vendor = BY_SLUG[slug]
    full = full_sample(slug)
    value = value_at(full, path)
    item = value[0] if is_list(value) and value else value
    if is_list(item) or isinstance(path[-1], int) or is_told_as_it_is(vendor, path):
        return

    lone, listed = changed(full, path, item), changed(full, path, [item])

    assert all_told(vendor, lone) == all_told(vendor, listed), path
    assert record_of(vendor, lone) == record_of(vendor, listed), path
    assert notices_of(vendor, lone) == notices_of(vendor, listed), path


def is_told_as_it_is(vendor: Vendor, path: Path) -> bool:
    """Whether a place is in a field of JSON, which is read whatever is in it."""
    names = ".".join(step for step in path if isinstance(step, str))
    return any(f"{names}.".startswith(f"{each}.") for each in json_paths(vendor.kind.record))


def notices_of(vendor: Vendor, document: dict[str, Any]) -> set[tuple[str, str]]:
    """What is noticed while the unified fields are read."""
    view = view_of(vendor, document)
    for name in readable(vendor):
        told(getattr(view, name))
    return view.context.drift.notices


@ALL
def test_no_odd_value_in_any_place_raises_anything_or_costs_a_sibling(slug: str) -> None:
    for path in places(slug):
        for value in ODD:
            assert_no_sibling_is_lost(slug, path, value)


@given(place=PLACES, value=JSON)
def test_one_value_of_any_type_raises_nothing_and_costs_no_sibling(place: tuple[str, Path], value: Any) -> None:
    assert_no_sibling_is_lost(*place, value)


@ALL
def test_an_odd_item_of_a_list_costs_no_other(slug: str) -> None:
    vendor = BY_SLUG[slug]
    full = full_sample(slug)
    lists = [path for path in places(slug) if is_list(value_at(full, path))]
    for path in lists:
        for odd in ODD:
            document = changed(full, path, [*value_at(full, path), odd])
            assert is_still_told(all_told(vendor, full), all_told(vendor, document)), (path, odd)
            assert is_still_told(record_of(vendor, full), record_of(vendor, document)), (path, odd)


@ALL
def test_no_field_is_empty_where_its_place_holds_something_odd(slug: str) -> None:
    for path in places(slug):
        for value in ODD:
            assert_nothing_is_hidden(slug, path, value)


@given(place=PLACES, value=JSON)
def test_a_field_is_never_empty_where_its_place_holds_something(place: tuple[str, Path], value: Any) -> None:
    assert_nothing_is_hidden(*place, value)


@ALL
def test_a_list_and_its_lone_item_read_alike(slug: str) -> None:
    for path in places(slug):
        assert_a_list_reads_as_its_item(slug, path)
