"""Billbee's customer, as documented: names and fields from seed 004, shapes from the vendor's published swagger."""

from __future__ import annotations

from typing import Final

from customer_gateway.documents.structs import Struct, identifier, integer, long, many, moment, one, text, vendor_id

CONTACT_DATA: Final = Struct(
    "BillbeeContactData",
    "One piece of contact data of a customer: an e-mail address, a phone or a fax number.",
    (
        identifier("Id", "Identifier of the entry."),
        identifier("TypeId", "What the value is, as a number: 1 is an e-mail address, 2 a phone number."),
        text("TypeName", "What the value is, in words; given by Billbee, not changeable."),
        text("SubType", "What the entry is used for, such as default or phone."),
        text("Value", "The e-mail address or number itself."),
    ),
)

ADDRESS: Final = Struct(
    "BillbeeAddress",
    "One postal address of a customer; Billbee keeps them apart from the customer's own document.",
    (
        identifier("Id", "Identifier of the address."),
        identifier("CustomerId", "The customer that the address belongs to."),
        integer("AddressType", "1 is the invoice address, 2 a shipping address."),
        text("Company", "Name of the company."),
        text("FirstName", "First name of the addressee."),
        text("LastName", "Last name of the addressee."),
        text("Name2", "A further line of the name."),
        text("Street", "Street, as a rule without the house number."),
        text("Housenumber", "House number."),
        text("AddressAddition", "Addition to the address, such as a floor or a care-of."),
        text("Zip", "Postal code."),
        text("City", "City."),
        text("State", "State or region."),
        text("CountryCode", "Country as a two-letter ISO code."),
        text("Email", "E-mail address of the addressee."),
        text("Tel1", "First phone number."),
        text("Tel2", "Second phone number."),
        text("Fax", "Fax number."),
        moment("ArchivedAt", "When the address was archived; from then on it cannot be changed."),
        moment("RestoredAt", "When the address came back from the archive."),
    ),
)

CUSTOMER: Final = Struct(
    "BillbeeCustomer",
    "A customer as Billbee documents it: a buyer of the shops that Billbee handles the orders of.",
    (
        vendor_id("Id", "Billbee's identifier of the customer (64 bits)."),
        long("Number", "Customer number."),
        text("Name", "Name of the customer."),
        integer("Type", "0 is an end customer, 1 a business customer."),
        text("Email", "E-mail address."),
        text("Tel1", "First phone number."),
        text("Tel2", "Second phone number."),
        text("VatId", "VAT id of the customer, used for orders that carry none of their own."),
        identifier("LanguageId", "The customer's language, as a number that no route explains."),
        identifier("PriceGroupId", "The customer's price group, as a number that no route explains."),
        one("DefaultMailAddress", CONTACT_DATA, "The e-mail address used unless another one fits better."),
        one("DefaultCommercialMailAddress", CONTACT_DATA, "The e-mail address for offers and invoices."),
        one("DefaultStatusUpdatesMailAddress", CONTACT_DATA, "The e-mail address for news of an order's progress."),
        one("DefaultPhone1", CONTACT_DATA, "The first phone number to use."),
        one("DefaultPhone2", CONTACT_DATA, "The second phone number to use."),
        one("DefaultFax", CONTACT_DATA, "The fax number to use."),
        many("MetaData", CONTACT_DATA, "All contact data of the customer, the defaults among them."),
        many("Address", ADDRESS, "The customer's addresses, read from the address routes; current ones first."),
        moment("ArchivedAt", "When the customer was archived; from then on it cannot be changed."),
        moment("RestoredAt", "When the customer came back from the archive."),
    ),
)
