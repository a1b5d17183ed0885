"""Pland's customer, as documented: names from the vendor's published OpenAPI v2 file, fields from seed 000."""

from __future__ import annotations

import re
from typing import Final

from customer_gateway.documents.structs import (
    Struct,
    VendorLeaf,
    billing,
    boolean,
    identifier,
    integer,
    many,
    moment,
    one,
    text,
    vendor_id,
)

OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}")
"""An id of Pland's."""

ADDRESS: Final = Struct(
    "PlandAddress",
    "A postal address as Pland holds it.",
    (
        text("street", "Street and house number."),
        text("zip", "Postal code."),
        text("city", "City."),
        text("country", "Country, as typed by the user."),
        text("co", "Care of."),
        text("state", "State or region."),
    ),
)

CONTACT: Final = Struct(
    "PlandContactInformation",
    "Phones, e-mail, SMS particulars and website of a customer.",
    (
        text("telephone", "Landline phone."),
        text("mobile", "Mobile phone."),
        text("email", "E-mail address."),
        text("sms", "Number that receives SMS."),
        integer("smsCount", "How many SMS were sent."),
        moment("smsSendDate", "When the last SMS was sent."),
        identifier("smsSendBy", "The user who sent the last SMS."),
        text("website", "Website."),
        text("lastSMSStatus", "Delivery status of the last SMS."),
    ),
)

CONTRACT: Final = Struct(
    "PlandContract",
    "Contract information and terms; Pland leaves the object open, these are the keys it is known to carry.",
    (
        moment("startDate", "When the contract starts."),
        moment("endDate", "When the contract ends."),
    ),
)

STATUS: Final = Struct(
    "PlandStatus",
    "Life cycle of the entity.",
    (
        text("status", 'State on the wire: "1" is active, anything else is not.'),
        moment("createdAt", "When the entity was created."),
        identifier("createdBy", "The user who created it."),
        moment("lastModifiedAt", "When it was last changed."),
        identifier("lastModifiedBy", "The user who last changed it."),
    ),
)

CUSTOMER: Final = Struct(
    "PlandCustomer",
    "A customer as Pland documents it: a company or a person who receives services.",
    (
        vendor_id("_id", "Identifier of the entity (24 hexadecimal digits)."),
        text("number", "Customer number, unique; given by Pland when left out on creation."),
        identifier("companyId", "The tenant that the customer belongs to."),
        one("status", STATUS, "Status and who changed the customer when."),
        identifier("chatId", "The chat of this customer."),
        text("name", "Name of the customer or company."),
        text("contactPerson", "Name of the main contact person."),
        one("address", ADDRESS, "Postal address."),
        one("contact", CONTACT, "Phones, e-mail and website."),
        one("contract", CONTRACT, "Contract information and terms."),
        billing(identifier("invoiceRecipientId", "The user who receives invoices.")),
        billing(many("invoiceCCRecipientIds", VendorLeaf.ID, "The users who receive copies of invoices.")),
        boolean("hideRecipientOnDocuments", "Whether documents leave out the recipient."),
        billing(text("buyerReference", "Leitweg-ID for electronic invoices (XRechnung).")),
        billing(text("orderReferenceId", "Supplier number for electronic invoices (XRechnung).")),
        text("vatNumber", "VAT number."),
        text("debitorNumber", "Debitor number, which stands in for the customer number in accounting."),
        billing(identifier("paymentTermId", "The payment term that overrides the company's default on invoices.")),
    ),
)
