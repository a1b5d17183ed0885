"""What is peculiar to AutoDNS in reading: pairs as keys, everything embedded, absent keys, two shapes of one thing."""

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
from customer_gateway.model.nouns import Agreement, Invoice, LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    Gender,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.autodns import KIND
from customer_gateway.systems.autodns.read import INVOICE, AutodnsCustomerView, AutodnsUserView
from customer_gateway.systems.autodns.record import CUSTOMER, PERSISTENT

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
KEY = "autodns-de/300117"


def context() -> DocumentContext:
    return DocumentContext.of("autodns", "https://api.registrar.test/v1/", "Europe/Berlin", "DE")


def sample(name: str) -> AutodnsCustomerView:
    return AutodnsCustomerView(json.loads((HERE / "samples" / f"{name}.json").read_text("utf-8")), context())


def customer(**fields: Any) -> AutodnsCustomerView:
    return AutodnsCustomerView({"client": "c", "number": 5, **fields}, context())


def documented() -> list[str]:
    return (HERE / "documented.txt").read_text("utf-8").split()


def values_at(path: str, parts: list[Record], struct: Struct = CUSTOMER) -> list[Any]:
    """The values that the record type reads at a path such as `contacts[].owner.user`."""
    head, _, rest = path.partition(".")
    field = struct.by_vendor_name[head.removesuffix("[]")]
    assert field.many is head.endswith("[]")
    read = [field.read(part) for part in parts]
    flat = [each for value in read for each in (value if field.many and value is not None else [value])]
    if not rest:
        return flat
    assert isinstance(field.type, Struct)
    return values_at(rest, [part for part in flat if part is not None], field.type)


def structs_of(struct: Struct) -> Iterator[Struct]:
    yield struct
    for field in struct.fields:
        if isinstance(field.type, Struct):
            yield from structs_of(field.type)


def struct_at(path: str) -> tuple[str, str]:
    """The name of the struct that holds a path's last field, and that field."""
    struct = CUSTOMER
    *heads, last = path.replace("[]", "").split(".")
    for head in heads:
        inner = struct.by_vendor_name[head].type
        assert isinstance(inner, Struct)
        struct = inner
    return struct.name, last


@pytest.mark.parametrize("path", documented())
def test_every_documented_field_is_readable_as_its_type(path: str) -> None:
    values = [value for value in values_at(path, [sample("full")]) if value is not None]

    assert values != []


def test_the_record_types_have_the_documented_fields_and_no_others() -> None:
    fields = {(struct.name, field.vendor) for struct in structs_of(CUSTOMER) for field in struct.fields}
    untold = {each for each in fields if each[0] not in (PERSISTENT.name, "AutodnsFormerSepaMandate")}

    assert {struct_at(path) for path in documented()} - fields == set()
    assert untold - {struct_at(path) for path in documented()} == set()


def test_a_full_document_is_read_without_a_notice() -> None:
    full = sample("full")

    CUSTOMER.notice_undocumented(full.document, full.context)
    for path in documented():
        values_at(path, [full])

    assert full.context.drift.notices == set()


def test_the_record_type_keeps_numbers_exact() -> None:
    full = sample("full")

    assert values_at("account.currentAccountBalance", [full]) == [Decimal("-250.75")]
    assert values_at("paymentCurrencyExchangeFee", [full]) == [Decimal("1.5")]
    assert values_at("invoiceDays.days[]", [full]) == [14, 30]
    assert values_at("contracts[].id", [full]) == ["512"]


def test_the_data_in_force_are_readable_while_a_change_is_checked() -> None:
    assert values_at("persistent.name", [sample("full")]) == ["Fjordlicht GmbH"]
    assert "persistent" not in PERSISTENT.by_vendor_name


def test_autodns_supplies_what_it_has_a_source_for() -> None:
    absent = {"organization_number", "is_supplier", "external_ids", "creator"}

    assert KIND.supplies.isdisjoint(absent)
    assert {"contacts", "accounts", "agreements", "invoices", "owner", "updater", "billing", "notes"} <= KIND.supplies


