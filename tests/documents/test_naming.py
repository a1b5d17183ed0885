"""Which places of a vendor's document a refusal names."""

from __future__ import annotations

import pytest
from systems.test_laws_of_writing import WRITTEN, writes_of

from customer_gateway.documents.naming import places_named


@pytest.mark.parametrize(
    ("slug", "text", "places"),
    [
        ("pland", "Missing parameters: name, number", ["name", "number"]),
        ("pland", "status.status must be 1 or 2", ["status.status"]),
        ("pland", "Only passive customers can be deleted", []),
        ("autodns", "customer.country", ["country"]),
        ("autodns", "sepa.iban", ["sepa.iban"]),
        ("next", "constructioncompany and novat can not both be true", ["constructioncompany", "novat"]),
        ("lemonsoft", "customer.contacts[0].name", ["contacts.name"]),
        ("billbee", "The number 5 is already in use", ["Number"]),
        ("billbee", "CountryCode must be an ISO 3166-1 alpha-2 code", ["InvoiceAddress.CountryCode"]),
        ("billbee", "Name has the wrong type", ["Name"]),
    ],
)
@pytest.mark.table
def test_documented_names_count(slug: str, text: str, places: list[str]) -> None:
    writes = next(writes_of(vendor) for vendor in WRITTEN if vendor.kind.slug == slug)

    assert places_named(writes, [text, text]) == places
