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
    VendorLeaf,
    billing,
    boolean,
    decimal,
    identifier,
    integer,
    json,
    long,
    many,
    moment,
    one,
    secret,
    text,
    texts,
)

if TYPE_CHECKING:
    from customer_gateway.documents.record import DocumentContext


@dataclass(frozen=True)
class Lifted(VendorField):
    """A list of objects whose items may also come as plain text, which is then the object's `member`."""

    member: str = ""

    def _one(self, value: Any, reading: DocumentContext) -> Any:
        return super()._one(lifted(value, self.member), reading)


def lifted(item: object, member: str) -> object:
    """Return a plain text as the object that it is short for; anything else as it is."""
    return {member: item} if isinstance(item, str) else item


_CREATED: Final = moment("created", "When it was created.")
_UPDATED: Final = moment("updated", "When it was last changed.")

USER: Final = Struct(
    "AutodnsUser",
    "A user of AutoDNS: a name within a context.",
    (
        text("user", "Name of the user."),
        integer("context", "The context: a separate world of users."),
        text("defaultEmail", "E-mail address of the user, where the answer carries it."),
        text("language", "Language of the user."),
        integer("status", "State of the user."),
        boolean("passwordExpired", "Whether the password has run out."),
        moment("passwordChanged", "When the password was last changed."),
        moment("passwordExpires", "When the password runs out."),
    ),
)

CUSTOMER_REFERENCE: Final = Struct(
    "AutodnsCustomerReference",
    "What identifies a customer.",
    (
        long("number", "Customer number."),
        text("client", "Customer group that the number counts in."),
        long("group", "Number of the customer group."),
    ),
)

LABEL: Final = Struct(
    "AutodnsLabel",
    "A thing known by its label.",
    (text("label", "The label."), _CREATED, _UPDATED),
)

CONTACT: Final = Struct(
    "AutodnsContact",
    "A person or department at the customer.",
    (
        identifier("id", "Number of the contact."),
        one("customer", CUSTOMER_REFERENCE, "The customer that the contact belongs to."),
        text("type", "What the contact is for: BILLING, TECH, LEGAL, PRIMARY, DOMAIN, SSL, SERVER or ABUSE."),
        text("firstName", "First name."),
        text("lastName", "Last name."),
        text("title", "Title."),
        text("label", "Designation, mostly the last name."),
        text("language", "Language to write to the contact in."),
        text("gender", "MALE or FEMALE."),
        texts("address", "Address lines."),
        text("postalCode", "Postal code."),
        text("city", "City."),
        text("state", "State or region."),
        text("country", "Country, ISO 3166-1 alpha-2."),
        text("phone", "Phone."),
        text("fax", "Fax."),
        text("email", "E-mail address."),
        one("owner", USER, "The user whom the contact belongs to."),
        one("updater", USER, "The user who last changed it."),
        _CREATED,
        _UPDATED,
    ),
)

CARD: Final = Struct(
    "AutodnsCard",
    "The credit card that is billed; never its number.",
    (
        text("provider", "Payment provider: IPAYMENT or PAYPAL."),
        text("type", "Card brand: MC, VISA, AMEX, DIC, DISC or CB."),
        text("status", "ACTIVE, EXPIRED or LOST."),
        moment("validFrom", "Since when the card is valid."),
        moment("validTo", "Until when the card is valid."),
        _CREATED,
        _UPDATED,
    ),
)

ACCOUNT_MANAGER: Final = Struct(
    "AutodnsAccountManager",
    "Who looks after a contract on the vendor's side.",
    (
        identifier("id", "Number of the account manager."),
        text("name", "Name."),
        json("phone", "Phone; sent as text or as an object."),
        text("email", "E-mail address."),
        _CREATED,
        _UPDATED,
    ),
)

CONTRACT: Final = Struct(
    "AutodnsContract",
    "A contract of the customer.",
    (
        identifier("id", "Number of the contract."),
        one("contract", LABEL, "Which contract it is, by its label."),
        one("accountManager", ACCOUNT_MANAGER, "Who looks after it."),
        text("classification", "Class of the contract."),
        text("invoiceNotice", "Remark that is printed on invoices."),
        text("notice", "Remarks."),
        text("ticketNumber", "Ticket in which it was agreed."),
        boolean("noSap", "Whether it is kept out of SAP."),
        _CREATED,
        _UPDATED,
    ),
)

