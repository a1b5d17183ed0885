"""AutoDNS's customer, as documented: fields from seed 001, JSON names from the vendor's published SDK and Swagger.

Where seed and SDK show two shapes of one thing (a user as text or as object, one verification or several), both are
read (docs/systems/autodns.md#11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.structs import (
    Struct,
    VendorField,
    billing,
    boolean,
    decimal,
    long,
    many,
    moment,
    one,
    secret,
    text,
    texts,
)
from customer_gateway.systems.autodns.parts import (
    ACCOUNT,
    CARD,
    COMMENT,
    CONTACT,
    CONTRACT,
    INVOICE_DAYS,
    MANDATE,
    PRICE_LISTS,
    USER,
    VERIFICATION,
)

if TYPE_CHECKING:
    from customer_gateway.documents.record import DocumentContext


@dataclass(frozen=True)
class Lifted(VendorField):
    """A list of objects whose items may also come as plain text, which is then the object's `member`."""

    member: str = ""

    def _one(self, value: Any, context: DocumentContext) -> Any:
        return super()._one(lifted(value, self.member), context)


def lifted(item: object, member: str) -> object:
    """Return a plain text as the object that it is short for; anything else as it is."""
    return {member: item} if isinstance(item, str) else item


_FIELDS: Final = (
    long("number", "Customer number; unique together with `client`."),
    text("client", "Customer group that the number counts in."),
    long("group", "Number of the customer group: the first five digits of the account number."),
    text("name", "Name of the customer."),
    text("type", "PERSON or ORGANIZATION."),
    text("organization", "Name of the company."),
    text("organization2", "Second line of the company's name."),
    text("vatNumber", "VAT number."),
    text("gender", "MALE or FEMALE."),
    text("title", "Title of the person."),
    text("fname", "First name."),
    text("lname", "Last name."),
    texts("addressLines", "Lines of the address above postal code and city."),
    text("pcode", "Postal code."),
    text("city", "City."),
    text("state", "State or region."),
    text("country", "Country, ISO 3166-1 alpha-2."),
    text("phone", "Phone, as +49-123-12345."),
    text("fax", "Fax, as +49-123-12345."),
    texts("emails", "E-mail addresses."),
    texts("billingEmails", "E-mail addresses that receive invoices."),
    many("contacts", CONTACT, "Further people at the customer."),
    billing(text("payment", "How the customer pays: PRE, POST or LIVE.")),
    billing(text("paymentMode", "By what the customer pays: SEPA, PayPal and the like.")),
    text("paymentCurrency", "Currency in which the customer pays, ISO 4217."),
    billing(decimal("paymentCurrencyExchangeFee", "Fee for converting into that currency.")),
    billing(moment("discountValid", "When a promotional offer ends.")),
    text("invoiceLanguage", "Language of the invoices."),
    billing(one("invoiceDays", INVOICE_DAYS, "Days until an invoice is due.")),
    billing(boolean("invoicePaperbill", "Whether invoices are sent on paper.")),
    secret(text("pin", "Number that the customer gives when asking for support.")),
    billing(boolean("taxable", "Whether VAT is charged.")),
    secret(billing(one("card", CARD, "Credit card that is billed."))),
    many("contracts", CONTRACT, "Contracts with the customer."),
    boolean("autodelete", "Whether the customer's domains are deleted when they run out."),
    boolean("pending", "Whether a change of the customer's data is still being checked."),
    many("verifications", VERIFICATION, "Checks of e-mail addresses that are under way."),
    billing(one("account", ACCOUNT, "Billing account.")),
    boolean("locked", "Whether the customer is locked."),
    billing(Lifted("billingUsers", USER, "Users who receive invoices.", many=True, member="user")),
    Lifted("comments", COMMENT, "Remarks about the customer.", many=True, member="text"),
    billing(one("sepa", MANDATE, "SEPA mandate.")),
    moment("lastConfirmed", "When the customer's data were last confirmed."),
    billing(one("pricelists", PRICE_LISTS, "Price lists of the customer.")),
    boolean("dataPrivacyStatement", "Whether the privacy policy was read and accepted."),
    boolean("newsletter", "Whether the customer takes the newsletter."),
    billing(text("supplierNumber", "The number under which the customer keeps the vendor as a supplier.")),
    text("url", "Website."),
    one("owner", USER, "The user whom the customer is assigned to."),
    one("updater", USER, "The user who last changed the customer."),
    moment("created", "When the customer was created."),
    moment("updated", "When the customer was last changed."),
)

_ELSEWHERE: Final = "published for other purposes than the documented customer; raw has it where it is sent"

_IGNORED: Final[dict[str, str]] = dict.fromkeys(
    (
        "active",
        "addPriceListEntities",
        "clearAccount",
        "discount",
        "discountCertificate",
        "discountNgtld",
        "priceListEntities",
        "remPriceListEntities",
        "tags",
        "technical",
    ),
    _ELSEWHERE,
)

PERSISTENT: Final = Struct(
    "AutodnsPersistentCustomer",
    "The customer's data in force while a change of them is still being checked.",
    _FIELDS,
    _IGNORED,
)

CUSTOMER: Final = Struct(
    "AutodnsCustomer",
    "A customer as AutoDNS documents it: an organisation or a person that domains are billed to.",
    (*_FIELDS, one("persistent", PERSISTENT, "The data in force, while `pending` holds the ones being checked.")),
    _IGNORED,
)
