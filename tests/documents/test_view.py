"""Views: a line a field, read of a record when asked and standing for the field on the class."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from customer_gateway.documents import view
from customer_gateway.documents.record import DocumentContext, Record


class CustomerView(Record):
    name = view.text("Name")
    notes = view.texts("Notes")
    is_supplier = view.flag("Supplier")
    credit_limit = view.decimal("Limit")
    created_at = view.moment("Created")
    start_date = view.day("Start")


def customer(**document: object) -> CustomerView:
    return CustomerView(document, DocumentContext.of("pland", "https://pland.test", "Europe/Berlin", "DE"))


def test_each_field_is_read_where_the_vendor_has_it() -> None:
    full = customer(Name="A", Notes=["n", ""], Supplier=1, Limit=12.5, Created=1774220400000, Start="2026-01-31")

    assert (full.name, full.notes, full.is_supplier) == ("A", ["n"], True)
    assert (full.credit_limit, full.start_date) == (Decimal("12.5"), date(2026, 1, 31))
    assert full.created_at == datetime(2026, 3, 22, 23, tzinfo=UTC)


def test_what_is_blank_or_absent_is_none() -> None:
    assert customer(Name="  ").name is None
    assert customer().name is None
    assert customer().notes == []


def test_a_name_that_is_a_number_is_its_text_and_one_that_is_no_text_a_notice() -> None:
    odd = customer(Name={"first": "A"})

    assert customer(Name=7).name == "7"
    assert odd.name is None
    assert odd.context.drift.notices == {("Name", "not a text")}


def test_on_the_class_a_field_says_that_the_vendor_has_it() -> None:
    assert CustomerView.name is not None
    assert CustomerView.credit_limit is not None
