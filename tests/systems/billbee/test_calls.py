"""Billbee against its sandbox: what each read costs, and what it says when Billbee refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from customer_gateway.errors import UpstreamBadResponse, UpstreamRateLimited, UpstreamUnauthorized, UpstreamUnavailable
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.model.nouns import UNIFIED_FIELDS, Invoice
from customer_gateway.model.value_objects import CustomerStatus
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.billbee import KIND, BillbeeSettings, connect
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from customer_gateway.sandbox import Vendor
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio

FROM_ADDRESSES = ("organization", "first_name", "last_name", "address", "addresses", "record.Address")
ADDRESS_PAGES = [f"GET /customer-addresses?page={number}&pageSize=250" for number in (1, 2)]


@pytest.fixture
def vendor() -> Vendor:
    return Sandbox(rate_limits=False).vendors["billbee"]


@pytest.fixture
async def system(vendor: Vendor) -> AsyncIterator[Adapter]:
    system = connected(vendor)
    yield system
    await system.aclose()


def connected(vendor: Vendor, *, vendor_budget: bool = False, **credentials: Any) -> Adapter:
    settings = BillbeeSettings.model_validate(
        {
            "base_url": "http://billbee.test/api/v1",
            **vendor.credentials,
            **credentials,
            "limits": {"vendor_budget": vendor_budget},
        }
    )
    transport = httpx.ASGITransport(app=vendor.app)
    return connect("billbee", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def soon() -> Deadline:
    return Deadline.after(5)


def request_reads() -> RequestReads:
    return RequestReads(Batchers(), EVERYTHING, soon())


async def all_customers(system: Adapter) -> list[Any]:
    pages = [await system.page(start, 100, EVERYTHING, soon(), ask_next=False) for start in (0, 100, 200)]
    return [customer for page in pages for customer in page.items]


def keys(nouns: Sequence[Any]) -> list[str]:
    return [noun.key for noun in nouns]


async def test_a_page_with_every_field_of_its_own_is_one_call(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=True)

    own = {name for name in UNIFIED_FIELDS if name in KIND.supplies - KIND.readers}
    values = {name: [getattr(customer, name) for customer in page.items] for name in own}

    assert len(page.items) == 50
    assert (page.has_next, page.total) == (True, 300)
    assert [name for name, column in values.items() if not any(column)] == []
    assert vendor.log.calls() == ["GET /customers?page=1&pageSize=50"]


async def test_the_sandbox_sends_nothing_that_is_not_documented(system: Adapter) -> None:
    await all_customers(system)

    assert system.context.drift.notices == set()


async def test_addresses_of_a_page_are_two_pages_of_all_addresses_however_many_fields_need_them(
    vendor: Vendor, system: Adapter
) -> None:
    reads = request_reads()
    page = await system.page(0, 50, EVERYTHING, reads.deadline, ask_next=False)
    vendor.log.clear()

    columns = await asyncio.gather(*(system.readers[field](page.items, reads) for field in FROM_ADDRESSES))

    assert vendor.log.calls() == ADDRESS_PAGES
    assert all(len(column) == 50 and any(column) for column in columns)


async def test_addresses_are_remembered_for_the_requests_that_follow(vendor: Vendor, system: Adapter) -> None:
    batchers = Batchers()
    pages = [await system.page(start, 50, EVERYTHING, soon(), ask_next=False) for start in (0, 50)]
    vendor.log.clear()

    found = [
        await system.readers["address"](page.items, RequestReads(batchers, EVERYTHING, soon()))
        for page in (*pages, *pages)
    ]

    without = [customer for customer, address in zip(pages[1].items, found[1], strict=True) if address is None]
    assert found[2:] == found[:2]
    assert vendor.log.calls() == [
        *ADDRESS_PAGES,
        *(f"GET /customers/{key}/addresses?page=1&pageSize=250" for key in keys(without)),
    ]


async def test_addresses_are_the_same_by_either_route(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 40, EVERYTHING, soon(), ask_next=False)
    together = await system.readers["addresses"](page.items, request_reads())
    vendor.log.clear()

    alone = [(await system.readers["addresses"]([customer], request_reads()))[0] for customer in page.items]

    assert together == alone
    assert vendor.log.calls() == [f"GET /customers/{key}/addresses?page=1&pageSize=250" for key in keys(page.items)]


async def test_one_customer_is_one_call(vendor: Vendor, system: Adapter) -> None:
    (wanted,) = (await system.page(7, 1, EVERYTHING, soon(), ask_next=False)).items
    vendor.log.clear()

    (found,) = await request_reads().load(system.customers(EVERYTHING), [wanted.key])

    assert getattr(found, "document", None) == wanted.document
    assert vendor.log.calls() == [f"GET /customers/{wanted.key}"]


async def test_many_customers_are_whole_pages_archived_ones_included(vendor: Vendor, system: Adapter) -> None:
    everyone = await all_customers(system)
    archived = [customer for customer in everyone if customer.status is CustomerStatus.ARCHIVED]
    vendor.log.clear()

    found = await request_reads().load(system.customers(EVERYTHING), keys(everyone)[::-6] + keys(archived))

    assert keys(found) == keys(everyone)[::-6] + keys(archived)
    assert archived
    assert vendor.log.calls() == [f"GET /customers?page={number}&pageSize=250" for number in (1, 2)]


async def test_two_customers_are_two_calls_where_the_list_has_two_pages(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 2, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    await request_reads().load(system.customers(EVERYTHING), keys(page.items))

    assert sorted(vendor.log.calls()) == sorted(f"GET /customers/{key}" for key in keys(page.items))


async def test_forty_requests_for_one_customer_each_are_three_calls(vendor: Vendor, system: Adapter) -> None:
    everyone = await all_customers(system)
    vendor.faults.set("latency", latency=0.05)
    vendor.log.clear()
    batchers = Batchers()

    found = await asyncio.gather(
        *(
            RequestReads(batchers, EVERYTHING, soon()).load(system.customers(EVERYTHING), [customer.key])
            for customer in everyone[:40]
        )
    )

    assert keys([each for (each,) in found]) == keys(everyone[:40])
    assert len(vendor.log) == 3


@pytest.mark.parametrize("key", ["abc", "", "0", "007", "-5", "1" * 19, "5/addresses", "5?x=1"])
async def test_what_cannot_be_a_key_is_unknown_without_a_call(vendor: Vendor, system: Adapter, key: str) -> None:
    (found,) = await request_reads().load(system.customers(EVERYTHING), [key])

    assert found is None
    assert vendor.log.calls() == []


async def test_an_unknown_customer_is_none(vendor: Vendor, system: Adapter) -> None:
    (found,) = await request_reads().load(system.customers(EVERYTHING), ["999999999999999"])

    assert found is None
    assert vendor.log.calls() == ["GET /customers/999999999999999"]


@pytest.mark.parametrize(
    ("start", "size", "calls"), [(0, 50, 1), (50, 50, 1), (37, 50, 1), (99, 100, 1), (249, 2, 1), (293, 100, 1)]
)
async def test_a_window_of_the_list_is_cut_from_the_pages_that_cover_it(
    vendor: Vendor, system: Adapter, start: int, size: int, calls: int
) -> None:
    everyone = await all_customers(system)
    vendor.log.clear()

    page = await system.page(start, size, EVERYTHING, soon(), ask_next=False)

    assert keys(page.items) == keys(everyone)[start : start + size]
    assert page.has_next is (start + size < 300)
    assert len(vendor.log) <= calls


async def test_a_window_past_the_end_is_empty(system: Adapter) -> None:
    page = await system.page(400, 50, EVERYTHING, soon(), ask_next=True)

    assert (list(page.items), page.has_next, page.total) == ([], False, 300)


async def test_the_count_is_one_row(vendor: Vendor, system: Adapter) -> None:
    total = await system.count(soon())

    assert total == 300
    assert vendor.log.calls() == ["GET /customers?page=1&pageSize=1"]


async def test_invoices_are_the_orders_that_have_one_newest_first(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 20, EVERYTHING, reads.deadline, ask_next=False)
    vendor.log.clear()

    found = await system.readers["invoices"](page.items, reads)

    assert sorted(vendor.log.calls()) == sorted(
        f"GET /customers/{key}/orders?page=1&pageSize=250" for key in keys(page.items)
    )
    assert sum(map(len, found)) > 10
    assert all(keys(each) == sorted(keys(each), key=int, reverse=True) for each in found)
    assert all(invoice.number and invoice.total and invoice.status for each in found for invoice in each)


async def test_date_and_currency_are_one_call_an_invoice_once_a_minute(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    listed = await _an_invoice(system, reads)
    details = system.invoice_details
    assert details is not None
    vendor.log.clear()
    batchers = Batchers()

    first, again = [(await RequestReads(batchers, EVERYTHING, soon()).load(details, [listed.key]))[0] for _ in range(2)]

    assert isinstance(first, Invoice)
    assert first is again
    assert (first.date is not None, first.currency) == (True, "EUR")
    assert vendor.log.calls() == [f"GET /orders/{listed.key}"]


async def test_an_invoice_found_by_its_key_is_the_one_of_the_list(system: Adapter) -> None:
    reads = request_reads()
    listed = await _an_invoice(system, reads)

    found, unknown, malformed = await system.node_lookups["Invoice"]([listed.key, "999999999999999", "x"], reads)

    told = ("system", "key", "customer_key", "number", "total", "status")
    assert [getattr(found, name) for name in told] == [getattr(listed, name) for name in told]
    assert unknown is None
    assert malformed is None


async def _an_invoice(system: Adapter, reads: RequestReads) -> Any:
    page = await system.page(0, 20, EVERYTHING, reads.deadline, ask_next=False)
    invoices = await system.readers["invoices"](page.items, reads)
    return next(invoice for each in invoices for invoice in each)


async def test_billbee_has_no_users_and_finds_invoices_only(system: Adapter) -> None:
    assert system.users is None
    assert set(system.node_lookups) == {"Invoice"}
    assert set(system.readers) == KIND.readers


@pytest.mark.parametrize("wrong", ["user", "password", "api_key"])
async def test_wrong_credentials_are_unauthorized(vendor: Vendor, wrong: str) -> None:
    credentials: dict[str, Any] = {wrong: "not-the-one"}
    system = connected(vendor, **credentials)

    with pytest.raises(UpstreamUnauthorized):
        await system.page(0, 1, EVERYTHING, soon(), ask_next=False)

    assert await system.reachable(soon()) is False


async def test_an_error_body_under_200_is_a_bad_response(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("error_under_200")

    with pytest.raises(UpstreamBadResponse, match=r"answered 200 with an error inside: its ErrorCode is 8$"):
        await system.page(0, 1, EVERYTHING, soon(), ask_next=False)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamBadResponse),
        (404, UpstreamBadResponse),
        (429, UpstreamRateLimited),
        (500, UpstreamUnavailable),
        (503, UpstreamUnavailable),
    ],
)
async def test_a_list_that_is_refused_says_why(
    vendor: Vendor, system: Adapter, status: int, error: type[Exception]
) -> None:
    vendor.faults.set("status", status=status)

    with pytest.raises(error):
        await system.page(0, 1, EVERYTHING, soon(), ask_next=False)


async def test_reachable_is_one_cheap_call_at_most(vendor: Vendor, system: Adapter) -> None:
    first, again = await system.reachable(soon()), await system.reachable(soon())

    assert (first, again) == (True, True)
    assert vendor.log.calls() == ["GET /customers?page=1&pageSize=1"]


async def test_calls_wait_for_their_turn_so_that_billbee_never_counts_too_many() -> None:
    vendor = Sandbox(rate_limits=True).vendors["billbee"]
    system = connected(vendor, vendor_budget=True)

    pages = await asyncio.gather(
        *(system.page(start, 10, EVERYTHING, soon(), ask_next=False) for start in (0, 10, 20, 30))
    )

    assert [len(page.items) for page in pages] == [10] * 4
    assert {entry.status for entry in vendor.log.entries} == {200}
