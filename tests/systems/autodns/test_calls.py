"""AutoDNS against its sandbox: what each read costs, and what it says when AutoDNS refuses."""

from __future__ import annotations

import asyncio
import base64
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
from customer_gateway.model.nouns import LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING, Page, Selection
from customer_gateway.systems.autodns import KIND, AutodnsSettings, connect
from customer_gateway.systems.autodns.keys import ALL_UNIFIED
from customer_gateway.systems.autodns.read import AutodnsCustomerView
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from customer_gateway.sandbox import Vendor
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio

FIRST = "domainhaus/30001000"
NAMESAKE = "reseller-nord/30001000"  # the same number under another client
LEAN = Selection({"Customer": frozenset({"name", "owner", "updater", "billing"}), "User": frozenset({"key", "name"})})
WITH_EMAILS = Selection({**LEAN.fields, "User": frozenset({"name", "email"})})


@pytest.fixture
def vendor() -> Vendor:
    return Sandbox(rate_limits=False).autodns


@pytest.fixture
async def system(vendor: Vendor) -> AsyncIterator[Adapter]:
    system = connected(vendor.app, vendor.credentials)
    yield system
    await system.aclose()


def connected(app: Any, credentials: Any, *, vendor_budget: bool = False) -> Adapter:
    settings = AutodnsSettings.model_validate(
        {"base_url": "http://autodns.test/v1", **credentials, "limits": {"vendor_budget": vendor_budget}}
    )
    transport = httpx.ASGITransport(app=app)
    return connect("autodns", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def answering(document: Any, status: int = 200) -> Adapter:
    """A system whose every call is answered with `document`."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=document))
    settings = AutodnsSettings.model_validate({"base_url": "http://autodns.test/v1", "user": "u", "password": "p"})
    return connect("autodns", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def envelope(*rows: Any, summary: int | None = None) -> dict[str, Any]:
    total = {} if summary is None else {"object": {"type": "customer", "summary": summary}}
    return {"stid": "1", "status": {"code": "S120005", "type": "SUCCESS"}, **total, "data": list(rows)}


def soon() -> Deadline:
    return Deadline.after(5)


def request_reads(selection: Selection = EVERYTHING) -> RequestReads:
    return RequestReads(Batchers(), selection, soon())


def asked_keys(vendor: Vendor, place: int = 0) -> list[str]:
    return [value for name, value in parse_qsl(vendor.log.entries[place].query) if name == "keys[]"]


def bodies(vendor: Vendor) -> list[Any]:
    return [json.loads(entry.body) for entry in vendor.log.entries if entry.body]


def known(values: Sequence[Any]) -> list[Any]:
    return [value for value in values if value is not None]


async def test_a_page_with_everything_embedded_is_one_call(vendor: Vendor, system: Adapter) -> None:
    selection = Selection(
        {
            "Customer": frozenset({"contacts", "accounts", "agreements", "owner"}),
            "User": frozenset({"key", "name"}),
        }
    )
    reads = request_reads(selection)

    page = await system.page(0, 50, selection, reads.deadline, ask_next=True)
    owners = await system.readers["owner"](page.items, reads)

    assert [len(page.items), page.has_next, page.total] == [50, True, 300]
    assert all(owner.name for owner in owners)
    assert any(customer.contacts for customer in page.items)
    assert any(customer.agreements for customer in page.items)
    assert {type(each) for customer in page.items for each in customer.accounts or ()} == {
        LedgerAccount,
        SepaMandate,
        PaymentCard,
    }
    assert vendor.log.calls() == [f"POST /customer/_search?{_asking('account card contacts contracts owner sepa')}"]


def _asking(keys: str) -> str:
    return "&".join(f"keys%5B%5D={key}" for key in keys.split())


async def test_only_the_selected_keys_are_asked_for(vendor: Vendor, system: Adapter) -> None:
    await system.page(0, 5, Selection({"Customer": frozenset({"status"})}), soon(), ask_next=False)
    await system.page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert asked_keys(vendor, 0) == ["locked", "pending"]
    assert asked_keys(vendor, 1) == sorted(ALL_UNIFIED)


async def test_pages_have_a_total_order_and_no_filter(vendor: Vendor, system: Adapter) -> None:
    await system.page(30, 10, LEAN, soon(), ask_next=False)

    assert bodies(vendor) == [
        {
            "view": {"offset": 30, "limit": 10},
            "orders": [{"key": "client", "type": "ASC"}, {"key": "number", "type": "ASC"}],
        }
    ]


@pytest.mark.parametrize(("start", "has_next"), [(0, True), (249, True), (250, False), (299, False), (400, False)])
async def test_every_page_tells_what_follows_without_another_call(
    start: int,
    has_next: bool,
    vendor: Vendor,
    system: Adapter,
) -> None:
    page = await system.page(start, 50, LEAN, soon(), ask_next=True)

    assert (page.has_next, page.total) == (has_next, 300)
    assert len(page.items) == max(0, min(50, 300 - start))
    assert len(vendor.log) == 1


async def test_the_pages_together_are_every_customer_once_locked_and_pending_ones_included(system: Adapter) -> None:
    pages = [await system.page(start, 70, EVERYTHING, soon(), ask_next=False) for start in range(0, 300, 70)]

    customers = [customer for page in pages for customer in page.items]

    assert len({customer.key for customer in customers}) == len(customers) == 300
    assert {str(customer.status) for customer in customers} >= {"CustomerStatus.LOCKED", "CustomerStatus.PENDING"}


async def test_the_sandbox_sends_nothing_that_is_not_documented(system: Adapter) -> None:
    raw = Selection({"AutodnsCustomer": frozenset({"raw"})})

    await system.page(0, 100, raw, soon(), ask_next=False)

    assert system.context.drift.notices == set()


async def test_the_count_is_one_call_for_one_row(vendor: Vendor, system: Adapter) -> None:
    assert await system.count(soon()) == 300
    assert bodies(vendor)[0]["view"] == {"offset": 0, "limit": 1}


async def test_customers_of_one_client_are_one_filter(vendor: Vendor, system: Adapter) -> None:
    keys = [f"domainhaus/{30_001_000 + place}" for place in (0, 1, 2)]

    found = await request_reads(LEAN).load(system.customers(LEAN), keys)

    assert [getattr(customer, "key", None) for customer in found] == keys
    assert bodies(vendor)[0]["filters"] == [
        {"key": "client", "operator": "EQUAL", "value": "domainhaus", "link": "AND"},
        {"key": "number", "operator": "IN", "values": ["30001000", "30001001", "30001002"], "link": "AND"},
    ]


async def test_customers_of_several_clients_are_one_call_and_namesakes_stay_apart(
    vendor: Vendor, system: Adapter
) -> None:
    found = await request_reads(LEAN).load(system.customers(LEAN), [FIRST, NAMESAKE, "domainhaus/30001004"])

    first, namesake, nobody = found
    assert (getattr(first, "key", None), getattr(namesake, "key", None), nobody) == (FIRST, NAMESAKE, None)
    assert bodies(vendor)[0]["filters"] == [
        {
            "filters": [
                {"key": "client", "operator": "EQUAL", "value": "domainhaus", "link": "AND"},
                {"key": "number", "operator": "IN", "values": ["30001000", "30001004"], "link": "AND"},
            ],
            "link": "OR",
        },
        {
            "filters": [
                {"key": "client", "operator": "EQUAL", "value": "reseller-nord", "link": "AND"},
                {"key": "number", "operator": "IN", "values": ["30001000"], "link": "AND"},
            ],
            "link": "OR",
        },
    ]


async def test_keys_of_another_form_cost_no_call(vendor: Vendor, system: Adapter) -> None:
    wrong = ["", "30001000", "domainhaus/", "domainhaus/x", "domainhaus/030001000", "*/30001000", "/1", "a/-1"]

    found = await request_reads().load(system.customers(EVERYTHING), wrong)

    assert found == [None] * len(wrong)
    assert len(vendor.log) == 0


async def test_a_client_of_any_spelling_is_asked_for_as_it_is(vendor: Vendor, system: Adapter) -> None:
    found = await request_reads(LEAN).load(system.customers(LEAN), ["o/p & söhne?%2F/7"])

    assert found == [None]
    assert bodies(vendor)[0]["filters"][0]["value"] == "o/p & söhne?%2F"


def test_the_same_selection_is_the_same_route() -> None:
    system = answering(envelope())
    by_other_fields = Selection({"Customer": frozenset({"kind", "address"})})
    again = Selection({"Customer": frozenset({"addresses", "kind"})})

    assert system.customers(by_other_fields) is system.customers(again)
    assert system.customers(LEAN) is not system.customers(EVERYTHING)


async def test_forty_requests_at_once_share_three_calls(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("latency", latency=0.05)
    batchers = Batchers()
    keys = [customer.key for customer in (await system.page(0, 40, LEAN, soon(), ask_next=False)).items]
    vendor.log.clear()

    found = await asyncio.gather(
        *(RequestReads(batchers, LEAN, soon()).load(system.customers(LEAN), [key]) for key in keys)
    )

    assert [getattr(customer, "key", None) for (customer,) in found] == keys
    assert len(vendor.log) <= 3


async def test_users_are_looked_up_for_an_email_that_is_not_embedded(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads(WITH_EMAILS)
    page = await system.page(0, 50, WITH_EMAILS, reads.deadline, ask_next=False)
    embedded = [getattr(customer, "owner", None) for customer in page.items]

    owners, updaters = await asyncio.gather(
        system.readers["owner"](page.items, reads), system.readers["updater"](page.items, reads)
    )

    assert any(user is not None and user.email is None for user in embedded)
    assert [owner.key for owner in owners] == [customer.owner_key for customer in page.items]
    assert all("@" in user.email for user in (*owners, *updaters))
    assert [entry.path for entry in vendor.log.entries] == ["/customer/_search", "/user/_search"]
    assert asked_keys(vendor, 1) == ["defaultEmail"]


async def test_users_of_several_contexts_are_one_call(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads(WITH_EMAILS)
    page = await system.page(0, 100, WITH_EMAILS, reads.deadline, ask_next=False)
    keys = sorted({customer.owner_key for customer in page.items if customer.owner_key})
    vendor.log.clear()
    users = system.users
    assert users is not None

    found = known(await reads.load(users, [*keys, "niemand/4", "ohne-kontext", "a/b/c"]))

    assert [user.key for user in found] == keys
    assert {key.rpartition("/")[2] for key in keys} == {"4", "33004"}
    assert any(key.count("/") > 1 for key in keys)
    assert len(vendor.log) == 1


async def test_a_user_whom_autodns_no_longer_knows_is_none(vendor: Vendor, system: Adapter) -> None:
    gone = {"user": "gegangen", "context": 4}
    row = {"client": "c", "number": 1, "owner": gone, "billingUsers": [gone]}
    customers = await answering(envelope(row, summary=1)).page(0, 1, EVERYTHING, soon(), ask_next=False)

    with_email, without = request_reads(WITH_EMAILS), request_reads(LEAN)
    owners = [await system.readers["owner"](customers.items, reads) for reads in (with_email, without)]
    recipients = await system.readers["billing.recipients"](customers.items, with_email)

    assert owners[0] == [None]
    assert [user.key for user in owners[1]] == ["gegangen/4"]
    assert recipients == [[None]]
    assert len(vendor.log) == 1


async def test_recipients_cost_a_call_only_for_their_emails(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads(LEAN)
    page = await system.page(0, 50, LEAN, reads.deadline, ask_next=False)

    lists = await system.readers["billing.recipients"](page.items, reads)

    assert all(user.name for users in lists for user in users)
    assert max(map(len, lists)) == 2
    assert len(vendor.log) == 1


async def test_a_failed_look_up_of_users_fails_those_whom_it_was_for(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads(WITH_EMAILS)
    page = await system.page(0, 50, WITH_EMAILS, reads.deadline, ask_next=False)
    vendor.faults.set("status", status=500, path="/user/")

    owners = await system.readers["owner"](page.items, reads)
    recipients = await system.readers["billing.recipients"](page.items, reads)

    failed = [isinstance(owner, UpstreamUnavailable) for owner in owners]
    assert failed == [
        customer.owner.email is None
        for customer in page.items
        if isinstance(customer, AutodnsCustomerView) and customer.owner
    ]
    assert 0 < sum(failed) < 50
    assert any(isinstance(users, UpstreamUnavailable) for users in recipients)
    assert any(isinstance(users, list) for users in recipients)


async def test_invoices_of_a_page_are_read_whole(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads(LEAN)
    page = await system.page(0, 100, LEAN, reads.deadline, ask_next=False)
    vendor.log.clear()

    lists = await system.readers["invoices"](page.items, reads)

    assert sum(map(len, lists)) > 100
    assert all(
        invoice.customer_key == customer.key
        for customer, invoices in zip(page.items, lists, strict=True)
        for invoice in invoices
    )
    assert all(invoice.date and invoice.total and invoice.number for invoices in lists for invoice in invoices)
    assert [body["view"] for body in bodies(vendor)] == [{"offset": at, "limit": 100} for at in (0, 100)]
    assert {entry.path for entry in vendor.log.entries} == {"/invoice/_search"}
    assert len({invoice.key for invoices in lists for invoice in invoices}) == sum(map(len, lists))


async def test_invoices_cost_one_call_a_full_page(vendor: Vendor, system: Adapter) -> None:
    page = await system.page(0, 50, LEAN, soon(), ask_next=False)
    vendor.log.clear()

    lists = await system.readers["invoices"](page.items, request_reads(LEAN))

    assert 0 < sum(map(len, lists)) < 100
    assert len(vendor.log) == 1


async def test_every_noun_is_found_again_by_its_key(vendor: Vendor, system: Adapter) -> None:
    reads = request_reads()
    page = await system.page(0, 50, EVERYTHING, reads.deadline, ask_next=False)
    contacts = [contact for customer in page.items for contact in customer.contacts or ()]
    accounts = [account for customer in page.items for account in customer.accounts or ()]
    agreements = [agreement for customer in page.items for agreement in customer.agreements or ()]
    invoices = [bill for bills in await system.readers["invoices"](page.items, reads) for bill in bills][:5]
    vendor.log.clear()

    only_ids = request_reads(Selection())
    found = {
        name: await system.node_lookups[name]([noun.key for noun in nouns], only_ids)
        for name, nouns in {
            "Contact": contacts,
            "Account": accounts,
            "Agreement": agreements,
            "Invoice": invoices,
        }.items()
    }

    assert [told(each) for each in found["Contact"]] == [told(each) for each in contacts]
    assert found["Account"] == accounts
    assert found["Agreement"] == agreements
    assert found["Invoice"] == invoices
    assert {len(nouns) for nouns in (contacts, accounts, agreements, invoices)}.isdisjoint({0})
    assert len(vendor.log) == 3 + len(invoices)


def told(contact: Any) -> Any:
    return (contact.key, contact.document)


async def test_nouns_that_nobody_has_are_none(vendor: Vendor, system: Adapter) -> None:
    wrong = {
        "Contact": [f"{FIRST}/1", "x", f"{FIRST}/x", "domainhaus/1/1"],
        "Account": [f"{NAMESAKE}/card", f"{FIRST}/bank", "ledger", "domainhaus/1/ledger"],
        "Agreement": [f"{FIRST}/1", FIRST],
        "Invoice": ["1", "RE1", "-1"],
    }

    found = {name: await system.node_lookups[name](keys, request_reads()) for name, keys in wrong.items()}

    assert found == {name: [None] * len(keys) for name, keys in wrong.items()}
    assert str(vendor.log.calls()[-1]) == "GET /invoice/1"


async def test_credentials_context_and_user_agent_go_with_every_call() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=envelope())

    settings = AutodnsSettings.model_validate(
        {"base_url": "http://autodns.test/v1", "user": "u", "password": "p:ä", "context": 33004}
    )
    system = connect("autodns", settings, Wiring(transport=lambda _: httpx.MockTransport(answer)))
    await system.count(soon())

    scheme, _, token = seen[0]["authorization"].partition(" ")
    assert (scheme, base64.b64decode(token).decode()) == ("Basic", "u:p:ä")
    assert seen[0]["x-domainrobot-context"] == "33004"
    assert seen[0]["user-agent"] == "customer-gateway"


@pytest.mark.parametrize("wrong", [{"password": "falsch"}, {"context": 1}, {"user": "niemand"}])
async def test_wrong_credentials_are_told_as_such(wrong: dict[str, Any], vendor: Vendor) -> None:
    system = connected(vendor.app, {**vendor.credentials, **wrong})

    with pytest.raises(UpstreamUnauthorized) as told:
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert (told.value.code, told.value.retryable) == ("UPSTREAM_UNAUTHORIZED", False)
    assert await system.reachable(soon()) is False


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, UpstreamBadResponse),
        (403, UpstreamUnauthorized),
        (404, UpstreamBadResponse),
        (422, UpstreamBadResponse),
        (429, UpstreamRateLimited),
        (500, UpstreamUnavailable),
    ],
)
async def test_a_refused_list_is_an_error(
    status: int, error: type[UpstreamError], vendor: Vendor, system: Adapter
) -> None:
    vendor.faults.set("status", status=status)

    with pytest.raises(error):
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)


async def test_an_error_under_200_is_no_page_and_no_sign_of_health(vendor: Vendor, system: Adapter) -> None:
    vendor.faults.set("error_under_200")

    with pytest.raises(UpstreamBadResponse) as told:
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert str(told.value).endswith("answered 200 with an error inside: its status is ERROR, with the code E00500")
    assert told.value.retryable is False
    assert await system.reachable(soon()) is False


@pytest.mark.parametrize("code", [None, 500, "", "E00500 for Ada", "S0105"])
async def test_what_is_no_code_of_an_error_is_not_told(code: object) -> None:
    refused = answering({"status": {"code": code, "type": "ERROR"}})

    with pytest.raises(UpstreamBadResponse, match=r"with an error inside: its status is ERROR$"):
        await refused.page(0, 5, EVERYTHING, soon(), ask_next=False)


@pytest.mark.parametrize(
    "document",
    [
        {"status": {"type": "error"}, "data": []},
        {"status": {"type": " Error ", "code": "E00500"}, "data": []},
        {"status": {"code": "EF00010"}},
        {"status": {"code": "e00500", "type": None}, "data": []},
        {"status": {"code": "EF00010", "type": "NOTIFY"}, "data": []},
        {"status": {"type": "SUCCESS"}, "messages": [{"status": "ERROR", "code": "EF00010"}], "data": []},
        {"status": {"type": "SUCCESS"}, "messages": {"status": {"type": "error"}}, "data": []},
        {"status": {"type": "SUCCESS"}, "messages": [{"text": "x"}, {"code": "EF00010"}], "data": []},
        {"messages": [{"type": "ERROR"}]},
    ],
)
async def test_an_error_under_200_is_known_wherever_the_envelope_tells_it(document: object) -> None:
    with pytest.raises(UpstreamBadResponse, match="answered 200 with an error inside: "):
        await answering(document).page(0, 5, EVERYTHING, soon(), ask_next=False)


@pytest.mark.parametrize(
    ("status", "is_answer"),
    [
        ({"type": "SUCCESS", "code": "S120005"}, True),
        ({"type": "success"}, True),
        ({"code": "S120005"}, True),
        ({}, False),
        ({"type": "NOTIFY", "code": "N120005"}, False),
        ({"code": "N120005"}, False),
        ({"type": ""}, False),
    ],
)
@pytest.mark.parametrize("rows", [{}, {"data": None}])
async def test_rows_may_be_missing_in_a_success_alone(status: object, is_answer: bool, rows: dict[str, None]) -> None:
    asked = answering({"status": status, "messages": [{"status": "SUCCESS", "text": "x"}, "noted"], **rows})

    (page,) = await asyncio.gather(asked.page(0, 5, EVERYTHING, soon(), ask_next=False), return_exceptions=True)

    assert isinstance(page, Page) is is_answer
    assert isinstance(page, UpstreamBadResponse) is not is_answer


async def test_a_notice_under_200_is_an_answer() -> None:
    row = {"client": "c", "number": 1}
    noticed = {**envelope(row, summary=1), "status": {"code": "N120005", "type": "NOTICE"}}

    page = await answering(noticed).page(0, 5, EVERYTHING, soon(), ask_next=False)

    assert [customer.key for customer in page.items] == ["c/1"]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        None,
        {"data": []},
        {"status": {"type": "SUCCESS"}, "data": {"client": "c", "number": 1}},
        envelope("c/1", summary=1),
        envelope({"number": 1}, {"number": 2}, summary=2),
        envelope({"client": "c"}, {"client": "d"}, summary=2),
        envelope(*({"client": "c", "number": number} for number in range(5))),
    ],
)
async def test_an_answer_of_another_shape_is_refused(document: Any) -> None:
    with pytest.raises(UpstreamBadResponse):
        await answering(document).page(0, 5, EVERYTHING, soon(), ask_next=False)


async def test_an_empty_list_may_leave_out_everything_but_its_status() -> None:
    system = answering({"stid": "1", "status": {"code": "S120005", "type": "SUCCESS"}})

    page = await system.page(0, 5, EVERYTHING, soon(), ask_next=True)

    assert (list(page.items), page.has_next, page.total) == ([], False, 0)
    assert await request_reads().load(system.customers(LEAN), [FIRST]) == [None]


async def test_a_row_that_nobody_asked_for_is_nobodys_answer() -> None:
    system = answering(envelope({"client": "c", "number": 2}, summary=1))

    assert await request_reads().load(system.customers(LEAN), ["c/1"]) == [None]


async def test_an_invoice_of_another_customer_is_left_out_and_one_of_nobody_is_of_the_only_one_asked_for() -> None:
    system = answering(envelope({"id": 1, "customer": {"client": "c", "number": 2}}, {"id": 2}, summary=2))
    customer = AutodnsCustomerView({"client": "c", "number": 1}, system.context)

    (found,) = await system.readers["invoices"]([customer], request_reads())

    assert [bill.key for bill in found] == ["2"]


async def test_invoices_without_an_id_are_refused() -> None:
    system = answering(envelope(*[{"customer": {"client": "c", "number": 1}}] * 2, summary=2))
    customer = AutodnsCustomerView({"client": "c", "number": 1}, system.context)

    (failed,) = await system.readers["invoices"]([customer], request_reads())

    assert isinstance(failed, UpstreamBadResponse)


async def test_a_list_that_ends_before_its_count_is_an_error_and_not_a_short_list() -> None:
    pages = iter([envelope({"client": "c", "number": 1}, summary=2), envelope(summary=2)])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=next(pages)))
    settings = AutodnsSettings.model_validate({"base_url": "http://autodns.test/v1", "user": "u", "password": "p"})
    system = connect("autodns", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))

    found = await request_reads().load(system.customers(LEAN), ["c/1", "c/2"])

    assert [(type(each), getattr(each, "retryable", None)) for each in found] == [(UpstreamBadResponse, True)] * 2


@pytest.mark.parametrize(
    ("total", "calls", "words"), [(100_000, 2, "the same page again"), (2**63, 1, "more rows than can belong")]
)
async def test_a_list_that_does_not_come_to_its_count_is_given_up(total: int, calls: int, words: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json=envelope({"client": "c", "number": 1}, summary=total))

    settings = AutodnsSettings.model_validate({"base_url": "http://autodns.test/v1", "user": "u", "password": "p"})
    wiring = Wiring(transport=lambda _: httpx.MockTransport(answer), retry=Retry(attempts=1))
    system = connect("autodns", settings, wiring)

    (found,) = await request_reads().load(system.customers(LEAN), ["c/1"])

    assert isinstance(found, UpstreamBadResponse)
    assert words in str(found)
    assert len(asked) == calls


async def test_pages_that_hold_everything_twice_lose_nothing() -> None:
    customer = {"client": "c", "number": 1}
    bills = [{"id": number, "customer": customer} for number in range(250)]

    def answer(request: httpx.Request) -> httpx.Response:
        view = json.loads(request.content)["view"]
        rows = bills[view["offset"] : view["offset"] + view["limit"]]
        return httpx.Response(200, json=envelope(*(row for row in rows for _ in (1, 2)), summary=250))

    settings = AutodnsSettings.model_validate({"base_url": "http://autodns.test/v1", "user": "u", "password": "p"})
    system = connect("autodns", settings, Wiring(transport=lambda _: httpx.MockTransport(answer)))

    (found,) = await system.readers["invoices"]([AutodnsCustomerView(customer, system.context)], request_reads())

    assert [bill.key for bill in found] == [str(row["id"]) for row in bills]


async def test_a_hello_is_the_probe(vendor: Vendor, system: Adapter) -> None:
    assert await system.reachable(soon()) is True
    assert await system.reachable(soon()) is True
    assert vendor.log.calls() == ["GET /hello"]


async def test_the_documented_budget_keeps_autodns_from_refusing() -> None:
    vendor = Sandbox(rate_limits=True).autodns
    system = connected(vendor.app, vendor.credentials, vendor_budget=True)

    totals = await asyncio.gather(*(system.count(soon()) for _ in range(5)))

    assert totals == [300] * 5
    assert [entry.status for entry in vendor.log.entries] == [200] * 5


async def test_a_fourth_call_within_the_second_is_refused_at_once_when_it_cannot_wait(vendor: Vendor) -> None:
    system = connected(vendor.app, vendor.credentials, vendor_budget=True)
    await asyncio.gather(*(system.count(soon()) for _ in range(3)))

    with pytest.raises(UpstreamRateLimited) as told:
        await system.count(Deadline.after(0.2))

    assert told.value.retry_after_ms is not None
    assert len(vendor.log) == 3


def test_the_context_is_the_live_system_unless_told() -> None:
    settings = AutodnsSettings.model_validate({"base_url": "http://a.test/v1/", "user": "u", "password": "p"})

    assert (settings.context, settings.base_url) == (4, "http://a.test/v1")
    assert "p" not in repr(settings.password)
    assert KIND.slug == "autodns"


async def test_invoices_without_an_id_are_counted_and_left_out() -> None:
    customer = {"client": "c", "number": 1}
    system = answering(envelope({"id": 7, "customer": customer}, {"amount": 1}, {"amount": 2}, summary=3))

    (found,) = await system.readers["invoices"]([AutodnsCustomerView(customer, system.context)], request_reads())

    assert [bill.key for bill in found] == ["7"]
