"""Laws of writing, asked of every system that can be written: what is written reads back, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from systems.test_contract import context, view_of
from vendors import VENDORS, WRITES

from customer_gateway.documents.changes import ABSENT, changes_of, same, value_at, with_values
from customer_gateway.documents.exact import decode, encode
from customer_gateway.documents.patching import Spelled, spelled
from customer_gateway.documents.record import is_list, is_object
from customer_gateway.documents.spelling import (
    country,
    currency,
    email,
    language,
    phone,
    phone_in_parts,
    vat_number,
)
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.documents.writing import Choice, Present, Writes
from customer_gateway.model.changes import PATCH_FIELDS, ListPatch, RefusalCode
from customer_gateway.model.value_objects import CustomerKind, EmailAddress, EmailPurpose, Gender, PhoneKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.systems.registry import Vendor

WRITTEN: Final = [vendor for vendor in VENDORS if vendor.kind.writes is not None]
ALL: Final = pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)
BESIDE: Final = {part for facts in WRITES.values() for part in facts.parts}
"""Members that a writer has in the customer's document and that are documents of their own."""

VALUES: Final[dict[str, Any]] = {
    "number": "4711",
    "name": "Neumann & Söhne",
    "kind": CustomerKind.PERSON,
    "title": "Prof.",
    "gender": Gender.MALE,
    "first_name": "Änne",
    "last_name": "Neumann",
    "organization": "Neumann KG",
    "vat_number": "DE136695976",
    "organization_number": "556703-7485",
    "email": "new@example.com",
    "emails": ListPatch(set=[EmailAddress("only@example.com", EmailPurpose.GENERAL)]),
    "phone": "+49 221 7654321",
    "mobile": "+49 171 7654321",
    "fax": "+49 221 7654322",
    "website": "https://neumann.example",
    "language": "sv",
    "currency": "SEK",
    "is_supplier": False,
    "address.name": "Neumann",
    "address.lines": ["Neue Gasse 1"],
    "address.street": "Neue Gasse 1",
    "address.house_number": "1b",
    "address.postal_code": "50667",
    "address.city": "Köln",
    "address.state": "NRW",
    "address.country_code": "FI",
    "address.country": "NO",
    "billing.email": "bills@example.com",
    "billing.name": "Neumann Rechnung",
    "billing.address.name": "Neumann Rechnung",
    "billing.address.street": "Postfach 7",
    "billing.address.postal_code": "50668",
    "billing.address.city": "Bonn",
    "billing.payment_terms_id": "14",
    "billing.payment_method": "PayPal",
    "billing.invoice_delivery_id": "1",
    "billing.credit_limit": Decimal("1500.50"),
    "billing.taxable": False,
    "billing.einvoice.leitweg_id": "04011000-1234512345-12",
    "billing.einvoice.supplier_number": "SUP-7",
    "billing.einvoice.ean": "7301234567890",
    "billing.einvoice.edi_address": "EDI-7",
    "billing.einvoice.finvoice_address": "003712345678",
    "notes": ListPatch(set=["Rings twice."]),
    "external_id": "EXT-7",
    "owner_id": "7",
}
OF_LEAF: Final[dict[VendorLeaf, Any]] = {
    VendorLeaf.ID: "17",
    VendorLeaf.TEXT: "a text",
    VendorLeaf.INT: 17,
    VendorLeaf.LONG: 2**40,
    VendorLeaf.DECIMAL: Decimal("17.10"),
    VendorLeaf.BOOLEAN: False,  # flags that exclude each other are true
    VendorLeaf.MOMENT: datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    VendorLeaf.JSON: {"number": "+49 221 1"},
}


def writes_of(vendor: Vendor) -> Writes:
    writes = vendor.kind.writes
    assert writes is not None
    return writes


def each_field() -> Any:
    """Every unified field that can be written, of every vendor."""
    cases = [(vendor, name) for vendor in WRITTEN for name in writes_of(vendor).fields]
    return pytest.mark.parametrize(("vendor", "name"), cases, ids=[f"{v.kind.slug}-{name}" for v, name in cases])


