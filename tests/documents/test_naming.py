"""Which places of a vendor's document a refusal names."""

from __future__ import annotations

import pytest
from picked import WRITTEN
from vendors import WRITES

from customer_gateway.documents.naming import places_named

CASES = [(text, slug, places) for slug, facts in WRITES.items() for text, places in facts.refusals.items()]


@pytest.mark.parametrize(("text", "slug", "places"), CASES)
@pytest.mark.table
def test_documented_names_count(text: str, slug: str, places: list[str]) -> None:
    assert places_named(WRITTEN[slug], [text, text]) == places
