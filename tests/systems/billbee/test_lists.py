"""How Billbee's lists are walked: fewest calls, all rows, and nothing taken for a page that is none."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from wire.connected import connected

from customer_gateway.documents.record import DocumentContext
from customer_gateway.errors import UpstreamBadResponse, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.adapter import Api
from customer_gateway.systems.billbee import KIND, Billbee, BillbeeSettings, connect
from customer_gateway.systems.billbee.lists import all_rows_of, objection
from customer_gateway.systems.connection import LimitSettings, Wiring
from customer_gateway.systems.fewest_calls import read_while
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.systems.adapter import Adapter
    from customer_gateway.systems.listing import Listing
pytestmark = pytest.mark.anyio

Json = dict[str, Any]


def envelope(data: object, **paging: int) -> Json:
    return {"Paging": paging or None, "ErrorMessage": None, "ErrorCode": 0, "ErrorDescription": "NoError", "Data": data}


class Vendor(httpx.AsyncBaseTransport):
    """Answers each path with rows in pages (a list), one document (a dict) or a status (a number), and keeps a log."""

    def __init__(self, answers: dict[str, list[Json] | Json | int]) -> None:
        self.answers = answers
        self.calls: list[str] = []
        self.after: Callable[[], None] = lambda: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1")
        self.calls.append(f"{path}?{request.url.query.decode()}".rstrip("?"))
        found = self.answers.get(path, 404)
        if isinstance(found, int):
            return httpx.Response(found, json={"Message": "no"})
        if isinstance(found, dict):
            return httpx.Response(200, json=found)
        number, size = int(request.url.params["page"]), int(request.url.params["pageSize"])
        rows = found[(number - 1) * size : number * size]
        total = len(found)
        self.after()
        return httpx.Response(200, json=envelope(rows, Page=number, PageSize=size, TotalRows=total, TotalPages=0))


def rows(count: int, first: int = 1, **fields: Any) -> list[Json]:
    return [{"Id": number, **fields} for number in range(first, first + count)]


def system(vendor: Vendor) -> Adapter:
    settings = BillbeeSettings.model_validate(
        {
            "base_url": "https://billbee.test/api/v1",
            "user": "shop",
            "password": "api-password",
            "api_key": "app-key",
            "limits": LimitSettings(vendor_budget=False),
        }
    )
    return connect("billbee", settings, Wiring(transport=lambda _name: vendor, retry=Retry(attempts=1)))


READING = DocumentContext.of("billbee", "https://billbee.test/api/v1", "Europe/Berlin", "DE")


def listing(path: str, transport: httpx.AsyncBaseTransport) -> Listing[Json]:
    client = connected(system="billbee", base_url="https://billbee.test/api/v1", transport=transport)
    return Billbee(Api(KIND, client, READING)).listing(path)


def keys(found: Sequence[Any]) -> list[str | None]:
    return [getattr(customer, "key", None) for customer in found]


def reads() -> RequestReads:
    return RequestReads(Batchers(), EVERYTHING, Deadline.after(5))


async def test_pages_are_read_only_while_they_are_fewer_calls_than_the_customers_still_missing() -> None:
    vendor = Vendor({"/customers": rows(1_000), "/customers/990": envelope({"Id": 990})})
    billbee = system(vendor)
    await billbee.count(Deadline.after(5))
    vendor.calls.clear()

    found = await reads().load(billbee.customers(EVERYTHING), ["1", "2", "3", "4", "990"])

    assert keys(found) == ["1", "2", "3", "4", "990"]
    assert vendor.calls == ["/customers?page=1&pageSize=250", "/customers/990"]


async def test_few_customers_of_a_long_list_are_one_call_each() -> None:
    vendor = Vendor({"/customers": rows(1_000), **{f"/customers/{n}": envelope({"Id": n}) for n in (998, 999)}})
    billbee = system(vendor)
    await billbee.count(Deadline.after(5))
    vendor.calls.clear()

    await reads().load(billbee.customers(EVERYTHING), ["998", "999"])

    assert sorted(vendor.calls) == ["/customers/998", "/customers/999"]


async def test_a_customer_missing_from_a_list_that_was_read_whole_is_unknown_without_another_call() -> None:
    vendor = Vendor({"/customers": rows(300)})

    found = await reads().load(system(vendor).customers(EVERYTHING), ["1", "2", "3", "888", "889", "890"])

    assert [customer is None for customer in found] == [False, False, False, True, True, True]
    assert vendor.calls == ["/customers?page=1&pageSize=250", "/customers?page=2&pageSize=250"]


async def test_a_customer_who_slipped_over_a_page_border_is_asked_for_alone() -> None:
    sent = rows(600)
    vendor = Vendor({"/customers": sent, "/customers/251": envelope({"Id": 251})})

    def the_first_row_goes() -> None:
        del sent[: len(sent) - 599]

    vendor.after = the_first_row_goes

    found = await reads().load(system(vendor).customers(EVERYTHING), ["2", "251", "400", "500", "590"])

    assert keys(found) == ["2", "251", "400", "500", "590"]
    assert vendor.calls[-1] == "/customers/251"


async def test_one_customer_whose_read_fails_costs_itself_alone() -> None:
    vendor = Vendor({"/customers": rows(10_000), "/customers/7": envelope({"Id": 7}), "/customers/8": 503})
    billbee = system(vendor)
    await billbee.count(Deadline.after(5))

    alive, dead, unknown = await reads().load(billbee.customers(EVERYTHING), ["7", "8", "9"])

    assert getattr(alive, "key", None) == "7"
    assert isinstance(dead, UpstreamUnavailable)
    assert unknown is None


@pytest.mark.parametrize("data", [{"Id": 8}, {}, None, [{"Id": 7}]])
async def test_a_single_answer_about_anything_but_the_customer_is_refused(data: object) -> None:
    vendor = Vendor({"/customers/7": envelope(data)})

    (found,) = await reads().load(system(vendor).customers(EVERYTHING), ["7"])

    assert isinstance(found, UpstreamBadResponse)


async def test_addresses_are_whole_pages_when_those_are_fewer_and_are_then_known_for_everybody() -> None:
    sent = [{"Id": n, "CustomerId": 1 + n % 300, "AddressType": 1, "City": f"Ort {n}"} for n in range(1, 601)]
    vendor = Vendor({"/customers": rows(300), "/customer-addresses": sent})
    billbee = system(vendor)
    batchers = Batchers()
    request = RequestReads(batchers, EVERYTHING, Deadline.after(5))
    page = await billbee.page(0, 50, EVERYTHING, request.deadline, ask_next=False)
    another = await billbee.page(50, 50, EVERYTHING, request.deadline, ask_next=False)
    vendor.calls.clear()

    first = await billbee.readers["addresses"](page.items, request)
    later = RequestReads(batchers, EVERYTHING, Deadline.after(5))
    second = await billbee.readers["address"](another.items, later)

    assert [len(each) for each in first] == [2] * 50
    assert [each.city for each in second][:2] == ["Ort 50", "Ort 51"]
    assert vendor.calls == [f"/customer-addresses?page={number}&pageSize=250" for number in (1, 2, 3)]


async def test_addresses_of_few_customers_of_a_long_list_are_one_call_each() -> None:
    vendor = Vendor(
        {
            "/customers": rows(1_000),
            "/customers/1/addresses": rows(2, 10, CustomerId=1, AddressType=2, City="Kiel"),
            "/customers/2/addresses": [],
        }
    )
    billbee = system(vendor)
    request = reads()
    page = await billbee.page(0, 2, EVERYTHING, request.deadline, ask_next=False)
    vendor.calls.clear()

    addresses = await billbee.readers["addresses"](page.items, request)
    organizations = await billbee.readers["organization"](page.items, request)

    assert [len(each) for each in addresses] == [2, 0]
    assert organizations == [None, None]
    assert sorted(vendor.calls) == [f"/customers/{key}/addresses?page=1&pageSize=250" for key in (1, 2)]


async def test_a_surprisingly_long_list_of_addresses_is_given_up_for_one_call_each() -> None:
    vendor = Vendor(
        {
            "/customers": rows(2),
            "/customer-addresses": rows(5_000, CustomerId=9),
            **{f"/customers/{key}/addresses": rows(1, key, CustomerId=key, City="Bonn") for key in (1, 2)},
        }
    )
    billbee = system(vendor)
    request = reads()
    page = await billbee.page(0, 2, EVERYTHING, request.deadline, ask_next=False)
    vendor.calls.clear()

    found = await billbee.readers["address"](page.items, request)

    assert [address.city for address in found] == ["Bonn", "Bonn"]
    assert vendor.calls[0] == "/customer-addresses?page=1&pageSize=250"
    assert len(vendor.calls) == 3


async def test_addresses_that_cannot_be_read_fail_each_field_that_stands_on_them() -> None:
    vendor = Vendor({"/customers/1/addresses": 404})
    billbee = system(vendor)
    vendor.answers["/customers"] = rows(1)
    request = reads()
    page = await billbee.page(0, 1, EVERYTHING, request.deadline, ask_next=False)
    vendor.calls.clear()

    fields = ("organization", "first_name", "last_name", "address", "addresses", "record.Address")
    found = [(await billbee.readers[field](page.items, request))[0] for field in fields]

    assert [type(each) for each in found] == [UpstreamBadResponse] * len(fields)
    assert vendor.calls == ["/customers/1/addresses?page=1&pageSize=250"]


async def test_invoices_are_read_from_every_page_of_the_orders_newest_first() -> None:
    orders = rows(600, 1, HasInvoice=True, InvoiceNumber="RE", OrderStateId=4, TotalGross=1.5)
    orders[3]["HasInvoice"] = False
    vendor = Vendor({"/customers": rows(1), "/customers/1/orders": orders})
    billbee = system(vendor)
    request = reads()
    page = await billbee.page(0, 1, EVERYTHING, request.deadline, ask_next=False)
    vendor.calls.clear()

    (found,) = await billbee.readers["invoices"](page.items, request)

    assert [each.key for each in found] == [str(key) for key in range(600, 0, -1) if key != 4]
    assert vendor.calls == [f"/customers/1/orders?page={number}&pageSize=250" for number in (1, 2, 3)]


class Hanging(Vendor):
    """Answers so many calls, then none until it has `more` again."""

    more = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.more:
            await asyncio.sleep(60)
        self.more -= 1
        return await super().handle_async_request(request)


@pytest.mark.parametrize(
    ("noun", "path", "customers"),
    [("orders", "/customers/1/orders", ["1"]), ("addresses", "/customer-addresses", list(map(str, range(1, 101))))],
)
async def test_pages_of_a_list_that_were_walked_before_the_deadline_are_not_walked_again(
    noun: str, path: str, customers: list[str]
) -> None:
    vendor = Hanging({path: rows(1_100, HasInvoice=True, CustomerId=1)})
    billbee, batchers, found = system(vendor), Batchers(), list[Any]()
    route = next(each.route for each in billbee.lookups if each.route.noun == noun)
    for _ in range(3):
        await asyncio.sleep(0.05)  # a client's way back: the calls of a batch are kept some turns after its deadline
        vendor.more = 2
        found += (await RequestReads(batchers, EVERYTHING, Deadline.after(0.2)).load(route, customers))[:1]

    assert [isinstance(each, UpstreamTimeout) for each in found] == [True, True, False]
    assert len(found[-1]) == 1_100
    assert vendor.calls == [f"{path}?page={number}&pageSize=250" for number in range(1, 6)]


async def test_a_list_that_answers_the_same_page_again_is_refused() -> None:
    paging = {"Page": 1, "PageSize": 250, "TotalRows": 2**63}
    vendor = Vendor({"/things": envelope(rows(250), **paging)})

    with pytest.raises(UpstreamBadResponse, match="the same page again"):
        await read_while(listing("/things", vendor), Deadline.after(5), lambda _rows: inf)

    assert len(vendor.calls) == 2


async def test_a_list_whose_total_outlives_its_rows_ends_where_the_rows_end() -> None:
    vendor = Vendor({"/things": envelope([], Page=1, PageSize=250, TotalRows=10_000_000)})

    walk = await read_while(listing("/things", vendor), Deadline.after(5), lambda _rows: inf)

    assert (walk.rows, walk.whole) == ({}, False)
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"Data": []},
        {"Data": [], "Paging": {"PageSize": 250}},
        {"Data": None, "Paging": {"PageSize": 250, "TotalRows": 0}},
        {"Data": [{"Id": "seven"}, {}], "Paging": {"PageSize": 250, "TotalRows": 2}},
        {"Data": [None], "Paging": {"PageSize": 250, "TotalRows": 1}},
        {"Data": [{"Id": 7}], "Paging": {"PageSize": 251, "TotalRows": 1}},
        {"Data": [{"Id": 7}], "Paging": {"PageSize": 0, "TotalRows": 1}},
        {"Data": [{"Id": 7}], "Paging": {"PageSize": [], "TotalRows": 1}},
    ],
)
async def test_what_is_no_page_of_entities_or_one_of_a_greater_size_is_refused(document: object) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=document))

    with pytest.raises(UpstreamBadResponse):
        await listing("/customers", transport).read(1, 250, Deadline.after(5))


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"ErrorMessage": None, "ErrorCode": 0, "ErrorDescription": "NoError"}, None),
        ({"ErrorMessage": "", "ErrorCode": None, "ErrorDescription": 0}, None),
        ({"ErrorMessage": "nope", "ErrorCode": 0}, "its ErrorMessage is set"),
        ({"ErrorMessage": "nope", "ErrorCode": 11}, "its ErrorCode is 11"),
        ({"ErrorMessage": None, "ErrorCode": 11}, "its ErrorCode is 11"),
        ({"ErrorMessage": None, "ErrorCode": 4915112345678}, "its ErrorCode is set"),
        ({"ErrorMessage": None, "ErrorCode": []}, "its ErrorCode is set"),
        ({"ErrorMessage": None, "ErrorCode": "11"}, "its ErrorCode is 11"),
        ({"ErrorMessage": None, "ErrorCode": " 0 "}, None),
        ({"ErrorMessage": None, "ErrorCode": "NoError"}, None),
        ({"ErrorMessage": "", "ErrorCode": "InvalidData"}, "its ErrorCode is set"),
        ({"Message": "An error has occurred."}, "it has a `Message` and no `Data`"),
        ({"Message": None, "Data": []}, None),
        ([], None),
    ],
)
def test_the_envelope_tells_an_error_under_200(document: object, told: str | None) -> None:
    assert objection(200, document) == told


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (envelope(rows(2), Page=1, PageSize=50, TotalRows=2, TotalPages=1), [1, 2]),
        (envelope([], Page=1, PageSize=50, TotalRows=0, TotalPages=0), []),
        (envelope(rows(2), Page=1, PageSize=50, TotalRows=3, TotalPages=1), None),
        (envelope([*rows(1), *rows(1)], Page=1, PageSize=50, TotalRows=2, TotalPages=1), None),
        (envelope([*rows(1), {"Id": None}], Page=1, PageSize=50, TotalRows=2, TotalPages=1), None),
        (envelope(rows(2)), None),
        (envelope({"Street": "Hauptstrasse"}), None),
        (None, None),
    ],
)
def test_a_first_page_tells_a_list_where_it_has_as_many_rows_as_that(answer: object, told: list[int] | None) -> None:
    found = all_rows_of(answer, 250, READING)

    assert (None if found is None else [row["Id"] for row in found]) == told
