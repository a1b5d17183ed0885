"""Capabilities: which unified fields a kind of system has a source for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from api.recorded_operations import KIND
from federation.fake_system import ACME
from vendors import VENDORS

from customer_gateway.documents.structs import graphql_name
from customer_gateway.federation.capabilities import FieldCapability, can_be_filtered, capabilities
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from customer_gateway.system import Kind


def test_every_unified_field_is_told_under_its_graphql_name() -> None:
    unified = [graphql_name(name) for name in UNIFIED_FIELDS]

    assert [each.field for each in capabilities(ACME)] == unified
    assert [each.field for each in capabilities(KIND)][: len(unified)] == unified


def test_what_a_patch_writes_of_an_object_is_told_by_its_path() -> None:
    parts = {each.field: each for each in capabilities(KIND)[len(UNIFIED_FIELDS) :]}

    assert list(parts) == ["address.city", "billing.paymentTermsId", "ownerId"]
    assert parts["address.city"] == FieldCapability("address.city", readable=False, writable=True, clearable=True)
    assert parts["ownerId"].readable


@pytest.mark.vendors("next", "lemonsoft", "pland")
def test_a_part_has_its_own_length_and_its_own_way_to_be_read() -> None:
    told = {
        vendor.kind.slug: {each.field: each for each in capabilities(vendor.kind) if "." in each.field}
        for vendor in VENDORS
    }

    assert told["next"]["address.countryCode"].max_length == 2
    assert all(each.writable for parts in told.values() for each in parts.values())
    assert told["lemonsoft"]["billing.paymentTermsId"].readable
    assert told["pland"]["billing.recipientIds"].readable
    assert told["fjord"] == {}


def test_readable_is_what_the_view_or_a_reader_supplies() -> None:
    readable = {each.field for each in capabilities(ACME) if each.readable}

    of_the_view, of_readers = (
        {"name", "isSupplier", "emails", "billing", "updatedAt"},
        {"contacts", "accounts", "agreements"},
    )
    assert readable == of_the_view | of_readers | {"owner", "invoices"}


def test_nothing_is_writable_of_a_vendor_that_cannot_be_written() -> None:
    assert not any(each.writable for each in capabilities(ACME))


def test_filterable_is_what_is_indexed_and_supplied() -> None:
    assert [each.field for each in capabilities(ACME) if each.filterable] == ["name", "isSupplier", "updatedAt"]
    withheld = frozenset({"is_supplier"})
    assert [each.field for each in capabilities(ACME, withheld) if each.filterable] == ["name", "updatedAt"]


@pytest.mark.parametrize("kind", [vendor.kind for vendor in VENDORS], ids=lambda kind: kind.slug)
def test_an_address_is_filterable_by_the_parts_that_the_kind_has(kind: Kind) -> None:
    told = {each.field: each.filterable for each in capabilities(kind)}

    assert told["address"]
    assert can_be_filtered(kind, "city")
    assert told.get("address.city", True)
    assert not told.get("address.street", False)


def test_writable_is_what_a_patch_can_change_as_a_whole_or_in_part() -> None:
    writable = {each.field for each in capabilities(KIND) if each.writable}

    whole, parts = {"name", "kind", "emails", "notes", "address", "owner", "billing"}, {"address.city", "ownerId"}
    assert writable == whole | parts | {"billing.paymentTermsId"}


def test_what_always_has_a_value_is_required_and_not_clearable() -> None:
    told = {each.field: (each.required, each.clearable, each.max_length) for each in capabilities(KIND)}

    assert told["name"] == (True, False, 50)
    assert told["kind"] == (False, True, None)
    assert told["address"] == (False, True, None)
    assert told["website"] == (False, False, None)
