"""What Billbee's own way of writing is: an archived record refuses every change, a default has one writer."""

from __future__ import annotations

from typing import Any

import pytest
from systems.test_laws_of_writing import present
from systems.test_plans_at_the_sandbox import Written
from vendors import VENDORS

from customer_gateway.documents.patching import spelled
from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.model.changes import RefusalCode
from customer_gateway.sandbox import Sandbox
from customer_gateway.sandbox.billbee.documents import ADDRESSES
from customer_gateway.systems.billbee.write import WRITES

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("billbee")]

FIRST, LATER = "2026-01-01T00:00:00", "2026-02-01T00:00:00"


@pytest.mark.parametrize(
    ("document", "archived"),
    [
        ({}, False),
        ({"ArchivedAt": None, "RestoredAt": None}, False),
        ({"ArchivedAt": FIRST}, True),
        ({"ArchivedAt": LATER, "RestoredAt": FIRST}, True),
        ({"ArchivedAt": FIRST, "RestoredAt": FIRST}, True),
        ({"ArchivedAt": FIRST, "RestoredAt": LATER}, False),
    ],
)
def test_a_record_is_archived_until_it_is_restored_later(document: dict[str, Any], archived: bool) -> None:
    assert WRITES.archived(document) is archived


async def read_among(number: int) -> tuple[Any, Any]:
    """A customer as it is read to be written, with as many addresses more, and its invoice address."""
    box = Sandbox(customers=30)
    written = Written(next(each for each in VENDORS if each.kind.slug == "billbee"), box)
    key = written.keys()[0]
    addresses = written.upstream.store[ADDRESSES]
    own = next(each for each in addresses if str(each["CustomerId"]) == key)
    for place in range(number):
        addresses.put({**own, "Id": 9_000_000 + place, "AddressType": 2})
    try:
        return (await written.read(key)).document, own
    finally:
        box.close()


async def test_the_invoice_address_is_found_among_more_than_a_page_has_unless_asked() -> None:
    document, own = await read_among(60)

    assert document["InvoiceAddress"]["Id"] == own["Id"]


async def test_a_customer_with_more_addresses_than_a_call_tells_is_not_written() -> None:
    with pytest.raises(UpstreamBadResponse, match="did not answer an entity"):
        await read_among(250)


def test_a_default_is_not_written_by_two_ways_at_once() -> None:
    now = present(next(each for each in VENDORS if each.kind.slug == "billbee"))
    section = {"defaultMailAddress": {"value": "one@example.com"}, "defaultFax": {"subType": "x"}}

    for patch in (
        {"email": "other@example.com", "billbee": section},
        {"billbee": section, "email": "other@example.com"},
    ):
        written = spelled(WRITES, "billbee", patch, now, creates=False)
        assert {each.code for each in written.refusals} == {RefusalCode.EXCLUSIVE}
        assert written.values["DefaultFax.SubType"] == "x"
