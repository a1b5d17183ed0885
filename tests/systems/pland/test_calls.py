"""Pland against its sandbox: what each read costs, and what it says when Pland refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from customer_gateway.documents.rows import Rows
from customer_gateway.errors import UpstreamBadResponse, UpstreamUnauthorized
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.model.value_objects import CustomerStatus
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING, Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.pland import PlandSettings, connect
from customer_gateway.systems.pland.read import PlandCustomerView
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.sandbox import Vendor
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> Vendor:
    return Sandbox(rate_limits=False).pland


@pytest.fixture
def system(vendor: Vendor) -> Adapter:
    return connected(vendor, **vendor.credentials)


def connected(vendor: Vendor, **credentials: Any) -> Adapter:
    settings = PlandSettings.model_validate({"base_url": "http://pland.test/v2", **credentials})
    transport = httpx.ASGITransport(app=vendor.app)
    return connect("pland", settings, Wiring(transport=lambda _: transport, retry=Retry(attempts=1)))


def soon() -> Deadline:
    return Deadline.after(5)


def reads() -> RequestReads:
    return RequestReads(Batchers(), EVERYTHING, soon())


def calls(vendor: Vendor) -> list[str]:
    """Method and path of each call, without its query."""
    return [str(entry).partition("?")[0] for entry in vendor.log.calls()]


async def test_a_page_of_fifty_costs_one_call_and_each_nested_noun_one_more_and_first_one_to_know_its_end(
    system: Adapter, vendor: Vendor
) -> None:
    async def read() -> Any:
        page = await system.page(0, 50, EVERYTHING, soon(), ask_next=True)
        request = reads()
        for name in ("creator", "contacts", "agreements", "invoices"):
            await system.readers[name](page.items, request)
        return page

    await read()
    cold = calls(vendor)
    vendor.log.clear()
    page = await read()

    assert len(page.items) == 50
    assert page.has_next is True
    assert cold == [
        "GET /customers/",
        *(f"GET /{noun}/" for noun in ("users", "contacts", "assignments", "invoices") for _ in (1, 2)),
    ]
    assert calls(vendor) == [
        "GET /customers/",
        "GET /users/",
        "GET /contacts/",
        "GET /assignments/",
        "GET /invoices/",
    ]


async def test_pages_follow_one_another_without_a_gap_or_a_repetition(system: Adapter) -> None:
    whole = await system.page(0, 90, EVERYTHING, soon(), ask_next=False)
    parts = [await system.page(start, 40, EVERYTHING, soon(), ask_next=False) for start in (0, 40)]

    keys = [customer.key for part in parts for customer in part.items]

    assert keys == [customer.key for customer in whole.items][:80]


async def test_the_last_page_knows_that_nothing_follows(system: Adapter) -> None:
    total = await system.count(soon())
    assert total is not None

    page = await system.page(total - 10, 10, EVERYTHING, soon(), ask_next=True)

    assert len(page.items) == 10
    assert page.has_next is False


async def test_inactive_customers_are_listed_too(system: Adapter) -> None:
    page = await system.page(0, 100, EVERYTHING, soon(), ask_next=False)

    assert {customer.status for customer in page.items} >= {CustomerStatus.ACTIVE, CustomerStatus.INACTIVE}


async def test_customers_are_read_by_their_keys_in_one_call(system: Adapter, vendor: Vendor) -> None:
    keys = [customer.key for customer in (await system.page(0, 40, EVERYTHING, soon(), ask_next=False)).items]
    vendor.log.clear()

    found = await reads().load(system.customers(EVERYTHING), [*reversed(keys), "not a key"])

    assert [getattr(each, "key", None) for each in found] == [*reversed(keys), None]
    assert calls(vendor) == ["GET /customers/"]


async def test_keys_that_nobody_has_cost_one_call_more_once(system: Adapter, vendor: Vendor) -> None:
    keys = [customer.key for customer in (await system.page(0, 40, EVERYTHING, soon(), ask_next=False)).items]
    vendor.log.clear()

    found = [await reads().load(system.customers(EVERYTHING), [*keys, "0" * 24]) for _ in (1, 2)]

    assert [[getattr(each, "key", None) for each in one] for one in found] == [[*keys, None]] * 2
    assert [call.count("ids=") for call in vendor.log.calls()] == [41, 1, 41]


async def test_payment_terms_are_read_once_for_all(system: Adapter, vendor: Vendor) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    vendor.log.clear()

    terms = await system.readers["billing.payment_terms"](page.items, request := reads())
    again = await system.readers["billing.payment_terms"](page.items, request)

    assert terms == again
    assert any(isinstance(each, str) for each in terms)
    assert calls(vendor) == ["GET /paymentTerms/"]


async def test_nested_nouns_are_found_by_their_ids(system: Adapter) -> None:
    page = await system.page(0, 50, EVERYTHING, soon(), ask_next=False)
    request = reads()
    for reader, lookup in (("contacts", "Contact"), ("agreements", "Agreement"), ("invoices", "Invoice")):
        nouns = [noun for each in await system.readers[reader](page.items, request) for noun in each][:3]
        found = await system.node_lookups[lookup]([noun.key for noun in nouns], request)

        assert nouns
        assert [each.key for each in found] == [noun.key for noun in nouns]
        assert [each.customer_key for each in found] == [noun.customer_key for noun in nouns]


async def test_a_contact_nobody_has_is_none(system: Adapter) -> None:
    assert await system.node_lookups["Contact"](["f" * 24, "nonsense"], reads()) == [None, None]


async def test_a_wrong_key_is_unauthorized(vendor: Vendor) -> None:
    system = connected(vendor, api_key="nobody:nothing")

    with pytest.raises(UpstreamUnauthorized, match="pland"):
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)


async def test_a_login_stands_in_for_a_key_and_is_made_once(vendor: Vendor) -> None:
    system = connected(vendor, username="gateway", password="pland-passwort")

    await system.page(0, 5, EVERYTHING, soon(), ask_next=False)
    await system.page(5, 5, EVERYTHING, soon(), ask_next=False)

    assert [str(entry).partition("?")[0] for entry in vendor.log.entries] == [
        "POST /auth/login",
        "GET /customers/",
        "GET /customers/",
    ]


def answering(body: bytes) -> Adapter:
    """A Pland that answers anything with `body`."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    settings = PlandSettings.model_validate({"base_url": "http://pland.test/v2", "api_key": "a:b"})
    return connect("pland", settings, Wiring(transport=lambda _: httpx.ASGITransport(app=answer)))


