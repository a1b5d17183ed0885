"""The systems' own stamps of the last change, by which two reads of a page are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from systems.test_laws_of_writing import WRITTEN
from systems.test_plans_at_the_sandbox import Written

from customer_gateway.documents.content import stamps_of_all
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import Selection
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from customer_gateway.systems.registry import Vendor

pytestmark = pytest.mark.anyio


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(customers=30)
    yield box
    box.close()


@pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)
async def test_a_page_has_stamps_where_its_system_says_when_customers_were_changed(
    vendor: Vendor, box: Sandbox
) -> None:
    written = Written(vendor, box)
    system = written.system
    selection = Selection({"Customer": frozenset({"name", "updated_at"})})

    page = await system.page(0, 10, selection, Deadline.after(10), ask_next=False, after="")

    before = stamps_of_all(page.places)
    assert (before is None) == ("updated_at" not in vendor.kind.supplies)
    written.stamp(page.places[3].key)
    page = await system.page(0, 10, selection, Deadline.after(10), ask_next=False, after="")
    assert before is None or stamps_of_all(page.places) != before