def test_a_full_customer_reads_as_the_unified_one() -> None:
    full = sample("full")

    assert (full.key, full.number, full.name) == (KEY, "300117", "Fjordlicht Domains GmbH")
    assert (full.kind, full.status) == (CustomerKind.COMPANY, CustomerStatus.ACTIVE)
    assert (full.title, full.gender) == ("Dr.", Gender.FEMALE)
    assert (full.first_name, full.last_name) == ("Marit", "Olsen")
    assert full.organization == "Fjordlicht Domains GmbH"
    assert full.vat_number == "DE136695976"
    assert (full.website, full.language, full.currency) == ("https://fjordlicht.example", "de", "EUR")
    assert full.notes == ["Zahlt pünktlich."]
    assert full.context.drift.notices == set()


def test_a_key_is_the_pair_of_client_and_number() -> None:
    assert customer(client="reseller/nord", number="042").key == "reseller/nord/42"


def test_the_link_encodes_the_client() -> None:
    assert sample("full").link == "https://api.registrar.test/v1/customer/autodns-de/300117"
    assert sample("nasty").link.endswith("/v1/customer/o%2Fp%20%26%20s%C3%B6hne%3F/300119")


def test_the_version_follows_what_can_be_written_and_not_the_stamp() -> None:
    assert customer(name="A").version == customer(name="A", updated="2026-10-01T13:33:21.000+0200").version
    assert customer(name="A").version != customer(name="B").version


def test_stamps_have_an_offset_without_a_colon() -> None:
    full = sample("full")

    assert full.created_at == datetime(2021, 2, 1, 8, tzinfo=UTC)
    assert full.updated_at == datetime(2026, 10, 1, 11, 33, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"locked": True, "pending": True}, CustomerStatus.LOCKED),
        ({"locked": False, "pending": True}, CustomerStatus.PENDING),
        ({"pending": False}, CustomerStatus.ACTIVE),
        ({}, CustomerStatus.ACTIVE),
    ],
)
def test_locked_comes_before_pending_before_active(fields: dict[str, bool], status: CustomerStatus) -> None:
    assert customer(**fields).status is status


def test_the_first_mail_is_the_mail_and_billing_mails_have_their_purpose() -> None:
    full = sample("full")

    assert full.email == "kontakt@fjordlicht.example"
    assert full.emails == [
        EmailAddress("kontakt@fjordlicht.example", EmailPurpose.GENERAL),
        EmailAddress("marit.olsen@fjordlicht.example", EmailPurpose.GENERAL),
        EmailAddress("rechnung@fjordlicht.example", EmailPurpose.BILLING),
    ]


def test_phones_are_read_through_their_hyphens() -> None:
    full = sample("full")

    assert full.phone == "+49-431-5551234"
    assert full.phones == [
        PhoneNumber("+49-431-5551234", "+494315551234", PhoneKind.PHONE),
        PhoneNumber("+49-431-5551235", "+494315551235", PhoneKind.FAX),
    ]


def test_a_phone_without_a_prefix_is_dialled_in_the_country_of_the_address() -> None:
    assert customer(phone="09 1234567", country="FI").phones[0].e164 == "+35891234567"
    assert customer(phone="0431 5551234").phones[0].e164 == "+494315551234"


def test_the_first_address_line_is_the_street() -> None:
    full = sample("full")

    assert full.address == Address(
        kind=AddressKind.MAIN,
        lines=["Speicherstraße 4", "2. OG"],
        street="Speicherstraße 4",
        postal_code="24103",
        city="Kiel",
        state="Schleswig-Holstein",
        country_code="DE",
        country="DE",
    )
    assert full.addresses == [full.address]


def test_billing_is_read_from_the_customer_and_its_account() -> None:
    assert sample("full").billing == Billing(
        email="rechnung@fjordlicht.example",
        payment_terms="POST",
        payment_method="SEPA",
        invoice_delivery="PAPER",
        credit_limit=Decimal("5000.0"),
        taxable=True,
        einvoice=EInvoice(supplier_number="L-55012"),
    )


@pytest.mark.parametrize(("paper", "delivery"), [(True, "PAPER"), (False, "ELECTRONIC"), (None, None)])
def test_invoices_come_on_paper_or_electronically(*, paper: bool | None, delivery: str | None) -> None:
    assert customer(invoicePaperbill=paper).billing.invoice_delivery == delivery


