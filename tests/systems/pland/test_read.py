"""What is peculiar to Pland in reading: milliseconds, statuses as text, names behind ids."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer_gateway.documents.record import DocumentContext
from customer_gateway.documents.rows import Rows
from customer_gateway.model.nouns import Agreement, Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    AgreementProduct,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.pland import KIND
from customer_gateway.systems.pland.entities import AGREEMENT, INVOICE, PlandEntity
from customer_gateway.systems.pland.read import (
    PlandContactView,
    PlandCustomerView,
    PlandUserRow,
    user,
)

SAMPLES = Path(__file__).parent / "samples"


def context() -> DocumentContext:
    return DocumentContext.of("pland", "https://pland.test/v2", "Europe/Berlin", "DE")


def sample(name: str) -> PlandCustomerView:
    return Rows(PlandCustomerView, context()).read_one(json.loads((SAMPLES / f"{name}.json").read_text()))


def customer(**document: Any) -> PlandCustomerView:
    return Rows(PlandCustomerView, context()).read_one({"_id": "65a1b2c3d4e5f60718293a4b", **document})


def test_a_full_customer_reads_as_the_mapping_says() -> None:
    full = sample("full")

    assert full.number == "1042"
    assert full.name == "Elbufer Glasreinigung GmbH"
    assert full.status is CustomerStatus.ACTIVE
    assert full.vat_number == "DE136695976"
    assert full.email == "post@elbufer.example"
    assert full.emails == [EmailAddress("post@elbufer.example", EmailPurpose.GENERAL)]
    assert full.phone == "040 36123456"
    assert full.phones == [
        PhoneNumber("040 36123456", "+494036123456", PhoneKind.PHONE),
        PhoneNumber("+4915112345678", "+4915112345678", PhoneKind.MOBILE),
    ]
    assert full.website == "https://elbufer.example"
    assert full.external_ids == ["DEB-042"]
    assert full.created_at == datetime(2017, 10, 23, 6, 29, 38, 379_000, UTC)
    assert full.updated_at == datetime(2018, 11, 3, 17, 30, 9, 144_000, UTC)
    assert (full.creator_key, full.updater_key) == ("ba932c9e70b22c88508565ed", "f5ca10d8d69d48a4d1203a56")
    assert full.link == "https://pland.test/v2/customers/65a1b2c3d4e5f60718293a4b"


def test_the_address_keeps_its_text_and_tells_the_country_from_its_name() -> None:
    expected = Address(
        AddressKind.MAIN,
        lines=["Hafenhaus", "Fährgasse 7"],
        street="Fährgasse 7",
        postal_code="20457",
        city="Hamburg",
        state="Hamburg",
        country_code="DE",
        country="Deutschland",
    )

    assert sample("full").address == expected
    assert sample("full").addresses == [expected]


def test_billing_knows_the_buyer_reference_as_leitweg_id_and_the_recipients_by_key() -> None:
    full = sample("full")

    assert full.billing.einvoice == EInvoice(leitweg_id="04011000-1234512345-35", supplier_number="SUP-77")
    assert full.recipient_keys == ["2e81c187a9b5d7241e4010de", "d3b5dddafc27c9c63aaab5ac"]
    assert full.payment_term_key == "c5e1588e6d23cd6f288e42d1"


def test_a_customer_of_whom_only_the_name_is_known_is_null_elsewhere() -> None:
    sparse = sample("sparse")

    assert sparse.name == "Nur ein Name"
    assert sparse.status is None
    assert sparse.address is None
    assert (sparse.emails, sparse.phones, sparse.addresses, sparse.external_ids) == ([], [], [], [])
    assert sparse.created_at is None


def test_odd_values_are_null_with_a_notice() -> None:
    nasty = sample("nasty")

    assert nasty.number is None
    assert nasty.name is None
    assert nasty.status is CustomerStatus.INACTIVE
    assert nasty.created_at == datetime(2022, 1, 13, 12, 33, 21, tzinfo=UTC)
    assert nasty.updated_at is None
    assert nasty.vat_number == "DE000"
    assert nasty.phone == "4036123456"
    assert nasty.recipient_keys == ["2e81c187a9b5d7241e4010de"]
    assert nasty.address is None
    assert ("lastModifiedAt", "not a point in time") in nasty.context.drift.notices
    assert ("address", "not an object") in nasty.context.drift.notices


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("1", CustomerStatus.ACTIVE),
        (1, CustomerStatus.ACTIVE),
        ("2", CustomerStatus.INACTIVE),
        (0, CustomerStatus.INACTIVE),
        (None, None),
    ],
)
def test_a_status_other_than_one_is_inactive(status: object, expected: CustomerStatus | None) -> None:
    assert customer(status={"status": status}).status is expected


def test_the_mobile_stands_in_for_a_missing_telephone() -> None:
    assert customer(contact={"telephone": " ", "mobile": "0151 2345678"}).phone == "0151 2345678"


def test_the_version_follows_what_can_be_written_and_not_the_stamp() -> None:
    plain = customer(name="A")

    assert plain.version == customer(name="A", status={"lastModifiedAt": 5}).version
    assert plain.version == customer(name="A").version
    assert plain.version != customer(name="B").version


def test_an_assignment_is_an_agreement_billed_by_its_positions() -> None:
    document = {
        "_id": "410b93b6afb0b9388235ae21",
        "customerId": "65a1b2c3d4e5f60718293a4b",
        "title": "Unterhaltsreinigung",
        "iCalendar": {"dtstart": "2023-07-17T07:00:00", "dtend": "2026-07-01T16:00:00"},
        "billing": {
            "type": "RECURRING",
            "positions": [{"title": "Treppe", "quantity": 1.5, "unit": "Monat", "price": 480.0, "productId": "p1"}],
        },
    }

    assert AGREEMENT.read(PlandEntity(document, context())) == Agreement(
        system="pland",
        key="410b93b6afb0b9388235ae21",
        customer_key="65a1b2c3d4e5f60718293a4b",
        type="RECURRING",
        description="Unterhaltsreinigung",
        start_date=date(2023, 7, 17),
        end_date=date(2026, 7, 1),
        products=[AgreementProduct("p1", "Treppe", Decimal("1.5"), "Monat", Decimal("480.0"))],
    )


def test_an_invoice_has_the_day_of_issue_in_berlin_and_the_gross_total() -> None:
    document = {
        "_id": "9ced470fb0e46cfca14232fd",
        "customerId": "65a1b2c3d4e5f60718293a4b",
        "documentNumber": 20240001,
        "issuedOn": 1774220400000,
        "paymentGoalDate": 1775426400000,
        "currency": "eur",
        "totals": {"net": 62.0, "gross": 73.78},
        "status": "paid",
    }

    assert INVOICE.read(PlandEntity(document, context())) == Invoice(
        system="pland",
        key="9ced470fb0e46cfca14232fd",
        customer_key="65a1b2c3d4e5f60718293a4b",
        number="20240001",
        date=date(2026, 3, 23),
        due_date=date(2026, 4, 6),
        total=Decimal("73.78"),
        currency="EUR",
        status="paid",
    )


def test_a_currency_nobody_knows_is_none_and_noticed() -> None:
    document = PlandEntity({"_id": "1", "currency": "TALER"}, context())

    assert INVOICE.read(document).currency is None
    assert document.context.drift.notices == {("currency", "not a known code")}


def test_contacts_and_users_are_named_in_full() -> None:
    contact = Rows(PlandContactView, context()).read_one(
        {"_id": "1", "firstName": "Ina", "lastName": "Sommer", "position": "Leitung"}
    )
    uwe = user(
        Rows(PlandUserRow, context()).read_one(
            {"_id": "2", "general": {"firstName": "Uwe", "lastName": ""}, "access": {"email": "uwe@x.example"}}
        )
    )

    assert (contact.name, contact.title, contact.notes) == ("Ina Sommer", "Leitung", None)
    assert (uwe.system, uwe.key, uwe.name, uwe.email) == ("pland", "2", "Uwe", "uwe@x.example")


def test_what_pland_has_no_field_for_is_not_supplied() -> None:
    assert {"kind", "language", "owner", "accounts", "notes"}.isdisjoint(KIND.supplies)
    assert {"name", "contacts", "agreements", "invoices", "updater", "creator"} <= KIND.supplies