def value_of(vendor: Vendor, name: str) -> Any:
    return WRITES[vendor.kind.slug].values.get(name, VALUES.get(name))


def present(vendor: Vendor, extra: bytes = b"") -> Present:
    """The full sample as a writer has it, with an unknown member and a number that doubles would change."""
    body = (Path(__file__).parent / vendor.kind.slug / "samples" / "full.json").read_bytes().rstrip()
    planted = b',"xUnknown":{"price":1.10,"list":[1,null,{"of":2.50}]}' + extra
    document = decode(body[:-1] + planted + b"}")
    facts = WRITES[vendor.kind.slug]
    return Present({**document, **facts.parts}, context(vendor), "DE", facts.choices)


def patched(vendor: Vendor, now: Present, patch: dict[str, Any], *, creates: bool = False) -> Spelled:
    return spelled(writes_of(vendor), vendor.kind.slug, patch, now, creates=creates)


def read_back(vendor: Vendor, document: dict[str, Any], name: str) -> Any:
    """The unified field as readers have it; what a reader of another call tells is not looked at."""
    view = view_of(vendor, orjson.loads(encode(document)))
    found: Any = view
    if name in {"mobile", "fax"}:
        return next((each.raw for each in view.phones if each.kind is PhoneKind[name.upper()]), None)
    if name == "external_id":
        return next(iter(view.external_ids), None)
    for part in name.split("."):
        found = getattr(found, part) if found is not None else None
    return found


def is_read(vendor: Vendor, name: str) -> bool:
    """Whether the customer's own document tells the field."""
    through_calls = {"billing.payment_terms_id", "billing.invoice_delivery_id", "billing.recipient_ids", "owner_id"}
    through_calls |= WRITES[vendor.kind.slug].told_by_lists
    beside = all(place.partition(".")[0] in BESIDE for place in writes_of(vendor).fields[name].places)
    return name not in through_calls and not beside


def as_read(vendor: Vendor, name: str, value: Any) -> Any:
    """The value as readers tell it."""
    if isinstance(value, ListPatch):
        return list(value.set or ())
    return WRITES[vendor.kind.slug].read_back.get(name, value)


@each_field()
def test_what_is_written_reads_back(vendor: Vendor, name: str) -> None:
    now, value = present(vendor), value_of(vendor, name)

    written = patched(vendor, now, {name: value})
    result = with_values(now.document, written.values)

    assert written.refusals == []
    assert written.values
    if is_read(vendor, name):
        assert read_back(vendor, result, name) == as_read(vendor, name, value)


@each_field()
def test_nothing_else_changes(vendor: Vendor, name: str) -> None:
    now = present(vendor)
    before = encode(now.document)

    for value in (value_of(vendor, name), None):
        places = set(patched(vendor, now, {name: value}).values)
        result = with_values(now.document, patched(vendor, now, {name: value}).values)
        assert places <= set(writes_of(vendor).fields[name].places)
        assert dict(leaves(result, places)) == dict(leaves(now.document, places))
        assert encode(now.document) == before


@each_field()
def test_what_is_cleared_reads_as_none_and_what_cannot_be_is_refused(vendor: Vendor, name: str) -> None:
    now = present(vendor)

    written = patched(vendor, now, {name: None})

    if written.refusals:
        assert not writes_of(vendor).is_clearable(name)
        assert {each.code for each in written.refusals} == {RefusalCode.REQUIRED}
    elif is_read(vendor, name) and name not in {"kind", "email", "emails", "billing.email", "phone"}:
        assert read_back(vendor, with_values(now.document, written.values), name) in (None, [])


@each_field()
def test_a_patch_and_its_inverse_leave_the_document_as_it_was(vendor: Vendor, name: str) -> None:
    now = present(vendor)

    changes = changes_of(now.document, patched(vendor, now, {name: value_of(vendor, name)}).values)
    result = with_values(now.document, {each.place: each.after for each in changes})
    back = with_values(result, {each.place: each.before for each in reversed(changes)})

    assert all(each.after is not ABSENT or each.before is not ABSENT for each in changes)
    assert same(back, now.document)


