"""Fjord's customer, as its documents would have it."""

from __future__ import annotations

from typing import Final

from customer_gateway.documents.structs import Struct, boolean, identifier, many, moment, text, vendor_id

PERSON: Final = Struct(
    "FjordPerson",
    "A person at the customer, without an id.",
    (text("name", "Name."), text("email", "E-mail address."), text("phone", "Phone."), text("role", "Position.")),
)

CUSTOMER: Final = Struct(
    "FjordCustomer",
    "A customer as Fjord documents it.",
    (
        vendor_id("id", "The customer."),
        text("number", "The customer's number."),
        text("name", "Name."),
        text("email", "E-mail address."),
        text("phone", "Phone."),
        text("vat", "VAT number."),
        text("currency", "Currency of invoices."),
        text("street", "Street and house number."),
        text("zip", "Postal code."),
        text("city", "City."),
        text("country", "Country, two letters."),
        boolean("archived", "Whether it is out of use."),
        many("people", PERSON, "People at the customer."),
        identifier("owner", "The user who looks after the customer."),
        moment("created", "When it was created."),
        moment("updated", "When it was last changed."),
    ),
)