def test_recipients_are_the_billing_users_that_have_a_context() -> None:
    assert [user.key for user in sample("full").recipients] == ["buchhaltung/4"]


def test_a_contact_is_known_by_its_customer_and_its_number() -> None:
    technician, department = sample("full").contacts

    assert (technician.system, technician.key, technician.customer_key) == ("autodns", f"{KEY}/8101", KEY)
    assert (technician.name, technician.first_name, technician.last_name) == ("Jonas Brandt", "Jonas", "Brandt")
    assert (technician.title, technician.email) == ("Dipl.-Ing.", "technik@fjordlicht.example")
    assert (technician.phone, technician.fax) == ("+49-431-5551240", "+49-431-5551241")
    assert technician.address is not None
    assert (technician.address.lines, technician.address.postal_code) == (["Speicherstraße 4"], "24103")
    assert (department.name, department.address) == ("Buchhaltung", None)


def test_contacts_and_contracts_of_the_vendors_own_models_have_no_ids_and_are_all_there() -> None:
    people = [{"firstName": "Anna", "type": "TECH"}, {"firstName": "Bert"}, {"firstName": "Anna", "type": "TECH"}]
    contracts = [{"contract": {"label": "Reseller"}}, {"contract": {"label": "SSL"}}]

    found = customer(contacts=people, contracts=contracts)

    assert [contact.name for contact in found.contacts] == ["Anna", "Bert", "Anna"]
    assert found.contacts[2].key == f"{found.contacts[0].key}-2"
    assert [contract.description for contract in found.agreements] == ["Reseller", "SSL"]
    assert len({noun.key for noun in (*found.contacts, *found.agreements)}) == 5
    assert found.context.drift.notices == set()


def test_account_mandate_and_card_are_accounts() -> None:
    assert sample("full").accounts == [
        LedgerAccount("autodns", f"{KEY}/ledger", KEY, Decimal("-250.75"), Decimal("5000.0"), "EUR"),
        SepaMandate(
            system="autodns",
            key=f"{KEY}/sepa",
            customer_key=KEY,
            reference="FJL-2021-01",
            account_holder="Fjordlicht Domains GmbH",
            iban="DE89370400440532013000",
            bic="COBADEFFXXX",
            status="ACTIVE",
        ),
        PaymentCard("autodns", f"{KEY}/card", KEY, "IPAYMENT", "VISA", "ACTIVE", "2027-06-30T23:59:59.000+0200"),
    ]


def test_a_contract_is_an_agreement_with_a_manager_who_is_no_user() -> None:
    assert sample("full").agreements == [
        Agreement(
            system="autodns",
            key=f"{KEY}/512",
            customer_key=KEY,
            type="A",
            description="Reseller Premium",
            responsible_name="Petra Lang",
        )
    ]


def test_owner_and_updater_are_embedded_users() -> None:
    full = sample("full")

    assert (full.owner_key, full.updater_key) == ("vertrieb/4", "service/nord/4")
    assert full.owner is not None
    assert (full.owner.system, full.owner.name, full.owner.email) == (
        "autodns",
        "vertrieb",
        "vertrieb@registrar.example",
    )


def test_a_user_is_called_by_the_user_name() -> None:
    user = AutodnsUserView({"user": "service/nord", "context": "4", "defaultEmail": ""}, context())

    assert (user.key, user.name, user.email) == ("service/nord/4", "service/nord", None)


def test_an_invoice_names_its_customer() -> None:
    row = {
        "id": 88000017,
        "number": "RE2026-17",
        "customer": {"client": "autodns-de", "number": 300117},
        "amount": 119.0,
        "vatAmount": 19.0,
        "currency": "eur",
        "status": "SENT",
        "type": "INVOICE",
        "created": "2026-02-28T23:30:00.000+0000",
    }

    assert INVOICE.read(Record(row, context())) == Invoice(
        system="autodns",
        key="88000017",
        customer_key=KEY,
        number="RE2026-17",
        date=date(2026, 3, 1),
        total=Decimal("119.0"),
        currency="EUR",
        status="SENT",
    )
    assert INVOICE.read(Record({"id": 1}, context())).customer_key is None


