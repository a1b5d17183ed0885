"""Which of AutoDNS's keys an operation asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.system import EVERYTHING, Selection
from customer_gateway.systems.autodns import KIND
from customer_gateway.systems.autodns.keys import ALL, ALL_UNIFIED, keys_of
from customer_gateway.systems.autodns.record import CUSTOMER
from customer_gateway.systems.autodns.write import WRITES

if TYPE_CHECKING:
    from customer_gateway.documents.structs import VendorField


def selection(**types: set[str]) -> Selection:
    return Selection({name: frozenset(fields) for name, fields in types.items()})


def test_nothing_but_the_identity_needs_no_keys() -> None:
    assert keys_of(selection(Customer={"number", "records"}, AutodnsCustomer={"key", "link", "system"})) == frozenset()


def test_a_unified_field_asks_for_the_keys_it_is_read_from() -> None:
    assert keys_of(selection(Customer={"status", "emails", "updated_at"})) == {
        "locked",
        "pending",
        "emails",
        "billingEmails",
        "updated",
    }


@pytest.mark.parametrize("type_name", ["Customer", "CustomerRecord", "AutodnsCustomer"])
def test_the_version_asks_for_all_that_a_client_may_write(type_name: str) -> None:
    writable = {field.vendor for field in CUSTOMER.fields} - WRITES.server_made.keys() - {"client"}

    assert keys_of(selection(**{type_name: {"version"}})) == writable


def test_a_field_of_the_record_type_asks_for_its_own_key() -> None:
    assert keys_of(selection(Customer={"name"}, AutodnsCustomer={"vatNumber", "persistent", "number"})) == {
        "name",
        "vatNumber",
        "persistent",
    }


def test_fields_of_another_systems_record_type_ask_for_nothing() -> None:
    assert keys_of(selection(NextCustomer={"name", "raw"})) == frozenset()


def test_billing_asks_for_what_is_selected_of_it() -> None:
    selected = keys_of(selection(Customer={"billing"}, Billing={"credit_limit", "recipients"}))

    assert selected == {"account", "billingUsers"}
    assert keys_of(selection(Customer={"billing"})) >= {"account", "billingUsers", "payment", "supplierNumber"}


@pytest.mark.parametrize(
    ("type_name", "keys"),
    [
        ("Contact", {"contacts"}),
        ("SepaMandate", {"account", "sepa", "card"}),
        ("Account", {"account", "sepa", "card"}),
        ("Agreement", {"contracts"}),
    ],
)
def test_a_noun_found_by_its_id_and_one_found_through_the_customer_have_one_width(
    type_name: str, keys: set[str]
) -> None:
    assert keys_of(selection(**{type_name: {"id"}})) == keys


def test_the_raw_document_asks_for_every_documented_key() -> None:
    assert keys_of(selection(AutodnsCustomer={"raw"})) == ALL
    assert set(CUSTOMER.by_vendor_name) - ALL == {"client", "number"}


@pytest.mark.parametrize("field", CUSTOMER.fields, ids=lambda field: field.name)
def test_raw_shows_the_same_whatever_else_is_selected(field: VendorField) -> None:
    beside = selection(Customer=set(UNIFIED_FIELDS), Contact={"id"}, AutodnsCustomer={"raw", field.name})

    assert keys_of(beside) == keys_of(selection(CustomerRecord={"raw"})) == ALL


def test_provenance_asks_for_all_that_unified_fields_are_read_from() -> None:
    assert keys_of(selection(Customer={"provenance"})) == ALL_UNIFIED
    assert keys_of(EVERYTHING) == ALL_UNIFIED


def test_every_supplied_field_has_its_keys() -> None:
    of_other_calls = {"number", "invoices"}  # and what is in every answer

    without = {name for name in KIND.supplies if not keys_of(selection(Customer={name}))}

    assert without == of_other_calls
    assert set(CUSTOMER.by_vendor_name) >= ALL_UNIFIED
