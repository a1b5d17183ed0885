"""Documented structs: a line a field says under which name, as what type and in which form it is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from customer_gateway.documents import structs as documents
from customer_gateway.documents.record import Reading, Record
from customer_gateway.documents.structs import Field, Leaf, Struct, graphql_name


def reading() -> Reading:
    return Reading.of("pland", "https://pland.test", "Europe/Berlin", "DE")


def record(value: Any) -> Record:
    return Record({"Field": value}, reading())


ADDRESS = Struct("PlandAddress", "An address.", [documents.text("city", "City.")])


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("_id", "id"),
        ("VatId", "vatId"),
        ("Area_code", "areaCode"),
        ("customer_group_id", "customerGroupId"),
        ("name", "name"),
        ("Tel1", "tel1"),
        ("is_supplier", "isSupplier"),
        ("vat_number", "vatNumber"),
    ],
)
def test_a_vendors_name_is_said_in_camel_case(vendor: str, name: str) -> None:
    assert graphql_name(vendor) == name
    assert documents.text(vendor, "About.").name == name


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (documents.identifier("Field", "…"), 1042, "1042"),
        (documents.identifier("Field", "…"), "1042", "1042"),
        (documents.identifier("Field", "…"), "", ""),
        (documents.text("Field", "…"), " as sent ", " as sent "),
        (documents.text("Field", "…"), "", ""),
        (documents.text("Field", "…"), 5, "5"),
        (documents.texts("Field", "…"), ["a", "", None], ["a", ""]),
        (documents.texts("Field", "…"), "alone", ["alone"]),
        (documents.integer("Field", "…"), 2**31 - 1, 2**31 - 1),
        (documents.long("Field", "…"), 2**40, 2**40),
        (documents.long("Field", "…"), "9000000000", 9_000_000_000),
        (documents.decimal("Field", "…"), 12.5, Decimal("12.5")),
        (documents.boolean("Field", "…"), 0, False),
        (documents.moment("Field", "…"), 1774220400000, datetime(2026, 3, 22, 23, tzinfo=UTC)),
        (documents.day("Field", "…"), "2026-01-31", date(2026, 1, 31)),
        (documents.json("Field", "…"), {"any": [1, None]}, {"any": [1, None]}),
        (documents.many("Field", Leaf.DAY, "…"), ["2026-01-31", None], [date(2026, 1, 31)]),
        (documents.many("Field", Leaf.INT, "…"), [], []),
    ],
)
def test_a_field_is_read_as_its_type(field: Field, value: object, expected: object) -> None:
    part = record(value)

    assert field.read(part) == expected
    assert part.reading.drift.notices == set()


@pytest.mark.parametrize(
    "field",
    [
        documents.text("Field", "…"),
        documents.texts("Field", "…"),
        documents.one("Field", ADDRESS, "…"),
        documents.many("Field", ADDRESS, "…"),
    ],
)
def test_an_absent_field_and_a_null_one_are_none(field: Field) -> None:
    assert field.read(record(None)) is None
    assert field.read(Record({}, reading())) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (documents.integer("Field", "…"), 2**31, "larger than 32 bits"),
        (documents.long("Field", "…"), 2**63, "larger than 64 bits"),
        (documents.long("Field", "…"), 2.0**70, "not an integer"),
        (documents.text("Field", "…"), {}, "not a text"),
        (documents.one("Field", ADDRESS, "…"), "Hamburg", "not an object"),
        (documents.decimal("Field", "…"), "x", "not a number"),
        (documents.boolean("Field", "…"), "x", "not a boolean"),
    ],
)
def test_what_cannot_be_read_is_none_with_a_notice(field: Field, value: object, reason: str) -> None:
    part = record(value)

    assert field.read(part) is None
    assert part.reading.drift.notices == {("Field", reason)}


def test_a_nested_struct_is_read_as_a_record_of_its_own() -> None:
    part = record({"city": "Hamburg"})
    nested = documents.one("Field", ADDRESS, "…").read(part)

    assert isinstance(nested, Record)
    assert ADDRESS.by_vendor_name["city"].read(nested) == "Hamburg"
    assert nested.reading is part.reading


def test_of_a_list_of_structs_those_that_are_none_are_left_out() -> None:
    part = record([{"city": "Hamburg"}, "Bremen", None])
    nested = documents.many("Field", ADDRESS, "…").read(part)

    assert [each.document for each in nested] == [{"city": "Hamburg"}]
    assert part.reading.drift.notices == {("Field", "not an object")}


def test_a_field_nobody_documented_is_noticed_and_an_ignored_one_is_not() -> None:
    struct = Struct("PlandCustomer", "A customer.", [documents.text("name", "…")], {"avatar": "a picture"})
    kind = reading()

    struct.watch({"name": "A", "avatar": "…"}, kind)
    assert kind.drift.notices == set()

    struct.watch({"name": "A", "shoeSize": 44}, kind)
    assert kind.drift.notices == {("shoeSize", "not documented for PlandCustomer")}
