"""What every system promises, asked of all of them by one suite."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from graphql import GraphQLObjectType, get_named_type
from vendors import VENDORS

from customer_gateway.api.schema import build_schema
from customer_gateway.documents.drift import WITHHELD, Drift
from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.documents.row import Row
from customer_gateway.documents.rows import Rows
from customer_gateway.documents.structs import Struct, VendorLeaf, graphql_name
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_gateway.systems.registry import Vendor

HERE = Path(__file__).parent
ALL = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.kind.slug)
READERS_OF_BILLING = {"billing.payment_terms", "billing.invoice_delivery", "billing.recipients"}


def sample(vendor: Vendor, name: str) -> dict[str, Any]:
    return orjson.loads((HERE / vendor.kind.slug / "samples" / f"{name}.json").read_bytes())


def samples(vendor: Vendor) -> list[dict[str, Any]]:
    """The full, the sparse and the nasty one, and what else a system keeps in its shape."""
    return [sample(vendor, name) for name in ("full", "sparse", "nasty")]


def documented(vendor: Vendor) -> list[str]:
    return (HERE / vendor.kind.slug / "documented.txt").read_text().split()


def context(vendor: Vendor) -> DocumentContext:
    place = ("http://vendor.test", "Europe/Berlin", "DE")
    return DocumentContext.of(vendor.kind.slug, *place, unix_seconds=vendor.kind.unix_seconds)


def view_of(vendor: Vendor, document: dict[str, Any]) -> Any:
    """The customer that a document is read as."""
    view: Any = vendor.kind.view
    how = context(vendor)
    return Rows(view, how).read_one(document) if issubclass(view, Row) else view(document, how)


def struct_paths(struct: Struct, before: str = "", seen: tuple[str, ...] = ()) -> Iterator[str]:
    for field in struct.fields:
        path = f"{before}{field.vendor}{'[]' if field.many else ''}"
        yield path
        if isinstance(field.type, Struct) and field.type.name not in seen:
            yield from struct_paths(field.type, f"{path}.", (*seen, struct.name))


def left_out(struct: Struct, before: str = "", seen: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """What no record type tells, nested objects' too, and why."""
    yield from ((f"{before}{name}", reason) for name, reason in struct.ignored.items())
    for field in struct.fields:
        if isinstance(field.type, Struct) and field.type.name not in seen:
            yield from left_out(field.type, f"{before}{field.vendor}.", (*seen, struct.name))


