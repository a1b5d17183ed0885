"""`raw` of every system: rows keep their text where an operation tells it, and cost nothing for it elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from vendors import VENDORS, sandbox

from customer_gateway.documents.raw import RawObject
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.system import EVERYTHING, Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from customer_gateway.system import System
    from customer_gateway.systems.registry import Vendor

pytestmark = pytest.mark.anyio


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.kind.slug)
async def system(request: pytest.FixtureRequest) -> AsyncIterator[System]:
    vendor: Vendor = request.param
    slug = vendor.kind.slug
    upstream = sandbox().vendors[slug]
    settings = vendor.settings.model_validate(
        {"base_url": f"http://{slug}.test{upstream.base_path}", **upstream.credentials}
    )
    transport = httpx.ASGITransport(app=upstream.app)
    connected = vendor.connect(slug, settings, Wiring(transport=lambda _: transport))
    yield connected
    await connected.aclose()


def telling(system: System, *more: str) -> Selection:
    """Everything unified, and that of the record type."""
    return Selection({**EVERYTHING.fields, system.kind.record.name: frozenset({"key", *more})})


async def read(system: System, selection: Selection) -> list[Any]:
    """The first customers as a page and by their keys."""
    deadline = Deadline.after(10)
    page = await system.page(0, 3, selection, deadline, ask_next=False)
    reads = RequestReads(Batchers(), selection, deadline)
    customers = page.items
    return [*customers, *await reads.load(system.customers(selection), [customer.key for customer in customers])]


async def test_with_raw_every_document_has_its_text(system: System) -> None:
    customers = await read(system, telling(system, "raw"))

    assert len(customers) == 6
    for customer in customers:
        assert isinstance(customer.document, RawObject)
        assert orjson.loads(customer.document.text) == customer.document


async def test_without_raw_no_document_is_gone_through_for_it(system: System) -> None:
    customers = await read(system, telling(system))

    assert {type(customer.document) for customer in customers} == {dict}


async def test_reads_with_raw_and_without_are_routes_of_their_own(system: System) -> None:
    raw, without = telling(system, "raw"), telling(system)

    assert system.customers(raw) is system.customers(telling(system, "raw"))
    assert system.customers(raw) is system.customers(Selection({**raw.fields, "CustomerRecord": frozenset({"raw"})}))
    assert system.customers(raw) is not system.customers(without)
    assert system.customers(raw).name == system.customers(without).name
