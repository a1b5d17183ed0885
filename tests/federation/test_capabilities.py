"""Capabilities: which unified fields a kind of system has a source for."""

from __future__ import annotations

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


def test_nothing_is_writable_or_filterable_before_writing_and_the_catalog() -> None:
    assert not any(each.writable or each.filterable for each in capabilities(ACME))
