"""Which places of a vendor's document a refusal names."""

from __future__ import annotations

import pytest
from systems.test_laws_of_writing import WRITTEN, writes_of

from customer_gateway.documents.naming import places_named


@pytest.mark.parametrize(
    ("text", "slug", "places"),
    [
        ("Missing parameters: name, number", "pland", ["name", "number"]),
        ("status.status must be 1 or 2", "pland", ["status.status"]),
        ("Only passive customers can be deleted", "pland", []),
        ("customer.country", "autodns", ["country"]),
        ("sepa.iban", "autodns", ["sepa.iban"]),
        ("constructioncompany and novat can not both be true", "next", ["constructioncompany", "novat"]),
        ("customer.contacts[0].name", "lemonsoft", ["contacts.name"]),
        ("The number 5 is already in use", "billbee", ["Number"]),
        ("CountryCode must be an ISO 3166-1 alpha-2 code", "billbee", ["InvoiceAddress.CountryCode"]),
        ("Name has the wrong type", "billbee", ["Name"]),
    ],
)
@pytest.mark.table
def test_documented_names_count(text: str, slug: str, places: list[str]) -> None:
    writes = next(writes_of(vendor) for vendor in WRITTEN if vendor.kind.slug == slug)

    assert places_named(writes, [text, text]) == places