def test_blank_and_absent_fields_are_no_values() -> None:
    sparse = sample("sparse")

    assert (sparse.kind, sparse.status) == (CustomerKind.PERSON, CustomerStatus.ACTIVE)
    assert (sparse.organization, sparse.vat_number, sparse.email, sparse.emails) == (None, None, None, [])
    assert (sparse.phone, sparse.phones, sparse.address, sparse.addresses) == (None, [], None, [])
    assert (sparse.contacts, sparse.accounts, sparse.agreements, sparse.notes) == ([], [], [], [])
    assert sparse.billing == Billing()
    assert (sparse.owner_key, sparse.updater_key, sparse.recipients) == ("vertrieb/4", None, [])
    assert sparse.context.drift.notices == set()


def test_what_cannot_be_read_is_null_and_noticed() -> None:
    nasty = sample("nasty")

    assert (nasty.kind, nasty.gender, nasty.created_at) == (None, None, None)
    assert (nasty.currency, nasty.language, nasty.billing.taxable) == (None, None, None)
    assert {field for field, _ in nasty.context.drift.notices} == {
        "type",
        "gender",
        "created",
        "paymentCurrency",
        "invoiceLanguage",
        "taxable",
    }


def test_a_nasty_document_keeps_its_raw_texts() -> None:
    nasty = sample("nasty")

    assert (nasty.number, nasty.vat_number, nasty.status) == ("0300119", "DE123", CustomerStatus.LOCKED)
    assert (nasty.email, nasty.billing.email) == ("einzeln@roehren.example", "b@roehren.example")
    assert nasty.phones == [PhoneNumber("Durchwahl 12", None, PhoneKind.PHONE)]
    assert nasty.address is not None
    assert (nasty.address.country, nasty.address.country_code) == ("Bundesrepublik", None)
    assert nasty.billing.invoice_delivery == "ELECTRONIC"


def test_items_without_an_id_are_known_by_their_content_and_what_is_no_object_is_left_out_with_a_notice() -> None:
    nasty = sample("nasty")

    first, second = nasty.contacts

    assert (first.name, second.name) == ("Ohne Nummer", "Mit")
    assert re.fullmatch("o/p & söhne[?]/300119/~[0-9a-f]{16}", first.key)
    assert second.key == "o/p & söhne?/300119/12"
    assert [each.key for each in nasty.agreements] == ["o/p & söhne?/300119/1"]
    assert {field for field, _ in nasty.context.drift.notices} == {"contacts"}


def test_a_balance_that_is_no_number_leaves_the_rest_of_its_account() -> None:
    nasty = sample("nasty")

    assert nasty.accounts == [
        LedgerAccount(
            system="autodns",
            key="o/p & söhne?/300119/ledger",
            customer_key="o/p & söhne?/300119",
            credit_limit=Decimal("1000.00"),
            currency="EUR",
        )
    ]


def test_a_user_without_a_context_is_nobody() -> None:
    nasty = sample("nasty")

    assert (nasty.owner, nasty.owner_key, nasty.updater) == (None, None, None)
    assert {field for field, _ in nasty.context.drift.notices} == {"owner", "updater"}


def test_comments_and_billing_users_are_read_as_texts_too() -> None:
    nasty = sample("nasty")

    assert nasty.notes == ["Nur Text", "Als Objekt"]
    assert [user.key for user in nasty.recipients] == ["kasse/4"]
    assert values_at("comments[].text", [nasty])[:2] == ["Nur Text", "Als Objekt"]
    assert values_at("billingUsers[].user", [nasty]) == ["kasse", "kasse"]


def test_a_lone_verification_is_a_list_of_one() -> None:
    assert values_at("verifications[].email", [sample("nasty")]) == ["v@roehren.example"]


def test_a_field_that_nobody_published_is_noticed() -> None:
    nasty = sample("nasty")

    CUSTOMER.notice_undocumented(nasty.document, nasty.context)

    assert nasty.context.drift.notices == {("loyalty", "not documented for AutodnsCustomer")}