CURRENCY_RATE: Final = Struct(
    "AutodnsCurrencyRate",
    "The currency in which an account is shown.",
    (text("currency", "Currency, ISO 4217."), decimal("rate", "Rate of exchange.")),
)

ACCOUNT: Final = Struct(
    "AutodnsAccount",
    "The billing account: prepaid money or a line of credit.",
    (
        one("customer", CUSTOMER_REFERENCE, "The customer that the account belongs to."),
        decimal("currentAccountBalance", "Balance now."),
        decimal("runningTotal", "Total of all transactions, unfinished ones included."),
        decimal("creditLimit", "How far the account may go below zero."),
        text("currency", "Currency of the account, ISO 4217."),
        decimal("reserved", "Amount set aside for unfinished transactions."),
        decimal("minRunningTotalNotification", "Total below which a notification is sent."),
        text("minRunningTotalNotificationEmail", "Who receives that notification."),
        one("view", CURRENCY_RATE, "The currency in which the account is shown."),
        _CREATED,
        _UPDATED,
    ),
)

DOCUMENT: Final = Struct(
    "AutodnsDocument",
    "A file that is kept with an entity.",
    (
        identifier("id", "Number of the document."),
        text("name", "File name."),
        text("type", "What the document is, in the vendor's terms."),
        text("mimeType", "Media type."),
        long("size", "Size in bytes."),
        text("comment", "Remark."),
        text("link", "Where the file can be downloaded."),
        text("data", "The file itself."),
        _CREATED,
        _UPDATED,
    ),
)

_MANDATE_FIELDS: Final = (
    text("reference", "Reference of the mandate."),
    text("accountHolder", "Holder of the bank account."),
    text("iban", "IBAN."),
    text("bic", "BIC."),
    text("status", "ACTIVE, UPDATE, CANCELED, EXPIRED, LOCKED or REMOVE."),
    moment("confirmSignature", "When it was signed."),
    text("confirmIp", "Address from which it was signed."),
    text("confirmUseragent", "Browser with which it was signed."),
    boolean("confirmChecked", "Whether the signature was checked."),
    moment("expire", "When the mandate ends."),
    one("document", DOCUMENT, "The signed paper."),
    _CREATED,
    _UPDATED,
)

FORMER_MANDATE: Final = Struct("AutodnsFormerSepaMandate", "A SEPA mandate that was replaced.", _MANDATE_FIELDS)

MANDATE: Final = Struct(
    "AutodnsSepaMandate",
    "The SEPA mandate under which the customer is debited.",
    (*_MANDATE_FIELDS, many("histories", FORMER_MANDATE, "The mandates before this one.")),
)

COMMENT: Final = Struct(
    "AutodnsComment",
    "A remark about the customer.",
    (
        identifier("id", "Number of the comment."),
        text("text", "The remark."),
        one("user", USER, "Who made it."),
        one("customer", CUSTOMER_REFERENCE, "The customer whom it is about."),
        _CREATED,
        _UPDATED,
    ),
)

VERIFICATION: Final = Struct(
    "AutodnsVerification",
    "The check of an e-mail address that is under way.",
    (
        text("email", "The address."),
        text("status", "PENDING, SUCCESS, FAILED or NOT_SET."),
        one("customer", CUSTOMER_REFERENCE, "The customer whose address it is."),
        _CREATED,
        _UPDATED,
    ),
)

INVOICE_DAYS: Final = Struct(
    "AutodnsInvoiceDays",
    "Terms of payment in days.",
    (many("days", VendorLeaf.INT, "Days until an invoice is due."),),
)

PRICE_LIST: Final = Struct(
    "AutodnsPriceList",
    "A price list that applies to the customer.",
    (
        text("articleTypeLabel", "The kind of article that it prices."),
        text("priceListLabel", "Label of the price list."),
        text("type", "Type of the price list."),
    ),
)

PRICE_LISTS: Final = Struct(
    "AutodnsPriceLists",
    "The price lists of the customer.",
    (many("pricelist", PRICE_LIST, "One entry a kind of article."),),
)

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
