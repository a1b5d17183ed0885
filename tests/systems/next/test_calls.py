"""NEXT against its sandbox: what each read costs, and what it says when NEXT refuses."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx
import pytest

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.model.nouns import BankAccount
from customer_gateway.model.value_objects import CustomerStatus
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.next import KIND, NextSettings, connect
from customer_gateway.systems.next.read import NextCustomerView
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from customer_gateway.sandbox import Vendor
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio

TOKEN = "any-token"


@pytest.fixture
def vendor() -> Vendor:
    return Sandbox(rate_limits=False).vendors["next"]


@pytest.fixture
async def system(vendor: Vendor) -> AsyncIterator[Adapter]:
    system = connected(vendor.app, str(vendor.credentials["access_token"]))
    yield system
    await system.aclose()


def connected(app: Any, token: str = TOKEN, *, vendor_budget: bool = False) -> Adapter:
    settings = NextSettings.model_validate(
        {
            "base_url": "http://next.test/v1",
            "access_token": token,
            "limits": {"vendor_budget": vendor_budget},
        }
    )
    transport = httpx.ASGITransport(app=app)
    return connect("next", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def soon() -> Deadline:
    return Deadline.after(5)


def request_reads() -> RequestReads:
    return RequestReads(Batchers(), EVERYTHING, soon())


def calls(vendor: Vendor) -> list[str]:
    """The calls with their filters as text: `/user/ id__in=2 page=1 size=100`, a list told by its length."""
    return [_told(entry) for entry in vendor.log.entries if not entry.login]


def _told(entry: Any) -> str:
    query = dict(parse_qsl(entry.query))
    rows: dict[str, list[Any]] = json.loads(query.pop("filter_str", "{}"))
    terms = [f"{name}={len(values)}" for name, values in rows.items()]
    return " ".join([entry.path, *terms, *(f"{name}={value}" for name, value in query.items())])


async def test_a_page_with_all_its_nouns_takes_one_call_for_each_kind_of_noun(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()

    page = await system.page(0, 50, EVERYTHING, reads.deadline, ask_next=True)
    found = await asyncio.gather(*(system.readers[name](page.items, reads) for name in sorted(KIND.readers)))

    assert len(page.items) == 50
    assert all(len(column) == 50 for column in found)
    assert sorted(calls(vendor)) == [
        "/customer/ active__in=2 page=1 size=50",
        "/customercontact/ customerid__in=50 active__in=2 page=1 size=100",
        "/frameworkcontract/ id__in=3 active__in=2 page=1 size=100",
        "/invoice/ customerid__in=50 page=1 size=100",
        f"/user/ id__in={len(_people(page.items))} active__in=2 page=1 size=100",
    ]


def _people(customers: Any) -> set[str]:
    return {key for customer in customers for key in (customer.creator_key, customer.updater_key)}


async def test_creator_and_updater_cost_one_call_together(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()

    page = await system.page(0, 50, EVERYTHING, reads.deadline, ask_next=True)
    creators, updaters = await asyncio.gather(
        system.readers["creator"](page.items, reads), system.readers["updater"](page.items, reads)
    )

    assert len(vendor.log) == 2
    assert [user.key for user in creators] == [customer.creator_key for customer in page.items]
    assert [user.key for user in updaters] == [customer.updater_key for customer in page.items]


async def test_a_user_who_left_still_has_a_name(system: Adapter) -> None:
    users = system.users
    assert users is not None

    (left, unknown) = await request_reads().load(users, ["8", "99999"])

    assert left is not None
    assert not isinstance(left, UpstreamError)
    assert left.name
    assert unknown is None


async def test_bank_accounts_cost_no_call(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)

    accounts = [account for customer in page.items for account in customer.accounts or ()]

    assert len(accounts) > 20
    assert all(isinstance(account, BankAccount) and account.key.endswith("/bank") for account in accounts)
    assert len(vendor.log) == 1


async def test_the_sandbox_sends_nothing_that_is_not_documented(system: Adapter) -> None:
    await system.page(0, 100, EVERYTHING, soon(), ask_next=False)

    assert system.context.drift.notices == set()


async def test_inactive_customers_are_listed_and_counted(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 100, EVERYTHING, soon(), ask_next=False)
    total = await system.count(soon())

    assert CustomerStatus.INACTIVE in {customer.status for customer in page.items}
    assert total == page.total == 300
    assert calls(vendor)[1] == "/customer/ active__in=2 page=1 size=1"


@pytest.mark.parametrize(
    ("start", "size", "pages"),
    [
        (100, 50, ["page=3 size=50"]),
        (3, 50, ["page=1 size=53"]),
        (30, 40, ["page=1 size=70"]),
        (150, 100, ["page=2 size=100", "page=3 size=100"]),
        (290, 50, ["page=6 size=57"]),
    ],
)
async def test_a_window_anywhere_is_read_in_the_vendors_pages(
    start: int, size: int, pages: list[str], vendor: Vendor, system: Adapter
) -> None:
    whole = [customer.key for each in range(3) for customer in (await _hundred(system, each)).items]
    vendor.log.clear()

    page = await system.page(start, size, EVERYTHING, soon(), ask_next=True)

    assert [customer.key for customer in page.items] == whole[start : start + size]
    assert calls(vendor) == [f"/customer/ active__in=2 {each}" for each in pages]


async def _hundred(system: Adapter, number: int) -> Any:
    return await system.page(number * 100, 100, EVERYTHING, soon(), ask_next=False)


@pytest.mark.parametrize(("start", "has_next"), [(0, True), (249, True), (250, False), (299, False), (400, False)])
async def test_every_page_tells_what_follows_without_another_call(
    start: int,
    has_next: bool,
    vendor: Vendor,
    system: Adapter,
) -> None:
    page = await system.page(start, 50, EVERYTHING, soon(), ask_next=True)

    assert (page.has_next, page.total) == (has_next, 300)
    assert len(page.items) == max(0, min(50, 300 - start))
    assert len(vendor.log) == 1


async def test_customers_of_many_requests_are_one_call_and_unknown_ones_are_none(
    vendor: Vendor, system: Adapter
) -> None:
    keys = [*map(str, range(1201, 1241)), "5", "K10001", "-1", ""]

    found = await request_reads().load(system.customers(EVERYTHING), keys)

    assert [each and getattr(each, "key", None) for each in found] == [*keys[:40], None, None, None, None]
    assert calls(vendor) == ["/customer/ id__in=41 active__in=2 page=1 size=100"]


async def test_forty_requests_at_once_share_three_calls(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("latency", latency=0.05)
    batchers = Batchers()
    route = system.customers(EVERYTHING)

    found = await asyncio.gather(
        *(RequestReads(batchers, EVERYTHING, soon()).load(route, [str(1201 + each)]) for each in range(40))
    )

    assert [customer.key for (customer,) in found if isinstance(customer, NextCustomerView)] == [
        str(1201 + each) for each in range(40)
    ]
    assert len(vendor.log) <= 3


async def test_the_documented_budget_keeps_next_from_refusing() -> None:
    vendor = Sandbox(rate_limits=True).vendors["next"]
    system = connected(vendor.app, str(vendor.credentials["access_token"]), vendor_budget=True)

    totals = await asyncio.gather(*(system.count(soon()) for _ in range(13)))

    assert totals == [300] * 13
    assert [entry.status for entry in vendor.log.entries] == [200] * 13


async def test_a_list_longer_than_a_page_is_read_whole(vendor: Vendor, system: Adapter) -> None:
    customers = (await _hundred(system, 0)).items
    apart = [
        invoices
        for start in range(0, 100, 20)
        for invoices in await system.readers["invoices"](customers[start : start + 20], request_reads())
    ]
    vendor.log.clear()

    together = await system.readers["invoices"](customers, request_reads())

    assert together == apart
    assert sum(map(len, together)) > 100
    assert calls(vendor) == [f"/invoice/ customerid__in=100 page={number} size=100" for number in (1, 2)]


async def test_every_noun_is_found_again_by_its_key(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 50, EVERYTHING, reads.deadline, ask_next=False)
    contacts, agreements, invoices = [
        [noun for each in await system.readers[name](page.items, reads) for noun in each]
        for name in ("contacts", "agreements", "invoices")
    ]
    accounts = [account for customer in page.items for account in customer.accounts or ()]
    vendor.log.clear()

    found = {
        name: await system.node_lookups[name]([noun.key for noun in nouns], request_reads())
        for name, nouns in {
            "Contact": contacts[:100],
            "Account": accounts,
            "Agreement": agreements,
            "Invoice": invoices[:100],
        }.items()
    }

    assert [noun.document for noun in found["Contact"]] == [noun.document for noun in contacts[:100]]
    assert found["Account"] == accounts
    assert found["Agreement"] == agreements
    assert found["Invoice"] == invoices[:100]
    assert {len(nouns) for nouns in (contacts, accounts, agreements, invoices)}.isdisjoint({0})
    assert len(vendor.log) == 5  # agreements are reached through their customers and then their contracts


async def test_keys_that_nobody_has_are_none(system: Adapter) -> None:
    wrong = {
        "Contact": ["1", "x"],
        "Account": ["1201", "1203/bank", "x/bank", "1203/card"],
        "Agreement": ["1202", "1202/99", "1201/1", "x/1", "1202/2/2", "5/1"],
        "Invoice": ["1", "F00011"],
    }

    found = {name: await system.node_lookups[name](keys, request_reads()) for name, keys in wrong.items()}

    assert found == {name: [None] * len(keys) for name, keys in wrong.items()}


async def test_an_agreement_that_cannot_be_read_fails_its_own_customers_only(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 8, EVERYTHING, reads.deadline, ask_next=False)
    vendor.faults.set("status", status=500, path="/frameworkcontract/")

    agreements = await system.readers["agreements"](page.items, reads)
    found = await system.node_lookups["Agreement"](["1202/2", "1201/1"], request_reads())

    with_contract = [getattr(customer, "contract_key", None) is not None for customer in page.items]
    assert [isinstance(each, UpstreamUnavailable) for each in agreements] == with_contract
    assert isinstance(found[0], UpstreamUnavailable)
    assert found[1] is None


async def test_wrong_credentials_are_told_as_such(vendor: Vendor) -> None:
    system = connected(vendor.app)

    with pytest.raises(UpstreamUnauthorized) as told:
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert (told.value.code, told.value.retryable) == ("UPSTREAM_UNAUTHORIZED", False)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamBadResponse),
        (403, UpstreamUnauthorized),
        (404, UpstreamBadResponse),
        (422, UpstreamBadResponse),
        (429, UpstreamRateLimited),
        (503, UpstreamUnavailable),
    ],
)
async def test_a_refused_list_is_an_error(
    status: int, error: type[UpstreamError], vendor: Vendor, system: Adapter
) -> None:
    vendor.faults.set("status", status=status)

    with pytest.raises(error):
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)


async def test_an_error_body_under_200_is_no_page_and_no_sign_of_health(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("error_under_200")

    with pytest.raises(UpstreamBadResponse, match="answered 200 with an error inside: it is a `detail` and nothing"):
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert await system.reachable(soon()) is False


async def test_a_probe_is_one_small_call_and_a_fresh_answer_is_believed(vendor: Vendor, system: Adapter) -> None:
    first = await system.reachable(soon())
    second = await system.reachable(soon())

    assert (first, second) == (True, True)
    assert calls(vendor) == ["/customer/ active__in=2 page=1 size=1"]


def answering(pages: Callable[[int], object]) -> Any:
    """NEXT as somebody else's: every list answers what `pages` gives for a page's number."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        del receive
        number = int(dict(parse_qsl(scope["query_string"].decode()))["page"])
        body = json.dumps(pages(number)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.mark.parametrize(
    "page",
    [
        [],
        None,
        {"items": []},
        {"items": {}, "total": 0},
        {"items": [], "total": "none"},
        {"items": [{"id": "seven"}, {"id": "eight"}], "total": 2},
        {"items": [{"id": True}, {}], "total": 2},
        {"items": [None], "total": 1},
    ],
)
async def test_an_answer_of_another_shape_is_refused(page: object) -> None:
    system = connected(answering(lambda _: page))

    with pytest.raises(UpstreamBadResponse):
        await system.count(soon())


def contacts_on(pages: dict[int, range], total: int) -> Any:
    return answering(
        lambda number: {"items": [{"id": each, "customerid": 1201} for each in pages[number]], "total": total}
    )


async def _contacts_of(system: Adapter, *keys: int) -> Any:
    customers = [NextCustomerView({"id": key}, system.context) for key in keys]
    return await system.readers["contacts"](customers, request_reads())


async def test_pages_that_shift_while_they_are_read_are_an_error_and_no_shorter_list() -> None:
    # Row 101 slid onto the page that was read already.
    system = connected(contacts_on({1: range(1, 101), 2: range(102, 152)}, total=151))

    (contacts,) = await _contacts_of(system, 1201)

    assert isinstance(contacts, UpstreamBadResponse)
    assert contacts.retryable


async def test_a_row_of_two_overlapping_pages_is_one_row() -> None:
    system = connected(contacts_on({1: range(1, 101), 2: range(100, 151)}, total=150))

    (contacts,) = await _contacts_of(system, 1201)

    assert [contact.key for contact in contacts] == [str(each) for each in range(1, 151)]


def counted(total: int, log: list[int], rows: Callable[[int], range] = lambda _: range(1, 2)) -> Adapter:
    """NEXT with contacts of which it says there are `total`, whatever it sends; `log` gets the pages asked for."""

    def page(number: int) -> object:
        log.append(number)
        return {"items": [{"id": each, "customerid": 1201} for each in rows(number)], "total": total}

    return connected(answering(page))


@pytest.mark.parametrize("total", [100_001, 20_000_000, 2**63])
async def test_a_total_out_of_all_reason_is_refused_after_the_page_that_tells_it(total: int) -> None:
    log: list[int] = []

    (contacts,) = await _contacts_of(counted(total, log), 1201)

    assert isinstance(contacts, UpstreamBadResponse)
    assert "more rows than can belong" in str(contacts)
    assert log == [1]


async def test_more_rows_than_the_keys_asked_for_are_refused() -> None:
    log: list[int] = []

    found = await counted(4, log).node_lookups["Contact"](["1", "2", "3"], request_reads())

    assert [type(each) for each in found] == [UpstreamBadResponse] * 3
    assert all("more rows than can belong" in str(each) for each in found)
    assert log == [1]


async def test_the_same_page_again_ends_the_reading_of_a_list() -> None:
    log: list[int] = []

    (contacts,) = await _contacts_of(counted(100_000, log, lambda _: range(100)), 1201)

    assert isinstance(contacts, UpstreamBadResponse)
    assert "the same page again" in str(contacts)
    assert sorted(log) == [1, 2, 3, 4, 5, 6]  # five at once, of a thousand that the total tells of


async def test_a_list_that_runs_dry_is_not_asked_for_the_rest_of_its_pages() -> None:
    log: list[int] = []

    (contacts,) = await _contacts_of(counted(100_000, log, lambda page: range(100 if page == 1 else 0)), 1201)

    assert isinstance(contacts, UpstreamBadResponse)
    assert contacts.retryable
    assert sorted(log) == [1, 2, 3, 4, 5, 6]


async def test_a_long_list_is_read_a_few_pages_at_once_to_its_last_row() -> None:
    log: list[int] = []

    (contacts,) = await _contacts_of(counted(1_234, log, _hundreds(1_234)), 1201)

    assert len(contacts) == 1_234
    assert sorted(log) == list(range(1, 14))


def _hundreds(total: int) -> Callable[[int], range]:
    return lambda page: range((page - 1) * 100, min(page * 100, total))


async def test_rows_that_name_another_customer_are_nobodys() -> None:
    rows = [{"id": 1, "customerid": 1201}, {"id": 2, "customerid": 9}, {"id": 3}]
    system = connected(answering(lambda _: {"items": rows, "total": 3}))

    contacts = await _contacts_of(system, 1201, 1202)

    assert [[contact.key for contact in each] for each in contacts] == [["1"], []]


async def test_the_longest_batch_stays_under_8_kb(vendor: Vendor, system: Adapter) -> None:
    keys = [str(10**17 + number) for number in range(100)]

    await request_reads().load(system.customers(EVERYTHING), keys)

    (entry,) = vendor.log.entries
    assert len(entry.query) < 8_000
