"""What is peculiar to Lemonsoft in reading: two keys, numbers of persons, local times, rows that leave fields out."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.documents.structs import Struct
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    AgreementProduct,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.lemonsoft import KIND
from customer_gateway.systems.lemonsoft.read import INVOICE, LemonsoftCustomerView, LemonsoftPersonView
from customer_gateway.systems.lemonsoft.record import BASE, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
DOCUMENTED = (HERE / "documented.txt").read_text("utf-8").split()


def context() -> DocumentContext:
    return DocumentContext.of("lemonsoft", "https://rest.lemonsoft.test/Demo/", "Europe/Helsinki", "FI")


def sample(name: str) -> LemonsoftCustomerView:
    return LemonsoftCustomerView(json.loads((HERE / "samples" / f"{name}.json").read_text("utf-8")), context())


def customer(**fields: Any) -> LemonsoftCustomerView:
    return LemonsoftCustomerView({"id": 5, **fields}, context())


def paths(struct: Struct, prefix: str = "") -> Iterator[str]:
    for field in struct.fields:
        if isinstance(field.type, Struct):
            yield from paths(field.type, f"{prefix}{field.vendor}{'[]' * field.many}.")
        else:
            yield prefix + field.vendor


def values(struct: Struct, part: Record, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a document with its path, as the record types give it."""
    for field in struct.fields:
        value = field.read(part)
        if not isinstance(field.type, Struct):
            yield prefix + field.vendor, value
            continue
        for nested in value if field.many else [value]:
            yield from values(field.type, nested, f"{prefix}{field.vendor}{'[]' * field.many}.")


def test_the_record_type_has_the_documented_fields_and_no_others() -> None:
    assert sorted(paths(CUSTOMER)) == sorted(DOCUMENTED)


def test_every_documented_field_of_a_full_document_is_readable_as_its_type() -> None:
    record = sample("full")

    read = dict(values(CUSTOMER, record))

    assert [path for path in DOCUMENTED if read.get(path) is None] == []
    assert read["id"] == "5001"
    assert read["number"] == 20001
    assert read["creditlimit"] == Decimal("15000.5")
    assert read["agreements[].products[].product_unitprice"] == Decimal("190.0")
    assert read["agreements[].startdate"] == datetime(2025, 1, 31, 22, tzinfo=UTC)
    assert read["dimension.Customer_quality_system_bit"] is True
    assert record.context.drift.notices == set()


def test_every_field_of_the_record_type_is_described() -> None:
    structs = [CUSTOMER]
    for struct in structs:
        structs += [field.type for field in struct.fields if isinstance(field.type, Struct)]

    assert [field.vendor for struct in structs for field in struct.fields if not field.about.endswith(".")] == []
    assert [struct.name for struct in structs if not struct.name.startswith("Lemonsoft")] == []


def test_a_thin_row_is_the_last_part_of_a_full_one() -> None:
    full, thin = sample("full"), sample("thin")

    assert list(thin.document) == [field.vendor for field in BASE]
    assert list(full.document)[-len(BASE) :] == list(thin.document)


def test_lemonsoft_supplies_what_it_has_a_source_for() -> None:
    absent = {"title", "gender", "first_name", "organization", "organization_number", "external_ids", "updater"}

    assert KIND.supplies.isdisjoint(absent | {"creator"})
    assert {"contacts", "accounts", "agreements", "invoices", "owner", "language", "notes"} <= KIND.supplies


def test_a_full_customer_reads_as_the_unified_one() -> None:
    full = sample("full")

    assert (full.key, full.number, full.name) == ("5001", "20001", "Merikivi Oy")
    assert full.link == "https://rest.lemonsoft.test/Demo/api/customers/5001"
    assert (full.kind, full.status) == (CustomerKind.COMPANY, CustomerStatus.ACTIVE)
    assert (full.vat_number, full.website, full.is_supplier) == ("FI12345671", "https://www.merikivi.example", True)
    assert (full.language, full.currency, full.owner_key) == ("fi", "EUR", "501")
    assert full.emails == [EmailAddress("toimisto@merikivi.example", EmailPurpose.GENERAL)]
    assert full.notes == ["Soita ennen käyntiä."]


def test_times_without_a_zone_are_those_of_helsinki() -> None:
    full = sample("full")

    assert full.created_at == datetime(2024, 2, 29, 21, 30, tzinfo=UTC)
    assert full.updated_at == datetime(2026, 3, 1, 6, 15, 30, 123000, tzinfo=UTC)


def test_phones_are_dialled_in_the_country_of_the_customer() -> None:
    full = sample("full")
    swedish = customer(phone="08-123 456 78", country="Ruotsi")

    assert full.phone == "09 5550 100"
    assert full.phones == [
        PhoneNumber("09 5550 100", "+35895550100", PhoneKind.PHONE),
        PhoneNumber("09 5550 199", "+35895550199", PhoneKind.FAX),
    ]
    assert swedish.phones == [PhoneNumber("08-123 456 78", "+46812345678", PhoneKind.PHONE)]


