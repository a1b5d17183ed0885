"""What is peculiar to Billbee in reading: contact data in three places, addresses apart, orders that carry invoices."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customer_gateway.documents.record import DocumentContext, Record
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.model.nouns import Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    CustomerKind,
    CustomerStatus,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.billbee import KIND, read
from customer_gateway.systems.billbee.read import BillbeeCustomerView
from customer_gateway.systems.billbee.record import ADDRESS, CUSTOMER

HERE = Path(__file__).parent


def context() -> DocumentContext:
    return DocumentContext.of("billbee", "https://api.billbee.test/api/v1/", "Europe/Berlin", "DE")


def sample(name: str) -> BillbeeCustomerView:
    return BillbeeCustomerView(json.loads((HERE / "samples" / f"{name}.json").read_text("utf-8")), context())


def customer(**fields: Any) -> BillbeeCustomerView:
    return BillbeeCustomerView({"Id": 5, **fields}, context())


def address(**fields: Any) -> Record:
    return Record({"Id": 1, "CustomerId": 5, "AddressType": 1, "CountryCode": "DE", **fields}, context())


def row(**fields: Any) -> Record:
    return Record({"Id": 300000000000001, "HasInvoice": True, **fields}, context())


def paths(struct: Struct, above: str = "") -> list[str]:
    """Every leaf of the record type, written as in documented.txt."""
    found: list[str] = []
    for field in struct.fields:
        path = f"{above}{field.vendor}"
        nested = f"{path}[]" if field.many else path
        found += [path] if isinstance(field.type, VendorLeaf) else paths(field.type, f"{nested}.")
    return found


def values_at(record: Record, struct: Struct, path: str) -> list[Any]:
    """What the record type gives for a path of documented.txt."""
    name, _, rest = path.partition(".")
    field = struct.by_vendor_name[name.removesuffix("[]")]
    value = field.read(record)
    if isinstance(field.type, VendorLeaf):
        return [value]
    parts = value if field.many else [value]
    return [each for part in parts for each in values_at(part, field.type, rest)]


def test_the_record_type_has_the_documented_fields_and_no_others() -> None:
    documented = (HERE / "documented.txt").read_text("utf-8").split()

    assert sorted(paths(CUSTOMER)) == sorted(documented)


@pytest.mark.parametrize("path", (HERE / "documented.txt").read_text("utf-8").split())
def test_every_documented_field_of_a_full_document_is_readable(path: str) -> None:
    record = sample("full")

    values = values_at(record, CUSTOMER, path)

    assert values
    assert None not in values
    assert record.context.drift.notices == set()


def test_ids_are_texts_and_times_are_points_in_utc() -> None:
    record = sample("full")

    values = {field.vendor: field.read(record) for field in CUSTOMER.fields}

    assert (values["Id"], values["PriceGroupId"], values["LanguageId"]) == ("100000150176895", "100000000001818", "3")
    assert values["ArchivedAt"] == datetime(2026, 2, 3, 6, 14, 39, 360000, tzinfo=UTC)
    assert values["RestoredAt"] == datetime(2026, 7, 4, 16, 5, 23, 843000, tzinfo=UTC)
    assert values["Number"] == 10412


def test_an_address_that_stands_alone_as_on_creation_is_a_list_of_one() -> None:
    record = Record({"Address": {"City": "Keitum"}}, context())

    (found,) = CUSTOMER.by_vendor_name["Address"].read(record)

    assert ADDRESS.by_vendor_name["City"].read(found) == "Keitum"


def test_billbee_supplies_what_it_has_a_source_for() -> None:
    own = {"number", "name", "kind", "status", "vat_number", "email", "emails", "phone", "phones"}
    from_other_calls = {"organization", "first_name", "last_name", "address", "addresses", "invoices"}

    assert KIND.supplies == own | from_other_calls


def test_a_full_customer_reads_as_the_unified_one() -> None:
    full = sample("full")

    assert (full.key, full.number, full.name) == ("100000150176895", "10412", "Kerzenmanufaktur Sölring GmbH")
    assert full.link == "https://api.billbee.test/api/v1/customers/100000150176895"
    assert (full.kind, full.status) == (CustomerKind.COMPANY, CustomerStatus.ACTIVE)
    assert full.vat_number == "DE136695976"
    assert full.email == "einkauf@soelring-kerzen.example"
    assert full.phone == "04651 8806120"


def test_a_sparse_customer_has_nothing_but_its_key() -> None:
    sparse = sample("sparse")

    assert (sparse.key, sparse.status) == ("7", CustomerStatus.ACTIVE)
    assert [sparse.number, sparse.name, sparse.kind, sparse.vat_number, sparse.email, sparse.phone] == [None] * 6
    assert (sparse.emails, sparse.phones) == ([], [])
    assert sparse.context.drift.notices == set()


def test_a_nasty_customer_is_read_as_far_as_it_goes_and_the_rest_is_noticed() -> None:
    nasty = sample("nasty")
    CUSTOMER.notice_undocumented(nasty.document, nasty.context)

    assert (nasty.key, nasty.number, nasty.name) == ("9007199254740993", "R-77", None)
    assert (nasty.kind, nasty.status) == (None, None)
    assert nasty.vat_number == "DE000000000"
    assert nasty.email is None
    assert nasty.emails == [EmailAddress("alt@beispiel.example", EmailPurpose.OTHER)]
    assert nasty.phone == "00420601234567"
    assert [phone.e164 for phone in nasty.phones] == [None, "+420601234567"]
    assert nasty.context.drift.notices == {
        ("Type", "not a known value"),
        ("DefaultMailAddress", "not an object"),
        ("MetaData", "not an object"),
        ("ArchivedAt", "not a point in time"),
        ("Tel2", "not a number that is certain in its country"),
        ("Loyalty", "not documented for BillbeeCustomer"),
    }


@pytest.mark.parametrize(
    ("vendor", "kind"), [(1, CustomerKind.COMPANY), (0, CustomerKind.PERSON), ("1", CustomerKind.COMPANY), (None, None)]
)
def test_the_kind_is_the_type_number(vendor: object, kind: CustomerKind | None) -> None:
    assert customer(Type=vendor).kind is kind


def test_the_version_changes_with_any_value_and_not_with_the_order_of_keys() -> None:
    first = BillbeeCustomerView({"Id": 5, "Name": "A", "Tel1": "1"}, context())
    turned = BillbeeCustomerView({"Tel1": "1", "Name": "A", "Id": 5}, context())
    changed = BillbeeCustomerView({"Id": 5, "Name": "A", "Tel1": "2"}, context())

    assert first.version == turned.version
    assert first.version != changed.version


def test_an_email_is_listed_once_for_each_purpose_it_has() -> None:
    assert sample("full").emails == [
        EmailAddress("einkauf@soelring-kerzen.example", EmailPurpose.GENERAL),
        EmailAddress("rechnung@soelring-kerzen.example", EmailPurpose.COMMERCIAL),
        EmailAddress("lager@soelring-kerzen.example", EmailPurpose.STATUS_UPDATES),
        EmailAddress("inken@soelring-kerzen.example", EmailPurpose.OTHER),
    ]


def test_the_default_mail_address_and_phone_stand_in_for_blank_fields() -> None:
    found = customer(Email=" ", DefaultMailAddress={"Value": "a@b.example"}, DefaultPhone1={"Value": "089 1234567"})

    assert (found.email, found.phone) == ("a@b.example", "089 1234567")
    assert found.emails == [EmailAddress("a@b.example", EmailPurpose.GENERAL)]


def test_a_number_is_listed_once_though_it_stands_in_two_fields() -> None:
    assert sample("full").phones == [
        PhoneNumber("04651 8806120", "+4946518806120", PhoneKind.PHONE),
        PhoneNumber("+49 4651 8806121", "+4946518806121", PhoneKind.PHONE),
        PhoneNumber("0151 23456789", "+4915123456789", PhoneKind.PHONE),
        PhoneNumber("04651 8806129", "+4946518806129", PhoneKind.FAX),
    ]


def test_an_address_carries_its_lines_and_its_parts() -> None:
    full = sample("full")

    (found,) = read.every_address(full.parts("Address"))

    assert found == Address(
        kind=AddressKind.BILLING,
        name="Kerzenmanufaktur Sölring GmbH",
        lines=["Buchhaltung", "Hinterhaus", "Am Tipkenhoog 12a"],
        street="Am Tipkenhoog",
        house_number="12a",
        postal_code="25980",
        city="Keitum",
        state="Schleswig-Holstein",
        country_code="DE",
        country="DE",
    )


@pytest.mark.parametrize(
    ("vendor", "kind"),
    [(1, AddressKind.BILLING), (2, AddressKind.DELIVERY), (3, AddressKind.OTHER), (None, AddressKind.OTHER)],
)
def test_the_kind_of_an_address_is_its_type_number(vendor: object, kind: AddressKind) -> None:
    (found,) = read.every_address([address(AddressType=vendor)])

    assert found.kind is kind


def test_an_address_without_a_company_is_named_after_the_person() -> None:
    (found,) = read.every_address([address(FirstName="Inken", LastName="Petersen", CountryCode="Atlantis")])

    assert found.name == "Inken Petersen"
    assert (found.country_code, found.country) == (None, "Atlantis")


def test_an_address_that_says_nothing_is_none() -> None:
    assert read.every_address([address(CountryCode=None)]) == []
    assert read.main_address([address(CountryCode=None)]) is None


def test_the_main_address_is_the_invoice_address_else_the_first() -> None:
    delivery, invoicing = address(Id=1, AddressType=2, City="Kiel"), address(Id=2, AddressType=1, City="Bonn")

    preferred, only = read.main_address([delivery, invoicing]), read.main_address([delivery])

    assert preferred is not None
    assert (preferred.city, preferred.kind) == ("Bonn", AddressKind.BILLING)
    assert only is not None
    assert (only.city, only.kind) == ("Kiel", AddressKind.DELIVERY)
    assert read.main_address([]) is None


def test_names_come_from_the_invoice_address_alone() -> None:
    delivery = address(AddressType=2, Company="Lager Nord", FirstName="Ole")
    invoicing = address(AddressType=1, Company="Sölring GmbH", FirstName=" ")

    assert read.of_invoice_address("Company")([delivery, invoicing]) == "Sölring GmbH"
    assert read.of_invoice_address("FirstName")([delivery, invoicing]) is None
    assert read.of_invoice_address("Company")([delivery]) is None


def test_addresses_come_in_the_same_order_by_whichever_route_archived_ones_last() -> None:
    sent = [address(Id=3), address(Id=1, ArchivedAt="2026-01-01T00:00:00"), address(Id=2)]

    ordered = [each.document["Id"] for each in read.in_order(sent)]

    assert ordered == [2, 3, 1]


def test_a_listed_order_tells_number_total_and_state_of_its_invoice() -> None:
    thin = row(InvoiceNumber="RE-2026-17", OrderStateId=4, TotalGross=119.9)

    found = read.LISTED.read(thin, customer_key="5")

    assert found == Invoice(
        system="billbee",
        key="300000000000001",
        customer_key="5",
        number="RE-2026-17",
        total=Decimal("119.9"),
        status="shipped",
    )


@pytest.mark.parametrize(
    ("fields", "invoiced"),
    [
        ({"HasInvoice": True}, True),
        ({"HasInvoice": False, "InvoiceNumber": "17"}, False),
        ({"HasInvoice": None, "InvoiceNumber": "17"}, True),
        ({"HasInvoice": None, "InvoiceNumber": " "}, False),
    ],
)
def test_an_order_has_an_invoice_when_it_says_so_or_names_one(fields: dict[str, Any], *, invoiced: bool) -> None:
    assert read.has_invoice(row(**fields)) is invoiced


def test_an_order_tells_the_whole_invoice() -> None:
    order = Record(
        {
            "Id": "shop-4711",
            "BillBeeOrderId": 300000000000001,
            "InvoiceNumberPrefix": "RE-",
            "InvoiceNumber": 17,
            "InvoiceNumberPostfix": None,
            "InvoiceDate": "2026-05-31T23:30:00",
            "TotalCost": 100.1,
            "ShippingCost": 4.9,
            "Currency": "eur",
            "State": 3,
            "Customer": {"Id": 100000150176895},
        },
        context(),
    )

    found = read.invoice(order, "300000000000001")

    assert found == Invoice(
        system="billbee",
        key="300000000000001",
        customer_key="100000150176895",
        number="RE-17",
        date=date(2026, 5, 31),
        total=Decimal("105.0"),
        currency="EUR",
        status="paid",
    )


def test_an_order_without_an_invoice_number_is_no_invoice() -> None:
    assert read.invoice(Record({"InvoiceNumber": None, "Currency": "EUR"}, context()), "1") is None


def test_a_currency_nobody_knows_is_none_and_noticed() -> None:
    order = Record({"InvoiceNumber": 7, "Currency": "TALER"}, context())

    found = read.invoice(order, "1")

    assert found is not None
    assert found.currency is None
    assert order.context.drift.notices == {("Currency", "not a known code")}


def test_an_unknown_order_state_is_noticed() -> None:
    thin = row(OrderStateId=44)

    assert read.LISTED.read(thin, customer_key="5").status is None
    assert thin.context.drift.notices == {("OrderStateId", "not a known value")}