@ALL
def test_a_field_without_a_place_is_refused_by_name(vendor: Vendor) -> None:
    now = present(vendor)
    missing = [name for name in PATCH_FIELDS if name not in writes_of(vendor).fields]

    written = patched(vendor, now, dict.fromkeys(missing, "x"))

    assert [each.code for each in written.refusals] == [RefusalCode.NOT_WRITABLE] * len(missing)
    assert written.values == {}


@ALL
def test_a_section_of_another_system_is_refused(vendor: Vendor) -> None:
    other = next(each.kind.slug for each in WRITTEN if each is not vendor)

    written = patched(vendor, present(vendor), {other: {"name": "x"}})

    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.NOT_WRITABLE, (other,))]


@ALL
def test_a_section_is_not_cleared_as_a_whole_and_an_empty_one_changes_nothing(vendor: Vendor) -> None:
    slug, now = vendor.kind.slug, present(vendor)

    cleared, empty = patched(vendor, now, {slug: None}), patched(vendor, now, {slug: {}})

    assert [(each.code, each.field) for each in cleared.refusals] == [(RefusalCode.INVALID, (slug,))]
    assert (cleared.values, empty.values, empty.refusals) == ({}, {}, [])


@ALL
def test_every_place_of_the_tables_is_documented(vendor: Vendor) -> None:
    writes = writes_of(vendor)
    documented = {place for place, _ in places_of(writes.record)}
    named = {
        *writes.fields_by_place,
        *writes.server_made,
        *writes.required,
        *writes.most,
        *(flag for pair in writes.exclusive for flag in pair),
        *filter(None, [writes.country]),
        *filter(None, writes.resources),
    }

    assert {place for place in named if place.partition(".")[0] not in BESIDE} - documented == set()


WELL_FORMED: Final[dict[Any, str]] = {
    vat_number: "DE136695976",
    email: "new@example.com",
    phone: "+49 221 7654321",
    phone_in_parts: "+49-221-7654321",
    country: "FI",
    currency: "SEK",
    language: "sv",
}
"""A text of each form, as every vendor that has it writes it."""


def with_form(writes: Writes, place: str) -> str | None:
    """A text of the form that a place demands; None where it demands none."""
    if place.rpartition(".")[2] == "iban":
        return "DE02120300000000202051"
    return WELL_FORMED.get(writes.forms.get(place))


@ALL
def test_a_text_of_a_section_that_has_not_its_form_is_refused_and_not_sent(vendor: Vendor) -> None:
    writes, now, tried = writes_of(vendor), present(vendor), 0

    for names, place, field in section_leaves(writes.record):
        if field.type is VendorLeaf.TEXT and with_form(writes, place) and place not in writes.server_made:
            text = "??" if place in writes.most else "DE00 not so"
            given: Any = ListPatch(set=["not so"]) if field.many else text
            for name in reversed(names):
                given = {name: given}
            written = patched(vendor, now, {vendor.kind.slug: given})
            assert (place, [each.code for each in written.refusals]) == (place, [RefusalCode.INVALID])
            assert place not in written.values
            tried += 1

    assert tried


@ALL
def test_every_documented_field_is_written_by_the_section_or_made_by_the_server(vendor: Vendor) -> None:
    writes, now = writes_of(vendor), present(vendor)

    for names, place, field in section_leaves(writes.record):
        value: Any = OF_LEAF[field.type] if isinstance(field.type, VendorLeaf) else {}
        value = "17" if place in writes.numbers else value
        value = now.choices[place][0].value if place in now.choices else value
        value = (field.type is VendorLeaf.TEXT and with_form(writes, place)) or value
        value = value[: writes.most.get(place)] if isinstance(value, str) else value
        given: Any = ListPatch(set=[value]) if field.many else value
        for name in reversed(names):
            given = {name: given}
        written = patched(vendor, now, {vendor.kind.slug: given})
        codes = [each.code for each in written.refusals]
        if any(place == made or place.startswith(f"{made}.") for made in writes.server_made):
            assert (place, codes) == (place, [RefusalCode.NOT_WRITABLE])
        else:
            assert (place, codes, list(written.values)) == (place, [], [place])
            result = with_values(now.document, written.values)
            assert value_at(result, place) == written.values[place]
            assert dict(leaves(result, {place})) == dict(leaves(now.document, {place}))


