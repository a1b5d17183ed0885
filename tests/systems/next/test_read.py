"""What is peculiar to NEXT in reading: one flat document, names of each company's own, local times."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.next import KIND
from customer_gateway.systems.next.read import INVOICE, NextContactView, NextCustomerView, NextUserView, agreement
from customer_gateway.systems.next.record import CUSTOMER

HERE = Path(__file__).parent


def context() -> DocumentContext:
    return DocumentContext.of("next", "https://api.next.test/v1/", "Europe/Stockholm", "SE")


def sample(name: str) -> NextCustomerView:
    return NextCustomerView(json.loads((HERE / "samples" / f"{name}.json").read_text("utf-8")), context())


def customer(**fields: Any) -> NextCustomerView:
    return NextCustomerView({"id": 5, **fields}, context())


def test_the_record_type_has_the_documented_fields_and_no_others() -> None:
    documented = (HERE / "documented.txt").read_text("utf-8").split()

    assert sorted(CUSTOMER.by_vendor_name) == sorted(documented)


def test_every_documented_field_of_a_full_document_is_readable_as_its_type() -> None:
    record = sample("full")

    values = {field.vendor: field.read(record) for field in CUSTOMER.fields}

    assert [vendor for vendor, value in values.items() if value is None] == []
    assert values["id"] == "1207"
    assert values["markup"] == Decimal("12.5")
    assert values["changed"] == datetime(2026, 7, 1, 12, 30, 5, tzinfo=UTC)
    assert values["constructioncompany"] is True
    assert record.context.drift.notices == set()


def test_next_supplies_what_it_has_a_source_for() -> None:
    absent = {"title", "gender", "first_name", "last_name", "organization", "language", "owner"}

    assert KIND.supplies.isdisjoint(absent)
    assert {"contacts", "accounts", "agreements", "invoices", "updater", "creator", "is_supplier"} <= KIND.supplies


def test_a_full_customer_reads_as_the_unified_one() -> None:
    full = sample("full")

    assert (full.key, full.number, full.name) == ("1207", "K10007", "Älvstrands Bygg AB")
    assert full.link == "https://api.next.test/v1/customer/1207"
    assert (full.kind, full.status) == (CustomerKind.COMPANY, CustomerStatus.ACTIVE)
    assert (full.vat_number, full.organization_number) == ("SE556036079301", "556036-0793")
    assert (full.website, full.currency, full.is_supplier) == ("https://alvstrand.example", "SEK", True)
    assert (full.notes, full.external_ids) == (["Ring alltid innan besök."], ["VISMA-88"])
    assert (full.creator_key, full.updater_key, full.contract_key) == ("3", "7", "4")


def test_the_invoice_mail_is_the_billing_one() -> None:
    full = sample("full")

    assert full.email == "info@alvstrand.example"
    assert full.emails == [
        EmailAddress("info@alvstrand.example", EmailPurpose.GENERAL),
        EmailAddress("faktura@alvstrand.example", EmailPurpose.BILLING),
    ]


def test_the_address_lines_have_their_customary_meaning() -> None:
    address = sample("full").address

    assert address == Address(
        kind=AddressKind.BILLING,
        name="Älvstrands Bygg AB",
        lines=["Hamngatan 12", "Box 77"],
        street="Hamngatan 12",
        postal_code="411 06",
        city="Göteborg",
        country_code="SE",
        country="Sverige",
    )


def test_a_country_is_told_by_its_code_else_by_its_name_in_the_sixth_line() -> None:
    coded = customer(countrycode="fi", billaddress6="Sverige").address
    named = customer(countrycode="", billaddress6="Finland").address

    assert coded is not None
    assert (coded.country_code, coded.country) == ("FI", "Sverige")
    assert named is not None
    assert (named.country_code, named.country) == ("FI", "Finland")


def test_billing_is_read_from_flat_fields() -> None:
    full = sample("full")

    assert full.billing == Billing(
        email="faktura@alvstrand.example",
        name="Älvstrands Bygg AB",
        address=full.address,
        payment_terms="30 dagar netto",
        payment_terms_id="1",
        invoice_delivery="E-post",
        invoice_delivery_id="1",
        taxable=True,
        einvoice=EInvoice(ean="7312345678901", edi_address="0007:5560360793"),
    )


@pytest.mark.parametrize(("novat", "taxable"), [(True, False), (False, True), (None, None)])
def test_taxable_is_the_opposite_of_novat(*, novat: bool | None, taxable: bool | None) -> None:
    assert customer(novat=novat).billing.taxable is taxable


def test_the_bank_fields_are_one_account() -> None:
    assert sample("full").accounts == [
        BankAccount(
            system="next",
            key="1207/bank",
            customer_key="1207",
            account_number="123 456 789-7",
            iban="SE4550000000058398257466",
            bic="HANDSESS",
            bank_name="Handelsbanken",
            clearing="6789",
        )
    ]


@pytest.mark.parametrize("field", ["bankaccountno", "bankname", "clearingno", "iban", "swift"])
def test_any_bank_field_alone_makes_an_account(field: str) -> None:
    assert len(customer(**{field: "x"}).accounts) == 1


@pytest.mark.parametrize(
    ("private", "type_name", "kind"),
    [
        (True, "Company", CustomerKind.PERSON),
        (False, "Company", CustomerKind.COMPANY),
        (False, " private ", CustomerKind.PERSON),
        (False, "GOVERNMENT", CustomerKind.PUBLIC),
        (None, "Housing cooperative", CustomerKind.OTHER),
        (False, None, CustomerKind.OTHER),
    ],
)
def test_a_private_person_is_a_person_whatever_the_type_is_called(
    *, private: bool | None, type_name: str | None, kind: CustomerKind
) -> None:
    assert customer(privateperson=private, customertypename=type_name).kind is kind


@pytest.mark.parametrize(
    ("active", "status"),
    [(False, CustomerStatus.INACTIVE), (True, CustomerStatus.ACTIVE), (None, CustomerStatus.ACTIVE)],
)
def test_a_customer_is_active_unless_told_otherwise(*, active: bool | None, status: CustomerStatus) -> None:
    assert customer(active=active).status is status


def test_blank_fields_are_no_values() -> None:
    sparse = sample("sparse")

    assert (sparse.number, sparse.email, sparse.emails, sparse.vat_number) == (None, None, [], None)
    assert (sparse.address, sparse.addresses, sparse.accounts) == (None, [], [])
    assert (sparse.notes, sparse.external_ids, sparse.contract_key) == ([], [], None)
    assert sparse.billing == Billing()
    assert (sparse.kind, sparse.status) == (CustomerKind.PERSON, CustomerStatus.INACTIVE)
    assert sparse.context.drift.notices == set()


def test_the_mobile_stands_in_for_a_phone() -> None:
    sparse = sample("sparse")

    assert sparse.phone == "+46 70 174 06 05"
    assert sparse.phones == [PhoneNumber("+46 70 174 06 05", "+46701740605", PhoneKind.MOBILE)]


def test_phones_are_dialled_in_the_country_of_the_address() -> None:
    finnish = customer(phone="09 1234567", fax="09 7654321", countrycode="FI")

    assert finnish.phones == [
        PhoneNumber("09 1234567", "+35891234567", PhoneKind.PHONE),
        PhoneNumber("09 7654321", "+35897654321", PhoneKind.FAX),
    ]


def test_times_are_local_ones_of_stockholm() -> None:
    record = customer(created="2026-01-15T08:00:00", changed="2026-07-15T08:00:00")

    assert record.created_at == datetime(2026, 1, 15, 7, tzinfo=UTC)
    assert record.updated_at == datetime(2026, 7, 15, 6, tzinfo=UTC)


def test_what_cannot_be_read_is_null_and_noticed() -> None:
    nasty = sample("nasty")

    assert (nasty.updated_at, nasty.currency, nasty.email, nasty.status) == (None, None, None, None)
    assert {field for field, _ in nasty.context.drift.notices} == {"changed", "currencycode", "email", "active"}


def test_a_nasty_document_keeps_its_raw_texts() -> None:
    nasty = sample("nasty")

    assert (nasty.key, nasty.number, nasty.external_ids) == ("9007199254740993", "4711", ["88"])
    assert nasty.vat_number == "SE123"
    assert nasty.phones == [PhoneNumber("ring Kalle", None, PhoneKind.PHONE)]
    address = nasty.address
    assert address is not None
    assert (address.name, address.street, address.postal_code) == ("17", None, "41106")
    assert (address.country, address.country_code) == ("Atlantis", None)
    assert nasty.billing.taxable is False


def test_a_field_that_nobody_documented_is_noticed() -> None:
    nasty = sample("nasty")

    CUSTOMER.notice_undocumented(nasty.document, nasty.context)

    assert nasty.context.drift.notices == {("somethingnew", "not documented for NextCustomer")}


def test_the_version_follows_what_can_be_written_and_not_the_stamp() -> None:
    one, same, other = customer(name="A"), customer(name="A", changed="2026-07-01T14:30:05"), customer(name="B")

    assert one.version == same.version
    assert one.version != other.version


def test_a_contact_has_one_name_field() -> None:
    row = {
        "id": 4001,
        "active": True,
        "customerid": 1207,
        "name": "Ulla Ek",
        "email": "ulla@alvstrand.example",
        "phone": "",
        "mobile": "070-174 06 06",
        "title": "Platschef",
        "note": "Har nycklar",
    }

    contact = NextContactView(row, context())

    assert (contact.system, contact.key, contact.customer_key) == ("next", "4001", "1207")
    assert (contact.name, contact.first_name, contact.last_name) == ("Ulla Ek", None, None)
    assert (contact.email, contact.phone, contact.mobile) == ("ulla@alvstrand.example", None, "070-174 06 06")
    assert (contact.title, contact.notes) == ("Platschef", "Har nycklar")


def test_a_user_has_a_full_name() -> None:
    user = NextUserView({"id": 7, "name": "Kalle Holm", "email": ""}, context())

    assert (user.system, user.key, user.name, user.email) == ("next", "7", "Kalle Holm", None)


def test_a_framework_contract_is_an_agreement_of_each_customer_that_has_it() -> None:
    contract = Record(
        {"id": 4, "name": "Ramavtal VVS", "validfrom": "2024-01-01", "validto": None, "active": False}, context()
    )

    assert agreement(contract, "1207") == Agreement(
        system="next",
        key="1207/4",
        customer_key="1207",
        description="Ramavtal VVS",
        start_date=date(2024, 1, 1),
    )


def test_an_invoice_totals_with_vat() -> None:
    row = {
        "id": 70001,
        "invoiceno": "F00011",
        "customerid": 1207,
        "invoicedate": "2026-03-01",
        "duedate": "2026-03-31",
        "amount": 1000.1,
        "vat": 250.03,
        "total": 1250.13,
        "currencycode": "sek",
        "status": "paid",
    }

    assert INVOICE.read(Record(row, context())) == Invoice(
        system="next",
        key="70001",
        customer_key="1207",
        number="F00011",
        date=date(2026, 3, 1),
        due_date=date(2026, 3, 31),
        total=Decimal("1250.13"),
        currency="SEK",
        status="paid",
    )
