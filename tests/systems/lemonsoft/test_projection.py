"""Which operations are answered from thin rows, and that they lack nothing then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from customer_gateway.documents.record import DocumentContext, is_list
from customer_gateway.documents.sources import first_names
from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.system import EVERYTHING, Selection
from customer_gateway.systems.lemonsoft import KIND
from customer_gateway.systems.lemonsoft.projection import needs_full_rows
from customer_gateway.systems.lemonsoft.read import LemonsoftCustomerView
from customer_gateway.systems.lemonsoft.record import BASE, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterable

FULL = json.loads((Path(__file__).parent / "samples" / "full.json").read_text("utf-8"))
SOURCES = first_names(LemonsoftCustomerView, UNIFIED_FIELDS)
BASIC = {
    *("number", "name", "kind", "vat_number", "phone", "phones", "website", "language", "address", "addresses"),
    "invoices",
}


def view(fields: Iterable[str]) -> LemonsoftCustomerView:
    context = DocumentContext.of("lemonsoft", "https://rest.lemonsoft.test", "Europe/Helsinki", "FI")
    return LemonsoftCustomerView({"id": 5001, **{name: FULL[name] for name in fields}}, context)


def wanting(**fields: set[str]) -> Selection:
    return Selection({name: frozenset(selected) for name, selected in fields.items()})


def comparable(value: object) -> object:
    """Contacts are views: their documents are compared."""
    return [getattr(each, "document", each) for each in value] if is_list(value) else value


def test_every_field_that_lemonsoft_supplies_has_its_sources() -> None:
    assert SOURCES.keys() & set(UNIFIED_FIELDS) == KIND.supplies


@pytest.mark.parametrize("name", sorted(KIND.supplies - {"invoices", "owner"}))
def test_a_field_reads_the_same_from_its_sources_alone_as_from_everything(name: str) -> None:
    alone, everything = view(SOURCES[name]), view(FULL)

    assert comparable(getattr(alone, name)) == comparable(getattr(everything, name))
    assert getattr(everything, name) is not None


@pytest.mark.parametrize("name", sorted(BASIC))
def test_basic_fields_are_read_from_thin_rows(name: str) -> None:
    assert not needs_full_rows(wanting(Customer={"__typename", "id", "records", name}))


@pytest.mark.parametrize("name", [*sorted(KIND.supplies - BASIC), "version", "provenance", "conflicts"])
def test_other_fields_need_full_rows(name: str) -> None:
    assert needs_full_rows(wanting(Customer={"name", name}))


@pytest.mark.parametrize("name", sorted(set(UNIFIED_FIELDS) - KIND.supplies))
def test_a_field_that_lemonsoft_does_not_have_costs_no_wider_row(name: str) -> None:
    assert not needs_full_rows(wanting(Customer={"name", name}))


@pytest.mark.parametrize("field", CUSTOMER.fields, ids=lambda field: field.name)
def test_a_record_field_needs_full_rows_unless_thin_ones_have_it(field: object) -> None:
    name = getattr(field, "name", "")

    assert needs_full_rows(wanting(LemonsoftCustomer={"key", "link", name})) is (field not in BASE)


@pytest.mark.parametrize("record", ["CustomerRecord", "LemonsoftCustomer"])
def test_the_whole_document_is_the_full_row(record: str) -> None:
    assert needs_full_rows(wanting(Customer={"records"}, **{record: {"raw"}}))


@pytest.mark.parametrize("noun", ["Contact", "Account", "BankAccount", "Agreement"])
def test_the_customer_of_an_embedded_noun_is_read_as_widely_as_the_noun(noun: str) -> None:
    assert needs_full_rows(wanting(Customer={"name"}, **{noun: {"customer"}}))


@pytest.mark.parametrize("noun", ["Contact", "Account", "BankAccount", "Agreement"])
def test_the_id_that_a_node_query_selects_on_anything_costs_no_wider_row(noun: str) -> None:
    assert not needs_full_rows(wanting(Customer={"id", "name"}, **{noun: {"__typename", "id"}}))


def test_what_writers_ask_for_is_the_full_row() -> None:
    assert needs_full_rows(EVERYTHING)
