"""What stands within AutoDNS's customer: users, contacts, contracts, the account, the mandate, price lists."""

from __future__ import annotations

from typing import Final

from customer_gateway.documents.structs import (
    Struct,
    VendorLeaf,
    boolean,
    decimal,
    identifier,
    integer,
    json,
    long,
    many,
    moment,
    one,
    text,
    texts,
)

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
