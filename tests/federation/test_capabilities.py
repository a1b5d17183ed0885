"""Capabilities: which unified fields a kind of system has a source for."""

from __future__ import annotations

from api.recorded_operations import KIND
from federation.fake_system import ACME

from customer_gateway.documents.structs import graphql_name
from customer_gateway.federation.capabilities import capabilities
from customer_gateway.model.nouns import UNIFIED_FIELDS


def test_every_unified_field_is_told_under_its_graphql_name() -> None:
    assert [each.field for each in capabilities(ACME)] == [graphql_name(name) for name in UNIFIED_FIELDS]


def test_readable_is_what_the_view_or_a_reader_supplies() -> None:
    readable = {each.field for each in capabilities(ACME) if each.readable}

    of_the_view, of_readers = {"name", "isSupplier", "emails", "billing"}, {"contacts", "accounts", "agreements"}
    assert readable == of_the_view | of_readers | {"owner", "invoices"}


def test_nothing_is_writable_of_a_vendor_that_cannot_be_written_and_nothing_filterable() -> None:
    assert not any(each.writable or each.filterable for each in capabilities(ACME))


def test_writable_is_what_a_patch_can_change_as_a_whole_or_in_part() -> None:
    writable = {each.field for each in capabilities(KIND) if each.writable}

    assert writable == {"name", "kind", "emails", "notes", "address", "owner", "billing"}


def test_what_always_has_a_value_is_required_and_not_clearable() -> None:
    told = {each.field: (each.required, each.clearable, each.max_length) for each in capabilities(KIND)}

    assert told["name"] == (True, False, 50)
    assert told["kind"] == (False, True, None)
    assert told["address"] == (False, True, None)
    assert told["website"] == (False, False, None)
