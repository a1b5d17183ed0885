"""What is selected of each type where a story wants all of it, and the nouns in an answer to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

USER: Final = "__typename id system key name email"
ADDRESS: Final = "kind name lines street houseNumber postalCode city state countryCode country"
CONTACT: Final = f"""
    __typename id name firstName lastName title department email phone mobile fax note: notes
    address {{ {ADDRESS} }} customer {{ id }}
"""
ACCOUNT: Final = """
    __typename id customer { id }
    ... on BankAccount { accountNumber iban bic bankName clearing countryCode }
    ... on SepaMandate { reference accountHolder iban bic mandate: status }
    ... on PaymentCard { provider cardType card: status validTo }
    ... on LedgerAccount { balance creditLimit currency }
"""
AGREEMENT: Final = f"""
    __typename id type description startDate endDate autoRenews responsibleName responsible {{ {USER} }}
    customer {{ id }}    products {{ code description amount unit unitPrice }}
"""
INVOICE: Final = "__typename id number date dueDate total currency state: status customer { id }"
BILLING: Final = f"""
    email name paymentTerms paymentMethod invoiceDelivery creditLimit taxable address {{ {ADDRESS} }}
    recipients {{ {USER} }} einvoice {{ leitwegId supplierNumber ean ediAddress finvoiceAddress }}
"""
PLAIN: Final = """
    number name kind status title gender firstName lastName organization vatNumber organizationNumber email phone
    website language currency isSupplier notes externalIds createdAt updatedAt
"""
CUSTOMER: Final = f"""
    __typename id version {PLAIN} emails {{ address purpose }} phones {{ raw e164 kind }}
    address {{ {ADDRESS} }} addresses {{ {ADDRESS} }} billing {{ {BILLING} }}
    contacts {{ {CONTACT} }} accounts {{ {ACCOUNT} }} agreements {{ {AGREEMENT} }}
    invoices(first: 20) {{ totalCount nodes {{ {INVOICE} }} }}
    owner {{ {USER} }} updater {{ {USER} }} creator {{ {USER} }} records {{ __typename key link raw system {{ name }} }}
"""
NODE: Final = f"""
    __typename id
    ... on Customer {{ {CUSTOMER} }}
    ... on Contact {{ {CONTACT} }}
    ... on Account {{ {ACCOUNT} }}
    ... on Agreement {{ {AGREEMENT} }}
    ... on Invoice {{ {INVOICE} }}
    ... on User {{ {USER} }}
"""


def nouns_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with an id, however deep."""
    if is_object(value):
        if "id" in value and "__typename" in value:
            yield value
        for each in value.values():
            yield from nouns_in(each)
    elif is_list(value):
        for each in value:
            yield from nouns_in(each)
