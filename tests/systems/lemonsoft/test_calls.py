"""Lemonsoft against its sandbox: what each read costs, and what it says when Lemonsoft refuses."""

from __future__ import annotations

import asyncio
import re
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.model.value_objects import CustomerStatus
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING, Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.lemonsoft import KIND, LemonsoftSettings, connect
from customer_gateway.systems.lemonsoft.read import LemonsoftCustomerView
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from customer_gateway.sandbox import Vendor
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio

BASIC = Selection({"Customer": frozenset({"id", "number", "name", "kind", "phone", "address"})})
INVOICE_WITH_CUSTOMER = Selection({"Invoice": frozenset({"number", "customer"}), "Customer": frozenset({"name"})})
CREDENTIALS = {"username": "user", "password": "secret", "database": "DEMO", "api_key": "key"}


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendor(clock: Clock) -> Vendor:
    return Sandbox(rate_limits=True, clock=clock).vendors["lemonsoft"]


@pytest.fixture
async def system(vendor: Vendor) -> AsyncIterator[Adapter]:
    system = connected(httpx.ASGITransport(app=vendor.app), vendor.credentials)
    yield system
    await system.aclose()


def connected(transport: httpx.AsyncBaseTransport, credentials: Any) -> Adapter:
    settings = LemonsoftSettings.model_validate({"base_url": "http://lemonsoft.test", **credentials})
    return connect("lemonsoft", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def answering(answer: Callable[[httpx.Request], object]) -> Adapter:
    """A system whose vendor lets everybody in and answers documents of the test's own."""

    def handle(request: httpx.Request) -> httpx.Response:
        document = {"session_id": "s"} if request.url.path == "/api/auth/login" else answer(request)
        headers = {"content-type": "application/json"}
        return httpx.Response(200, content=orjson.dumps(document), headers=headers)

    return connected(httpx.MockTransport(handle), CREDENTIALS)


def soon() -> Deadline:
    return Deadline.after(5)


def request_reads(selection: Selection = EVERYTHING) -> RequestReads:
    return RequestReads(Batchers(), selection, soon())


async def customer(system: Adapter, key: str) -> Any:
    (found,) = await request_reads().load(system.customers(EVERYTHING), [key])
    return found


async def test_a_page_with_contacts_accounts_and_agreements_takes_one_call(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)

    assert len(page.items) == 50
    assert any(each.contacts for each in page.items)
    assert any(each.accounts for each in page.items)
    assert any(agreement.products for each in page.items for agreement in each.agreements or ())
    assert vendor.log.calls() == ["GET /api/customers?filter.page=1&filter.page_size=50"]


async def test_a_page_of_basic_fields_takes_one_call_for_thin_rows(vendor: Vendor, system: Adapter) -> None:
    full = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    thin = await system.page(0, 50, BASIC, soon(), ask_next=False)

    assert vendor.log.calls() == ["GET /api/customers/base?filter.page=1&filter.page_size=50"]
    assert [(each.key, each.name, each.address) for each in thin.items] == [
        (each.key, each.name, each.address) for each in full.items
    ]


async def test_the_owners_of_a_page_take_one_call_more(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    owners = await system.readers["owner"](page.items, reads)

    assert vendor.log.calls() == ["GET /api/persons?filter.page=1&filter.page_size=100"]
    assert [owner.key if owner else None for owner in owners] == [
        each.owner_key if each.owner_key != "1401" else None for each in page.items
    ]
    assert all(owner.name for owner in owners if owner)


async def test_the_owner_of_one_customer_is_asked_for_by_number(vendor: Vendor, system: Adapter) -> None:
    someone = await customer(system, "5002")
    vendor.log.clear()

    (owner,) = await system.readers["owner"]([someone], request_reads())

    assert owner.key == someone.owner_key
    assert vendor.log.calls() == [f"GET /api/persons/{someone.owner_key}"]


async def test_persons_are_remembered_over_requests(vendor: Vendor, system: Adapter) -> None:
    batchers = Batchers()
    route = system.users
    assert route is not None
    await RequestReads(batchers, EVERYTHING, soon()).load(route, ["501", "502"])
    vendor.log.clear()

    found = await RequestReads(batchers, EVERYTHING, soon()).load(route, ["502", "503", "540"])

    assert [getattr(each, "key", None) for each in found] == ["502", "503", "540"]
    assert vendor.log.calls() == []


@pytest.mark.parametrize("numbers", [["1401"], ["1401", "501"]])
async def test_a_person_whom_lemonsoft_no_longer_has_is_none(system: Adapter, numbers: list[str]) -> None:
    assert system.users is not None

    gone, *_ = await request_reads().load(system.users, numbers)

    assert gone is None


async def test_invoices_take_one_call_for_each_customer_and_never_more_at_once_than_lemonsoft_bears(
    vendor: Vendor, system: Adapter
) -> None:
    page = await system.page(0, 30, BASIC, soon(), ask_next=False)
    vendor.faults.set("latency", latency=0.02, path="/api/invoices")
    vendor.log.clear()

    await system.readers["invoices"](page.items, request_reads(BASIC))
    cold = len(vendor.log)
    vendor.log.clear()
    found = await system.readers["invoices"](page.items, request_reads(BASIC))

    most = max(map(len, found))
    assert 30 < cold <= 30 + sum(1 for each in found if each)
    assert most > 1
    assert sorted(vendor.log.calls()) == [
        f"GET /api/invoices?filter.customer_number={each.number}&filter.page=1&filter.page_size=100"
        for each in page.items
    ]
    keys = [{invoice.customer_key for invoice in invoices} for invoices in found]
    assert any(keys)
    assert all(named <= {each.key} for named, each in zip(keys, page.items, strict=True))


async def test_a_customer_without_a_number_has_no_invoices_and_costs_no_call(vendor: Vendor, system: Adapter) -> None:
    someone = await customer(system, "5002")
    someone.document.pop("number")
    vendor.log.clear()

    assert await system.readers["invoices"]([someone], request_reads()) == [[]]
    assert vendor.log.calls() == []


async def test_invoices_are_paged_until_complete() -> None:
    rows = [{"id": 90_000 + number, "number": number, "date": "2026-01-01T00:00:00"} for number in range(230)]

    def invoices(request: httpx.Request) -> object:
        page, size = int(request.url.params["filter.page"]), int(request.url.params["filter.page_size"])
        return {"results": rows[(page - 1) * size : page * size]}

    system = answering(invoices)
    someone = LemonsoftCustomerView({"id": 5001, "number": 20001}, system.context)

    (found,) = await system.readers["invoices"]([someone], request_reads())

    assert len(found) == 230


async def test_invoices_that_come_whatever_page_is_asked_for_are_refused_at_the_second() -> None:
    asked: list[str] = []

    def invoices(request: httpx.Request) -> object:
        asked.append(request.url.params["filter.page"])
        return {"results": [{"id": number, "number": number} for number in range(100)]}

    system = answering(invoices)
    someone = LemonsoftCustomerView({"id": 5001, "number": 20001}, system.context)

    (found,) = await system.readers["invoices"]([someone], request_reads())

    assert isinstance(found, UpstreamBadResponse)
    assert "the same page again" in str(found)
    assert asked == ["1", "2"]


async def test_code_lists_name_the_numbers_of_a_page_with_one_call_each(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    terms, methods = await asyncio.gather(
        system.readers["billing.payment_terms"](page.items, reads),
        system.readers["billing.invoice_delivery"](page.items, reads),
    )

    assert sorted(vendor.log.calls()) == [
        "GET /api/codelist/description?filter.codeListFilter=INVOICE_METHODS",
        "GET /api/codelist/payment_term",
    ]
    assert set(terms) == {"14 pv netto", "30 pv netto", "7 pv netto", "Käteinen", None}
    assert set(methods) == {"Paperilasku", "Sähköposti", "Verkkolasku", "Ei laskua"}


async def test_a_number_that_no_code_list_knows_is_told_as_text(system: Adapter) -> None:
    someone = await customer(system, "5002")
    someone.document.update(payment_term_number=99, invoice_method_id=77)

    (term,) = await system.readers["billing.payment_terms"]([someone], request_reads())
    (method,) = await system.readers["billing.invoice_delivery"]([someone], request_reads())

    assert (term, method) == ("99", "77")


async def test_the_readers_are_those_that_the_kind_names(system: Adapter) -> None:
    assert system.readers.keys() == KIND.readers


@pytest.mark.parametrize(
    ("start", "size", "windows"),
    [
        (0, 50, ["1 50"]),
        (50, 50, ["2 50"]),
        (30, 50, ["1 80"]),
        (7, 5, ["2 6"]),
        (93, 100, ["1 100", "2 100"]),
        (150, 100, ["2 100", "3 100"]),
    ],
)
async def test_any_window_is_read_from_the_pages_that_cover_it(
    vendor: Vendor, system: Adapter, start: int, size: int, windows: list[str]
) -> None:
    page = await system.page(start, size, BASIC, soon(), ask_next=False)

    assert [each.key for each in page.items] == [str(5001 + start + place) for place in range(size)]
    assert [" ".join(re.findall(r"=(\d+)", call)) for call in vendor.log.calls()] == windows


@pytest.mark.parametrize(
    ("start", "size", "ask_next", "count", "has_next", "calls"),
    [
        (0, 50, False, 50, None, 1),
        (0, 50, True, 50, True, 2),
        (250, 50, False, 50, None, 1),
        (250, 50, True, 50, False, 2),
        (280, 50, True, 20, False, 2),
        (300, 50, True, 0, False, 1),
        (30, 50, True, 50, True, 2),
        (150, 100, True, 100, True, 2),
        (250, 100, True, 50, False, 2),
        (500, 100, True, 0, False, 1),
    ],
)
async def test_a_short_page_and_a_full_one_cost_a_row_or_two_to_know_what_follows(
    vendor: Vendor,
    system: Adapter,
    *,
    start: int,
    size: int,
    ask_next: bool,
    count: int,
    has_next: bool | None,
    calls: int,
) -> None:
    page = await system.page(start, size, EVERYTHING, soon(), ask_next=ask_next)

    assert (len(page.items), page.has_next, page.total) == (count, has_next, None)
    assert len(vendor.log) == calls


async def test_a_short_page_is_the_last_once_a_longer_one_came(vendor: Vendor, system: Adapter) -> None:
    await system.page(0, 100, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    page = await system.page(280, 50, EVERYTHING, soon(), ask_next=True)

    assert (len(page.items), page.has_next) == (20, False)
    assert vendor.log.calls() == ["GET /api/customers?filter.page=6&filter.page_size=55"]


async def test_the_row_that_tells_of_more_is_a_thin_one(vendor: Vendor, system: Adapter) -> None:
    await system.page(0, 50, EVERYTHING, soon(), ask_next=True)

    assert vendor.log.calls()[1:] == ["GET /api/customers/base?filter.page=51&filter.page_size=1"]


async def test_lemonsoft_cannot_count(vendor: Vendor, system: Adapter) -> None:
    assert await system.count(soon()) is None
    assert vendor.log.calls() == []


async def test_inactive_customers_are_read_like_others(system: Adapter) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    inactive = [each.key for each in page.items if each.status is CustomerStatus.INACTIVE]

    found = await request_reads().load(system.customers(EVERYTHING), inactive)

    assert inactive
    assert [getattr(each, "status", None) for each in found] == [CustomerStatus.INACTIVE] * len(inactive)


async def test_customers_by_key_take_one_call_which_asks_for_its_size_and_first_one_for_whom_nobody_has(
    vendor: Vendor, system: Adapter
) -> None:
    keys = [str(key) for key in range(5001, 5013)]

    found = [await request_reads().load(system.customers(EVERYTHING), [*keys, "999999"]) for _ in (1, 2)]

    assert [[getattr(each, "key", None) for each in one] for one in found] == [[*keys, None]] * 2
    ids = "&".join(f"filter.object_ids={key}" for key in [*keys, "999999"])
    all_of_them = f"GET /api/customers?{ids}&filter.page=1&filter.page_size=13"
    the_missing = "GET /api/customers?filter.object_ids=999999&filter.page=1&filter.page_size=1"
    assert vendor.log.calls() == [all_of_them, the_missing, all_of_them]


async def test_basic_fields_by_key_are_read_from_thin_rows(vendor: Vendor, system: Adapter) -> None:
    await request_reads(BASIC).load(system.customers(BASIC), ["5001"])

    assert [call.partition("?")[0] for call in vendor.log.calls()] == ["GET /api/customers/base"]


async def test_a_full_call_of_keys_keeps_its_address_under_8_kilobytes(vendor: Vendor, system: Adapter) -> None:
    route = system.customers(EVERYTHING)
    keys = [str(2_147_483_647 - place) for place in range(route.most)]

    await route.fetch(keys, soon())

    assert len(vendor.log.calls()[0]) < 8_000


@pytest.mark.parametrize("key", ["", "0", "x", "-1", "1.5", "2147483648", "99999999999", "5001/1", "٣"])
async def test_a_key_that_cannot_be_one_is_none_without_a_call(vendor: Vendor, system: Adapter, key: str) -> None:
    assert await request_reads().load(system.customers(BASIC), [key]) == [None]
    assert vendor.log.calls() == []


async def test_the_greatest_key_is_one(vendor: Vendor, system: Adapter) -> None:
    assert await request_reads().load(system.customers(BASIC), ["2147483647"]) == [None]
    assert len(vendor.log) == 1


@pytest.mark.parametrize(
    ("type_name", "nouns"),
    [
        ("Contact", attrgetter("contacts")),
        ("Account", attrgetter("accounts")),
        ("Agreement", attrgetter("agreements")),
    ],
)
async def test_an_embedded_noun_is_found_through_its_customer(
    vendor: Vendor, system: Adapter, type_name: str, nouns: Callable[[Any], Sequence[Any]]
) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    known = [noun for each in page.items for noun in nouns(each)][:4]
    vendor.log.clear()

    keys = [*(noun.key for noun in known), "5001/77", "nonsense", "/1", "5001/"]
    found = await system.node_lookups[type_name](keys, request_reads(BASIC))

    assert [getattr(each, "key", None) for each in found] == [*(noun.key for noun in known), None, None, None, None]
    assert [each.customer_key for each in found[:4]] == [noun.customer_key for noun in known]
    assert [call.partition("?")[0] for call in vendor.log.calls()] == ["GET /api/customers"]


async def test_an_embedded_noun_and_its_customer_are_one_read(vendor: Vendor, system: Adapter) -> None:
    selection = Selection({"Contact": frozenset({"name", "customer"}), "Customer": frozenset({"name"})})
    someone = await customer(system, "5001")
    vendor.log.clear()
    reads = request_reads(selection)

    (contact,) = await system.node_lookups["Contact"]([someone.contacts[0].key], reads)
    (owner,) = await reads.load(system.customers(selection), [contact.customer_key])

    assert getattr(owner, "key", None) == "5001"
    assert len(vendor.log) == 1


async def test_invoices_are_found_by_their_ids_in_one_call(vendor: Vendor, system: Adapter) -> None:
    await system.node_lookups["Invoice"](["90001", "90002", "90003"], request_reads(BASIC))
    vendor.log.clear()

    found = await system.node_lookups["Invoice"](["90001", "90002", "1", "x"], request_reads(BASIC))

    assert [getattr(each, "key", None) for each in found] == ["90001", "90002", None, None]
    assert [getattr(each, "customer_key", None) for each in found] == [None] * 4
    assert len(vendor.log) == 1


async def test_the_customers_of_found_invoices_take_one_call_more_where_they_are_selected(
    vendor: Vendor, system: Adapter
) -> None:
    page = await system.page(0, 10, BASIC, soon(), ask_next=False)
    listed = await system.readers["invoices"](page.items, request_reads())
    expected = [invoice for invoices in listed for invoice in invoices]
    vendor.log.clear()

    found = await system.node_lookups["Invoice"]([each.key for each in expected], request_reads(INVOICE_WITH_CUSTOMER))

    assert list(found) == expected
    assert [call.partition("?")[0] for call in vendor.log.calls()] == ["GET /api/invoices", "GET /api/customers/base"]


async def test_one_login_serves_every_call(vendor: Vendor, system: Adapter) -> None:
    await asyncio.gather(*(system.page(start, 10, BASIC, soon(), ask_next=False) for start in range(0, 200, 10)))

    assert vendor.log.logins() == ["POST /api/auth/login"]
    assert [entry.status for entry in vendor.log.entries] == [200] * 21


async def test_a_session_that_lemonsoft_has_ended_costs_one_new_login(
    vendor: Vendor, system: Adapter, clock: Clock
) -> None:
    await system.page(0, 10, BASIC, soon(), ask_next=False)
    clock.now += 31 * 60
    vendor.log.clear()

    pages = await asyncio.gather(*(system.page(start, 10, BASIC, soon(), ask_next=False) for start in range(0, 50, 10)))

    assert [len(page.items) for page in pages] == [10] * 5
    assert len(vendor.log.logins()) == 1


@pytest.mark.parametrize("wrong", ["username", "password", "database", "api_key"])
async def test_wrong_credentials_are_told_as_such(vendor: Vendor, wrong: str) -> None:
    system = connected(httpx.ASGITransport(app=vendor.app), {**vendor.credentials, wrong: "wrong"})

    with pytest.raises(UpstreamUnauthorized):
        await system.page(0, 10, BASIC, soon(), ask_next=False)

    assert vendor.log.calls() == []


async def test_a_login_without_a_session_is_a_bad_response() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"session": None}))

    with pytest.raises(UpstreamBadResponse):
        await connected(transport, CREDENTIALS).page(0, 10, BASIC, soon(), ask_next=False)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamBadResponse),
        (403, UpstreamUnauthorized),
        (404, UpstreamBadResponse),
        (500, UpstreamUnavailable),
        (503, UpstreamUnavailable),
    ],
)
async def test_a_refused_list_is_an_error_of_its_kind(
    vendor: Vendor, system: Adapter, status: int, error: type[UpstreamError]
) -> None:
    vendor.faults.set("status", status=status, path="/api/customers")

    with pytest.raises(error):
        await system.page(0, 10, BASIC, soon(), ask_next=False)