def sample_paths(document: dict[str, Any], before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in document.items():
        yield f"{before}{name}", document
        for part in value if is_list(value) else [value]:
            if is_object(part):
                yield from sample_paths(part, f"{before}{name}.")


def json_paths(struct: Struct, before: str = "") -> Iterator[str]:
    """The fields that are read as they are, whatever is in them."""
    for field in struct.fields:
        if field.type is VendorLeaf.JSON:
            yield f"{before}{field.vendor}"
        elif isinstance(field.type, Struct):
            yield from json_paths(field.type, f"{before}{field.vendor}.")


def plain(path: str) -> str:
    return path.replace("[]", "")


@ALL
def test_every_field_of_the_seed_is_on_the_record_type(vendor: Vendor) -> None:
    schema = build_schema([vendor.kind])
    known = {plain(path) for path in struct_paths(vendor.kind.record)}

    missing = [path for path in documented(vendor) if plain(path) not in known]

    assert missing == []
    for path in documented(vendor):
        assert_selectable(schema.type_map[vendor.kind.record.name], path)


def assert_selectable(object_type: Any, path: str) -> None:
    for name in plain(path).split("."):
        assert isinstance(object_type, GraphQLObjectType), path
        assert graphql_name(name) in object_type.fields, f"{object_type.name} lacks {name} of {path}"
        assert object_type.fields[graphql_name(name)].description, f"{path} says nothing of itself"
        object_type = get_named_type(object_type.fields[graphql_name(name)].type)  # pyright: ignore[reportUnknownVariableType] - graphql-core leaves it open


@ALL
def test_every_documented_field_of_the_full_sample_is_read(vendor: Vendor) -> None:
    full = sample(vendor, "full")
    kind = context(vendor)

    unread = [path for path in documented(vendor) if not values_at(vendor.kind.record, Record(full, kind), path)]

    assert unread == []
    assert kind.drift.notices == set()


def values_at(struct: Any, part: Record, path: str) -> list[Any]:
    """The non-null values that the record type gives for a path of the document."""
    name, _, rest = plain(path).partition(".")
    field = struct.by_vendor_name[name]
    value = field.read(part)
    found = [each for each in (value if is_list(value) else [value]) if each is not None]
    return [deep for each in found for deep in values_at(field.type, each, rest)] if rest else found


@ALL
def test_every_field_of_the_samples_is_read_or_left_out_for_a_reason(vendor: Vendor) -> None:
    known = {plain(path) for path in struct_paths(vendor.kind.record)}
    ignored = dict(left_out(vendor.kind.record))
    whole = [*ignored, *json_paths(vendor.kind.record)]

    strange = [
        path
        for document in (sample(vendor, "full"), sample(vendor, "sparse"))  # the nasty one is strange on purpose
        for path, _ in sample_paths(document)
        if path not in known and not any(path == name or path.startswith(f"{name}.") for name in whole)
    ]

    assert strange == []
    assert all(ignored.values())


@ALL
def test_no_document_however_odd_makes_a_unified_field_fail(vendor: Vendor) -> None:
    names = [f"{name}_key" if name in {"owner", "updater", "creator"} else name for name in UNIFIED_FIELDS]

    for document in samples(vendor):
        view = view_of(vendor, document)
        for name in [*names, "version", "link", "key"]:
            getattr(view, name, None)


@ALL
def test_odd_values_are_noticed_once_and_never_told(vendor: Vendor) -> None:
    kind = context(vendor)
    part = Record(sample(vendor, "nasty"), kind)

    for field in vendor.kind.record.fields:
        field.read(part)
    noticed = set(kind.drift.notices)
    for field in vendor.kind.record.fields:
        field.read(part)

    assert noticed, "the nasty sample holds something that cannot be read"
    assert kind.drift.notices == noticed


@ALL
def test_a_field_nobody_documented_is_a_drift_notice_and_no_error(vendor: Vendor) -> None:
    kind = context(vendor)

    vendor.kind.record.notice_undocumented({**sample(vendor, "full"), "quiteNew": 1}, kind)

    assert ("quiteNew", f"not documented for {vendor.kind.record.name}") in kind.drift.notices


@ALL
def test_every_documented_name_is_one_that_a_notice_tells(vendor: Vendor) -> None:
    names = {name for path in struct_paths(vendor.kind.record) for name in plain(path).split(".")}

    noticed: set[tuple[str, str]] = set()
    for name in names:
        drift = Drift("acme")
        drift.notice(name, "not a text")
        noticed |= drift.notices

    assert noticed == {(name, "not a text") for name in names}


@ALL
def test_a_document_keyed_by_values_tells_none_of_them(vendor: Vendor) -> None:
    kind = context(vendor)

    for number in range(1_000):
        vendor.kind.record.notice_undocumented({**sample(vendor, "full"), f"anna{number}@example.com": True}, kind)

    assert kind.drift.notices == {(WITHHELD, f"not documented for {vendor.kind.record.name}")}


@ALL
def test_readers_are_named_after_unified_fields(vendor: Vendor) -> None:
    of_the_record = {f"record.{field.vendor}" for field in vendor.kind.record.fields}

    assert vendor.kind.readers <= {*UNIFIED_FIELDS, "version"} | READERS_OF_BILLING | of_the_record


def told(noun: Any) -> Iterator[tuple[str, str]]:
    """Type and name of each field of a noun, and of those inside it, that holds something."""
    for each in noun if is_list(noun) else [noun]:
        for field in fields(each) if is_dataclass(each) else ():
            value = getattr(each, field.name)
            if value not in (None, [], ()):
                yield type(each).__name__, field.name.removesuffix("_key")
                yield from told(value)


@ALL
def test_the_full_sample_tells_the_details_that_are_declared_and_no_other(vendor: Vendor) -> None:
    kind = vendor.kind
    view = view_of(vendor, sample(vendor, "full"))
    never_missing = {"system", "key", "customer", "kind", "lines"}
    by_other_calls = {("Billing", name.removeprefix("billing.")) for name in kind.readers & READERS_OF_BILLING}

    nouns = [getattr(view, name, None) for name in UNIFIED_FIELDS]
    found = {(type_name, name) for noun in nouns for type_name, name in told(noun) if name not in never_missing}

    embedded = kind.details.keys() & {type_name for type_name, _ in found}
    declared = {(type_name, name) for type_name in embedded for name in kind.details[type_name]}
    assert {each for each in found if each[0] in kind.details} == declared - by_other_calls
    assert by_other_calls <= {("Billing", name) for name in kind.details.get("Billing", ())}


@ALL
def test_the_seed_list_names_nothing_twice(vendor: Vendor) -> None:
    assert len(documented(vendor)) == len(set(documented(vendor)))


def test_a_field_of_several_record_types_has_one_integer_type() -> None:
    """Int and Long beside each other cannot be selected in one document: the executor could not merge them."""
    types: dict[str, set[Any]] = {}
    for vendor in VENDORS:
        for field in vendor.kind.record.fields:
            types.setdefault(field.name, set()).add(field.type if isinstance(field.type, VendorLeaf) else None)

    assert {name for name, found in types.items() if {VendorLeaf.INT, VendorLeaf.LONG} <= found} == set()