@ALL
def test_what_is_required_is_demanded_of_a_new_customer(vendor: Vendor) -> None:
    writes = writes_of(vendor)
    empty = Present({}, context(vendor), "DE")

    written = patched(vendor, empty, {}, creates=True)

    assert len(written.refusals) == len(writes.required)
    assert {each.code for each in written.refusals} <= {RefusalCode.REQUIRED}


@ALL
def test_a_text_that_is_too_long_is_refused(vendor: Vendor) -> None:
    writes, now = writes_of(vendor), present(vendor)

    for place, most in writes.most.items():
        section = {writes.record.by_vendor_name[place].name: "x" * (most + 1)}
        written = patched(vendor, now, {vendor.kind.slug: section})
        assert [each.code for each in written.refusals] == [RefusalCode.TOO_LONG]


@ALL
def test_a_value_that_the_systems_list_lacks_is_refused(vendor: Vendor) -> None:
    writes, now = writes_of(vendor), present(vendor)

    for place in writes.lists:
        field = writes.record.by_vendor_name[place]
        listed = replace(now, choices={place: [Choice(17, "A"), Choice("18", "B")]})
        given = {code: patched(vendor, listed, {vendor.kind.slug: {field.name: code}}) for code in ("17", "19", None)}
        codes = {code: [each.code for each in written.refusals] for code, written in given.items()}
        if place not in writes.required and field.type is VendorLeaf.ID and writes.numeric_ids:
            cleared = [RefusalCode.REQUIRED] if place in writes.lasting else []
            assert codes == {"17": [], "19": [RefusalCode.INVALID], None: cleared}
        assert given["19"].refusals[0].field == (vendor.kind.slug, field.name)


@ALL
def test_two_ways_to_one_place_are_exclusive(vendor: Vendor) -> None:
    writes, now = writes_of(vendor), present(vendor)
    [place] = writes.fields["name"].places
    own = writes.record.by_vendor_name[place].name

    written = patched(vendor, now, {"name": "One", vendor.kind.slug: {own: "Other"}})

    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.EXCLUSIVE, (vendor.kind.slug, own))]


@ALL
def test_null_for_an_object_clears_what_the_system_holds_of_it(vendor: Vendor) -> None:
    now = present(vendor)

    written = patched(vendor, now, {"address": None})

    required = {each.code for each in written.refusals}
    assert required <= {RefusalCode.REQUIRED}
    assert all(value in (None, ABSENT) for value in written.values.values())
    assert written.values


def leaves(value: Any, without: set[str], place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its digits, but for those at or under some places."""
    if place in without:
        return
    if is_object(value):
        for name, inner in value.items():
            yield from leaves(inner, without, f"{place}.{name}".removeprefix("."))
    elif is_list(value):
        for index, inner in enumerate(value):
            yield from leaves(inner, without, f"{place}[{index}]")
    else:
        yield place, str(value)


def places_of(struct: Struct, before: str = "") -> Iterator[tuple[str, VendorField]]:
    for field in struct.fields:
        yield f"{before}{field.vendor}", field
        if isinstance(field.type, Struct) and field.type is not struct and field.vendor != "persistent":
            yield from places_of(field.type, f"{before}{field.vendor}.")


def section_leaves(
    struct: Struct, names: tuple[str, ...] = (), before: str = ""
) -> Iterator[tuple[tuple[str, ...], str, VendorField]]:
    """The fields that a section can name: leaves and lists, those of nested objects too."""
    for field in struct.fields:
        here, place = (*names, field.name), f"{before}{field.vendor}"
        if isinstance(field.type, Struct) and not field.many and field.vendor != "persistent":
            yield from section_leaves(field.type, here, f"{place}.")
        else:
            yield here, place, field
