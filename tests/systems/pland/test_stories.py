"""What queries cost at Pland, told in GraphQL documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stories.test_calls import AGREEMENTS, BASICS, CONTACTS, CREATOR_AND_UPDATER, INVOICES, page_of_50

if TYPE_CHECKING:
    from gateway import Gateway

pytestmark = pytest.mark.anyio


async def test_a_page_of_pland_with_everything_is_a_call_for_each_noun(gateway: Gateway) -> None:
    """Once it is known that their lists are not cut: that is one call more for each, the first time."""
    selection = f"{BASICS} {CREATOR_AND_UPDATER} {CONTACTS} {AGREEMENTS} {INVOICES}"
    await page_of_50(gateway, "pland", selection)
    cold = len(gateway.log("pland"))
    gateway.forget_calls()
    nodes = await page_of_50(gateway, "pland", selection)

    assert any(node["invoices"]["nodes"] for node in nodes)
    assert cold == 9
    assert sorted(gateway.paths("pland")) == [
        "GET /assignments/",
        "GET /contacts/",
        "GET /customers/",
        "GET /invoices/",
        "GET /users/",
    ]