async def test_a_list_of_rows_without_ids_is_refused() -> None:
    system = answering(b'[{"name": "who?"}, {"name": "and who?"}]')

    with pytest.raises(UpstreamBadResponse, match="no list of objects with _id"):
        await system.page(0, 5, EVERYTHING, soon(), ask_next=False)


@pytest.mark.parametrize("body", [b"[]", b'{"message": "sorry"}', b'{"_id": "%s"}' % (b"0" * 24)])
async def test_a_contact_that_is_not_the_one_asked_for_is_refused(body: bytes) -> None:
    system = answering(body)

    (found,) = await system.node_lookups["Contact"](["f" * 24], reads())

    assert isinstance(found, UpstreamBadResponse)


async def test_a_count_that_counts_nothing_is_refused() -> None:
    system = answering(b'{"message": "sorry"}')

    with pytest.raises(UpstreamBadResponse, match="count"):
        await system.count(soon())


async def test_a_document_that_is_no_invoice_is_not_found_as_one() -> None:
    kinds: tuple[Any, ...] = ("offer", "invoice", "storno", "credit", "service_report", ["invoice"], {"invoice": 1})
    rows: list[dict[str, Any]] = [{"_id": str(number) * 24, "documentType": kind} for number, kind in enumerate(kinds)]
    system = answering(json.dumps(rows).encode())

    found = await system.node_lookups["Invoice"]([row["_id"] for row in rows], reads())

    assert [each and each.key for each in found] == [None, "1" * 24, "2" * 24, "3" * 24, None, "5" * 24, None]


async def of_keys(
    noun: str, keys: list[str], rows: list[dict[str, Any]], *, times: int = 1
) -> tuple[Any, list[httpx.URL]]:
    """What a reader tells of customers from rows that Pland hands out by limit and offset, and what it asked.

    Each of the rows comes so many times.
    """
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        offset, limit = (int(request.url.params[name]) for name in ("offset", "limit"))
        return httpx.Response(200, json=[row for row in rows[offset : offset + limit] for _ in range(times)])

    settings = PlandSettings.model_validate({"base_url": "http://pland.test/v2", "api_key": "a:b"})
    system = connect("pland", settings, Wiring(transport=lambda _: httpx.MockTransport(answer)))
    customers = Rows(PlandCustomerView, system.context).read([{"_id": key} for key in keys])
    return await system.readers[noun](customers, reads()), asked


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (999, 2), (1000, 2), (2001, 3)])
async def test_invoices_cost_one_call_a_full_page_and_one_to_know_the_end(count: int, calls: int) -> None:
    key = "a" * 24
    rows = [{"_id": f"{number:024x}", "customerId": key, "documentType": "invoice"} for number in range(count)]

    (invoices,), asked = await of_keys("invoices", [key], rows)

    assert len({invoice.key for invoice in invoices}) == count
    assert len(asked) == calls


