"""What is peculiar to writing Billbee: defaults that are repeated in the contact data, and the invoice address."""

from __future__ import annotations

from typing import Any

from systems.test_laws_of_writing import patched, present
from vendors import VENDORS

from customer_gateway.documents.writing import Present
from customer_gateway.model.changes import ListPatch, RefusalCode
from customer_gateway.model.value_objects import EmailAddress, EmailPurpose
from customer_gateway.operations.plan import update_plan
from customer_gateway.systems.billbee.write import WRITES

BILLBEE = next(vendor for vendor in VENDORS if vendor.kind.slug == "billbee")
MAIL = {"Id": 1, "TypeId": 1, "Value": "old@example.com", "x": 1}
OTHER = {"Id": 2, "TypeId": 1, "Value": "other@example.com"}
PHONE = {"Id": 3, "TypeId": 2, "Value": "+49 221 1234567"}


def customer(**members: Any) -> Present:
    document = {"Id": 7, "Email": "old@example.com", "Tel1": "+49 221 1234567", "DefaultMailAddress": MAIL}
    return Present(
        {**document, "DefaultPhone1": PHONE, "MetaData": [MAIL, OTHER, PHONE], **members},
        present(BILLBEE).reading,
        "DE",
    )


def mails(*addresses: tuple[str, EmailPurpose]) -> list[EmailAddress]:
    return [EmailAddress(address, purpose) for address, purpose in addresses]


def test_an_address_that_is_a_default_changes_there_and_in_the_contact_data_too() -> None:
    written = patched(BILLBEE, customer(), {"email": "new@example.com"})

    assert written.values == {
        "Email": "new@example.com",
        "DefaultMailAddress": {**MAIL, "Value": "new@example.com"},
        "MetaData": [{**MAIL, "Value": "new@example.com"}, OTHER, PHONE],
    }


def test_without_a_default_the_address_alone_changes() -> None:
    written = patched(BILLBEE, customer(DefaultMailAddress=None), {"email": "new@example.com"})

    assert written.values == {"Email": "new@example.com"}


def test_a_phone_that_is_cleared_goes_from_the_contact_data_too() -> None:
    written = patched(BILLBEE, customer(), {"phone": None})

    assert written.values == {"Tel1": None, "DefaultPhone1": None, "MetaData": [MAIL, OTHER]}


def test_other_addresses_are_entries_of_the_contact_data() -> None:
    added = ListPatch(add=mails(("more@example.com", EmailPurpose.OTHER)))
    removed = ListPatch(remove=["OTHER@example.com"])

    assert patched(BILLBEE, customer(), {"emails": added}).values == {
        "MetaData": [MAIL, OTHER, PHONE, {"TypeId": 1, "Value": "more@example.com"}]
    }
    assert patched(BILLBEE, customer(), {"emails": removed}).values == {"MetaData": [MAIL, PHONE]}


def test_a_purpose_without_a_default_is_refused() -> None:
    written = patched(BILLBEE, customer(), {"emails": ListPatch(add=mails(("a@example.com", EmailPurpose.COMMERCIAL)))})

    assert [each.code for each in written.refusals] == [RefusalCode.INVALID]


def test_the_invoice_address_changes_by_a_call_of_its_own_and_is_made_where_there_is_none() -> None:
    patch = {"name": "Neu", "first_name": "Änne"}
    standing, missing = customer(InvoiceAddress={"Id": 9, "FirstName": "Anna"}), customer(InvoiceAddress=None)

    changed, made = (
        update_plan(WRITES, "7", each, patched(BILLBEE, each, patch).values) for each in (standing, missing)
    )

    assert [f"{each.method} {each.path}" for each in changed] == ["PUT /customers/7", "PATCH /customers/addresses/9"]
    assert changed[1].body == {"FirstName": "Änne"}
    assert [f"{each.method} {each.path}" for each in made] == ["PUT /customers/7", "POST /customers/7/addresses"]
    assert made[1].body == {"AddressType": 1, "FirstName": "Änne"}
    assert [set(plan[0].body) & {"InvoiceAddress", "FirstName"} for plan in (changed, made)] == [set(), set()]