def test_the_invoicing_fields_are_the_billing_address() -> None:
    full = sample("full")

    main = Address(
        kind=AddressKind.MAIN,
        lines=["Satamakatu 3", "2. krs"],
        street="Satamakatu 3",
        postal_code="00160",
        city="Helsinki",
        country_code="FI",
        country="Suomi",
    )
    billing = Address(
        kind=AddressKind.BILLING,
        name="Merikivi Oy",
        lines=["PL 77"],
        street="PL 77",
        postal_code="00101",
        city="Helsinki",
    )
    assert (full.address, full.addresses) == (main, [main, billing])


def test_without_its_parts_the_one_line_form_of_the_invoicing_address_is_a_line() -> None:
    address = customer(invoicing_address="PL 77", invoicing_postaladdress="00101 Helsinki").addresses

    assert address == [Address(kind=AddressKind.BILLING, lines=["PL 77", "00101 Helsinki"], street="PL 77")]


def test_billing_holds_what_the_customer_itself_tells() -> None:
    full = sample("full")

    assert full.billing == Billing(
        name="Merikivi Oy",
        address=full.addresses[1],
        payment_terms_id="2",
        invoice_delivery_id="2",
        credit_limit=Decimal("15000.5"),
        einvoice=EInvoice(edi_address="003712345671", finvoice_address="FI2112345600000785"),
    )
    assert (full.payment_term, full.invoice_method) == ("2", "2")


def test_a_contact_has_one_name_and_is_found_under_its_customer() -> None:
    (contact,) = sample("full").contacts

    assert (contact.system, contact.key, contact.customer_key) == ("lemonsoft", "5001/8001", "5001")
    assert (contact.name, contact.first_name, contact.last_name) == ("Aino Salmela", None, None)
    assert (contact.title, contact.department) == ("Hankintapäällikkö", "Hankinta")
    assert (contact.email, contact.notes) == ("aino.salmela@merikivi.example", "Lomalla heinäkuussa")
    assert (contact.phone, contact.mobile, contact.fax) == ("09 5550 100", "040 555 0101", "+358 9 5550 199")
    assert contact.address == Address(
        kind=AddressKind.MAIN,
        lines=["Satamakatu 3", "B-rappu"],
        street="Satamakatu 3",
        postal_code="00160",
        city="Helsinki",
    )


def test_the_post_office_stands_in_for_the_city_of_a_contact() -> None:
    contact = sample("nasty").contacts[0]

    assert contact.address == Address(kind=AddressKind.MAIN, lines=[], city="TURKU")


def test_an_account_is_a_bank_account() -> None:
    assert sample("full").accounts == [
        BankAccount(
            system="lemonsoft",
            key="5001/6001",
            customer_key="5001",
            account_number="123456-785",
            iban="FI2112345600000785",
            bic="NDEAFIHH",
            bank_name="Nordea",
            clearing="FI123456",
            country_code="FI",
        )
    ]


def test_an_agreement_has_its_products_and_the_number_of_who_is_responsible() -> None:
    assert sample("full").agreements == [
        Agreement(
            system="lemonsoft",
            key="5001/2001",
            customer_key="5001",
            type="3",
            description="Huoltosopimus",
            start_date=date(2025, 2, 1),
            end_date=date(2027, 1, 31),
            auto_renews=True,
            responsible_key="502",
            products=[
                AgreementProduct(
                    code="H-200",
                    description="Huoltokäynti",
                    amount=Decimal("2.0"),
                    unit="kpl",
                    unit_price=Decimal("190.0"),
                )
            ],
        )
    ]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (0, CustomerKind.COMPANY),
        (1, CustomerKind.PERSON),
        (2, CustomerKind.OTHER),
        (-1, CustomerKind.OTHER),
        (None, None),
    ],
)
def test_types_of_the_companys_own_are_other_kinds(*, sent: int | None, kind: CustomerKind | None) -> None:
    assert customer(type=sent).kind is kind


@pytest.mark.parametrize(
    ("sent", "status"),
    [(True, CustomerStatus.INACTIVE), (False, CustomerStatus.ACTIVE), (None, CustomerStatus.ACTIVE)],
)
def test_a_customer_is_active_unless_it_is_said_not_to_be(*, sent: bool | None, status: CustomerStatus) -> None:
    assert customer(is_nonactive=sent).status is status


