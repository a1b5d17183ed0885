"""Documented structs: a line a field says under which name, as what type and in which form it is read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from customer_gateway.documents import structs as documents
from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.documents.structs import Struct, VendorField, VendorLeaf, graphql_name


def context() -> DocumentContext:
    return DocumentContext.of("pland", "https://pland.test", "Europe/Berlin", "DE")


def record(value: Any) -> Record:
    return Record({"VendorField": value}, context())


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
        (documents.identifier("VendorField", "…"), 1042, "1042"),
        (documents.identifier("VendorField", "…"), "1042", "1042"),
        (documents.identifier("VendorField", "…"), "", ""),
        (documents.text("VendorField", "…"), " as sent ", " as sent "),
        (documents.text("VendorField", "…"), "", ""),
        (documents.text("VendorField", "…"), 5, "5"),
        (documents.texts("VendorField", "…"), ["a", "", None], ["a", ""]),
        (documents.texts("VendorField", "…"), "alone", ["alone"]),
        (documents.integer("VendorField", "…"), 2**31 - 1, 2**31 - 1),
        (documents.long("VendorField", "…"), 2**40, 2**40),
        (documents.long("VendorField", "…"), "9000000000", 9_000_000_000),
        (documents.decimal("VendorField", "…"), 12.5, Decimal("12.5")),
        (documents.boolean("VendorField", "…"), 0, False),
        (documents.moment("VendorField", "…"), 1774220400000, datetime(2026, 3, 22, 23, tzinfo=UTC)),
        (documents.day("VendorField", "…"), "2026-01-31", date(2026, 1, 31)),
        (documents.json("VendorField", "…"), {"any": [1, None]}, {"any": [1, None]}),
        (documents.many("VendorField", VendorLeaf.DAY, "…"), ["2026-01-31", None], [date(2026, 1, 31)]),
        (documents.many("VendorField", VendorLeaf.INT, "…"), [], []),
    ],
)
def test_a_field_is_read_as_its_type(field: VendorField, value: object, expected: object) -> None:
    part = record(value)

    assert field.read(part) == expected
    assert part.context.drift.notices == set()


@pytest.mark.parametrize(
    "field",
    [
        documents.text("VendorField", "…"),
        documents.texts("VendorField", "…"),
        documents.one("VendorField", ADDRESS, "…"),
        documents.many("VendorField", ADDRESS, "…"),
    ],
)
def test_an_absent_field_and_a_null_one_are_none(field: VendorField) -> None:
    assert field.read(record(None)) is None
    assert field.read(Record({}, context())) is None


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (documents.integer("VendorField", "…"), 2**31, "larger than 32 bits"),
        (documents.long("VendorField", "…"), 2**63, "larger than 64 bits"),
        (documents.long("VendorField", "…"), 2.0**70, "not an integer"),
        (documents.text("VendorField", "…"), {}, "not a text"),
        (documents.one("VendorField", ADDRESS, "…"), "Hamburg", "not an object"),
        (documents.decimal("VendorField", "…"), "x", "not a number"),
        (documents.boolean("VendorField", "…"), "x", "not a boolean"),
    ],
)
def test_what_cannot_be_read_is_none_with_a_notice(field: VendorField, value: object, reason: str) -> None:
    part = record(value)

    assert field.read(part) is None
    assert part.context.drift.notices == {("VendorField", reason)}


def test_a_nested_struct_is_read_as_a_record_of_its_own() -> None:
    part = record({"city": "Hamburg"})
    nested = documents.one("VendorField", ADDRESS, "…").read(part)

    assert isinstance(nested, Record)
    assert ADDRESS.by_vendor_name["city"].read(nested) == "Hamburg"
    assert nested.context is part.context


def test_of_a_list_of_structs_those_that_are_none_are_left_out() -> None:
    part = record([{"city": "Hamburg"}, "Bremen", None])
    nested = documents.many("VendorField", ADDRESS, "…").read(part)

    assert [each.document for each in nested] == [{"city": "Hamburg"}]
    assert part.context.drift.notices == {("VendorField", "not an object")}


def test_a_field_nobody_documented_is_noticed_and_an_ignored_one_is_not() -> None:
    struct = Struct("PlandCustomer", "A customer.", [documents.text("name", "…")], {"avatar": "a picture"})
    kind = context()

    struct.notice_undocumented({"name": "A", "avatar": "…"}, kind)
    assert kind.drift.notices == set()

    struct.notice_undocumented({"name": "A", "shoeSize": 44}, kind)
    assert kind.drift.notices == {("shoeSize", "not documented for PlandCustomer")}