@pytest.mark.parametrize(
    "document",
    [
        {"Message": "An error has occurred."},
        {"Message": "The request is invalid.", "ModelState": {"filter.page": ["?"]}},
        {"results": None, "result_count": 0},
        {"results": [{"name": "no id"}, {"name": "nor here"}]},
        {"results": [{"id": "5001a"}, {"id": "5001b"}]},
        {"results": [{"id": True}, {"id": False}]},
        {"results": [None]},
        {},
        "text",
        None,
    ],
)
async def test_an_answer_that_is_no_list_of_customers_is_a_bad_response(document: object) -> None:
    system = answering(lambda _: document)

    with pytest.raises(UpstreamBadResponse):
        await system.page(0, 10, BASIC, soon(), ask_next=False)


async def test_a_bare_list_is_read_like_one_in_its_envelope() -> None:
    system = answering(lambda _: [{"id": 5001, "name": "A"}])

    page = await system.page(0, 10, BASIC, soon(), ask_next=False)

    assert [each.name for each in page.items] == ["A"]


@pytest.mark.parametrize("document", [{"id": 71}, [], "x", {"Message": "An error has occurred."}])
async def test_an_answer_that_is_no_person_is_a_bad_response(document: object) -> None:
    system = answering(lambda _: document)
    assert system.users is not None

    (found,) = await request_reads().load(system.users, ["501"])

    assert isinstance(found, UpstreamBadResponse)


async def test_an_invoice_list_that_fails_costs_its_own_customer_only(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 3, BASIC, soon(), ask_next=False)
    vendor.faults.set("status", status=500, path="/api/invoices", calls=1)

    found = await system.readers["invoices"](page.items, request_reads())

    assert [isinstance(each, UpstreamUnavailable) for each in found] == [True, False, False]


async def test_a_customer_whose_number_cannot_be_looked_up_fails_its_invoice(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("status", status=500, path="/api/customers")

    (found,) = await system.node_lookups["Invoice"](["90001"], request_reads(INVOICE_WITH_CUSTOMER))

    assert isinstance(found, UpstreamUnavailable)


async def test_reachable_is_told_by_the_last_call_else_by_a_cheap_one(vendor: Vendor, system: Adapter) -> None:
    before = await system.reachable(soon())
    after = await system.reachable(soon())

    assert (before, after) == (True, True)
    assert vendor.log.calls() == ["GET /api/auth/alive"]


async def test_a_system_that_does_not_answer_is_not_reachable(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("status", status=503)

    assert await system.reachable(soon()) is False