def test_what_is_absent_blank_or_null_is_no_value() -> None:
    sparse = sample("sparse")

    assert (sparse.email, sparse.emails, sparse.phone, sparse.phones, sparse.vat_number) == (None, [], None, [], None)
    assert (sparse.address, sparse.addresses, sparse.notes) == (None, [], [])
    assert (sparse.contacts, sparse.accounts, sparse.agreements, sparse.owner_key) == ([], [], [], None)
    assert sparse.billing == Billing()
    assert (sparse.kind, sparse.status) == (CustomerKind.PERSON, CustomerStatus.INACTIVE)
    assert sparse.context.drift.notices == set()


def test_the_version_follows_what_can_be_written_and_not_the_stamp() -> None:
    one, same, other = customer(name="A"), customer(name="A", modified="2026-03-01T08:15:30"), customer(name="B")

    assert one.version == same.version
    assert one.version != other.version


def test_a_nasty_document_keeps_its_raw_texts() -> None:
    nasty = sample("nasty")

    assert (nasty.name, nasty.vat_number, nasty.is_supplier) == (None, "FI 1234567-2", True)
    assert nasty.phones == [PhoneNumber("ei tiedossa", None, PhoneKind.PHONE)]
    assert nasty.address == Address(kind=AddressKind.MAIN, lines=[], country="Ruritania")
    assert (nasty.kind, nasty.status) == (CustomerKind.OTHER, CustomerStatus.ACTIVE)
    assert (nasty.notes, nasty.payment_term, nasty.invoice_method) == (["Toinen"], "99", "0")


def test_what_cannot_be_read_is_null_and_noticed() -> None:
    nasty = sample("nasty")

    read = (nasty.currency, nasty.language, nasty.created_at, nasty.billing.credit_limit)
    (account,), (agreement,) = nasty.accounts, nasty.agreements

    assert read == (None, None, None, None)
    assert (account.iban, account.country_code) == (None, None)
    assert (agreement.start_date, agreement.end_date, agreement.auto_renews) == (None, date(2026, 7, 1), None)
    assert {field for field, _ in nasty.context.drift.notices} == {
        *("currency_code", "language_code", "created", "creditlimit"),
        *("bank_country_code", "startdate", "auto_renew_bit"),
    }


def test_an_embedded_object_without_an_id_is_known_by_its_content() -> None:
    nasty = sample("nasty")

    first, second = nasty.contacts

    assert (first.key, second.name) == ("5003/8003", "Ilman tunnusta")
    assert re.fullmatch("5003/~[0-9a-f]{16}", second.key)
    assert nasty.context.drift.notices == {("contacts", "not an object")}


@pytest.mark.parametrize(("field", "identity"), [("contacts", "id"), ("accounts", "account_id"), ("agreements", "id")])
def test_two_embedded_objects_with_the_id_0_are_both_there(field: str, identity: str) -> None:
    found = customer(**{field: [{identity: 0, "type": "a"}, {identity: 0, "type": "b"}, {identity: 0, "type": "b"}]})

    keys = [noun.key for noun in getattr(found, field)]

    assert len(set(keys)) == 3
    assert keys[2] == f"{keys[1]}-2"
    assert all(re.fullmatch("5/~[0-9a-f]{16}(-2)?", key) for key in keys)


def test_the_number_0_is_nobody() -> None:
    nasty = sample("nasty")

    assert (nasty.owner_key, nasty.agreements[0].responsible_key) == (None, None)


def test_a_field_that_nobody_documented_is_noticed() -> None:
    nasty = sample("nasty")

    CUSTOMER.notice_undocumented(nasty.document, nasty.context)

    assert nasty.context.drift.notices == {("kentta_jota_ei_ole", "not documented for LemonsoftCustomer")}


def test_a_person_is_a_user_by_number_whose_short_name_stands_in() -> None:
    named = LemonsoftPersonView({"id": 71, "number": 501, "name": "Eero Koski", "email": "eero@x.example"}, context())
    short = LemonsoftPersonView({"id": 72, "number": 502, "name": "", "short_name": "EKO", "email": None}, context())

    assert (named.system, named.key, named.name, named.email) == ("lemonsoft", "501", "Eero Koski", "eero@x.example")
    assert (short.key, short.name, short.email) == ("502", "EKO", None)


def test_an_invoice_is_given_the_key_of_its_customer_whom_it_names_by_number() -> None:
    row = {
        "id": 90001,
        "number": 3001,
        "customer_number": 20001,
        "date": "2026-03-01T00:00:00",
        "due_date": "2026-03-15T00:00:00",
        "total_sum": -380.25,
        "currency_code": "EUR",
        "state": "Avoin",
        "type": 1,
    }

    assert INVOICE.read(Record(row, context()), customer_key="5001") == Invoice(
        system="lemonsoft",
        key="90001",
        customer_key="5001",
        number="3001",
        date=date(2026, 3, 1),
        due_date=date(2026, 3, 15),
        total=Decimal("-380.25"),
        currency="EUR",
        status="Avoin",
    )
