"""Views: a line a field, read of a record when asked and standing for the field on the class."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from customer_gateway.documents import view
from customer_gateway.documents.contact_shapes import email_addresses, phone_numbers, postal_address
from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.documents.shapes import first_text
from customer_gateway.model.value_objects import AddressKind, EmailPurpose, PhoneKind

if TYPE_CHECKING:
    from collections.abc import Callable


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


@pytest.mark.parametrize(
    "declare",
    [
        lambda: view.text("address.city"),
        lambda: view.moment("meta.created"),
        lambda: first_text("name", "company.name"),
        lambda: email_addresses(("contact.email", EmailPurpose.GENERAL)),
        lambda: postal_address(AddressKind.MAIN, lines=("street",), city="address.city"),
    ],
)
def test_what_is_in_an_object_is_not_declared_by_a_path(declare: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"is in an object: declare it by inside\('"):
        declare()


def test_a_country_in_an_object_is_given_by_a_function() -> None:
    fields = ("phone", PhoneKind.PHONE)

    with pytest.raises(ValueError, match="give `region`"):
        phone_numbers(fields, country="address.country")
    phone_numbers(fields, country="address.country", region=lambda _: "FR")


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