async def test_pages_that_hold_everybody_twice_are_a_list_that_holds_everybody_once() -> None:
    rows = [{"_id": f"{number:024x}", "customerId": "a" * 24} for number in range(2_300)]

    (contacts,), _ = await of_keys("contacts", ["a" * 24], rows, times=2)

    assert [contact.key for contact in contacts] == [row["_id"] for row in rows]


@pytest.mark.parametrize("noun", ["contacts", "agreements", "invoices", "billing.payment_terms"])
async def test_a_list_that_comes_whatever_part_is_asked_for_is_refused_at_the_second(noun: str) -> None:
    asked: list[str] = []
    rows = [{"_id": f"{number:024x}", "customerId": "a" * 24} for number in range(1_000)]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"data": rows} if request.url.path.endswith("/paymentTerms/") else rows)

    settings = PlandSettings.model_validate({"base_url": "http://pland.test/v2", "api_key": "a:b"})
    system = connect("pland", settings, Wiring(transport=lambda _: httpx.MockTransport(answer)))
    customers = Rows(PlandCustomerView, system.context).read([{"_id": "a" * 24, "paymentTermId": "b" * 24}])

    (found,) = await system.readers[noun](customers, reads())

    assert isinstance(found, UpstreamBadResponse)
    assert "the same page again" in str(found)
    assert len(asked) == 2


@pytest.mark.parametrize("noun", ["contacts", "agreements", "invoices"])
async def test_the_longest_batch_stays_under_8_kb(noun: str) -> None:
    keys = [f"{number:024x}" for number in range(300)]

    _, asked = await of_keys(noun, keys, [])

    assert len(asked) == 2
    assert max(len(str(url)) for url in asked) < 8_192


@pytest.mark.parametrize("noun", ["contacts", "agreements", "invoices"])
async def test_what_names_another_customer_is_left_out_and_what_names_none_is_of_the_only_one_asked_for(
    noun: str,
) -> None:
    one, other = "a" * 24, "b" * 24
    named = [{"customerId": other}, {"customerId": one}, {"customerId": None}, {}]
    rows = [{"_id": f"{place:024x}", "documentType": "invoice", **each} for place, each in enumerate(named, 1)]

    (found,), _ = await of_keys(noun, [one], rows)
    of_two, _ = await of_keys(noun, [one, other], rows)

    assert [(int(each.key, 16), each.customer_key) for each in found] == [(2, one), (3, one), (4, one)]
    assert [[int(each.key, 16) for each in nouns] for nouns in of_two] == [[2], [1]]


WHOLE = [Selection({"Customer": frozenset({"version"})}), Selection({"Customer": frozenset({"records"})})]
UNIFIED = Selection({"Customer": frozenset({"name"})})


def one_customer() -> Adapter:
    return answering(b'[{"_id": "%s", "name": "Elbufer", "chatId": "c1", "quiteNew": 1}]' % (b"a" * 24))


@pytest.mark.parametrize("selection", WHOLE)
async def test_documents_are_kept_for_who_reads_more_than_the_unified_fields(selection: Selection) -> None:
    system = one_customer()

    for _ in range(2):  # the first answer of all is looked at as a whole anyway
        (by_page,) = (await system.page(0, 1, selection, soon(), ask_next=False)).items
        by_key = (await system.customers(selection).fetch(["a" * 24], soon()))["a" * 24]

        assert by_page.document["chatId"] == by_key.document["chatId"] == "c1"
        assert by_page.version == by_key.version


async def test_who_reads_unified_fields_only_is_answered_without_documents_once_drift_was_looked_for() -> None:
    system = one_customer()

    (first,) = (await system.page(0, 1, UNIFIED, soon(), ask_next=False)).items
    (second,) = (await system.page(0, 1, UNIFIED, soon(), ask_next=False)).items

    assert (first.name, second.name) == ("Elbufer", "Elbufer")
    assert ("quiteNew", "not documented for PlandCustomer") in system.context.drift.notices
    with pytest.raises(AttributeError):
        second.document.get("chatId")
    assert system.customers(UNIFIED) is not system.customers(WHOLE[0])


async def test_payment_terms_without_an_id_are_counted_and_left_out() -> None:
    terms = [{"_id": "b" * 24, "description": "30 Tage"}, {"description": "?"}, {"description": "??"}]
    system = answering(json.dumps({"data": terms, "meta": {"total": 3, "offset": 0, "limit": 100}}).encode())
    customers = Rows(PlandCustomerView, system.context).read([{"_id": "a" * 24, "paymentTermId": "b" * 24}])

    assert await system.readers["billing.payment_terms"](customers, reads()) == ["30 Tage"]
