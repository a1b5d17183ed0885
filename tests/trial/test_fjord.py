"""A vendor of the kit whose API is like none of the five: pages by cursor, tokens that end, no look-up by many keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gateway import Gateway
from trial.fjord import VENDOR, FjordSettings
from trial.fjord.sandbox import LIFE_SECONDS
from trial.fjord.sandbox import VENDOR as FJORD

from customer_gateway.app import build_engine, build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.authenticator import ANYONE
from customer_gateway.sandbox import DEFINITIONS, Sandbox
from customer_gateway.system import Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from customer_gateway.federation.request import Federation
    from customer_gateway.systems.adapter import Adapter

pytestmark = pytest.mark.anyio

PAGE = """query($first: Int!, $after: String) {
  system(name: "fjord") { customers(first: $first, after: $after) {
    totalCount
    nodes { id name }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  } }
}"""
NODE = "query($id: ID!) { node(id: $id) { id ... on Customer { name } ... on Contact { name customer { id } } } }"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return Sandbox(definitions=[*DEFINITIONS, FJORD], clock=clock)


def federation_of(box: Sandbox, clock: Clock) -> tuple[Settings, Federation]:
    """Fjord alone is configured; the schema knows all vendors."""
    table = {"base_url": "http://fjord.test/api", **box.fjord.credentials}
    settings = Settings(ServerSettings(), {"fjord": ("fjord", FjordSettings.model_validate(table))})
    way = httpx.ASGITransport(box.fjord.app)
    wiring = Wiring(transport=lambda _name: way, clock=clock, retry=Retry(attempts=1))
    return settings, build_federation(settings, wiring, [*VENDORS, VENDOR])


@pytest.fixture
async def gateway(box: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    settings, federation = federation_of(box, clock)
    app = build_http(build_engine(settings, federation, (*VENDORS, VENDOR)), HttpSettings(deadline_seconds=10), ANYONE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        yield Gateway(client, box)
    await federation.aclose()


@pytest.fixture
async def system(box: Sandbox, clock: Clock) -> AsyncIterator[Adapter]:
    _, federation = federation_of(box, clock)
    adapter: Any = federation.systems["fjord"]
    yield adapter
    await federation.aclose()


async def page(gateway: Gateway, first: int, after: str | None = None) -> dict[str, Any]:
    return (await gateway.ask(PAGE, {"first": first, "after": after})).data["system"]["customers"]


async def walked(gateway: Gateway, first: int) -> list[dict[str, Any]]:
    pages = [await page(gateway, first)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await page(gateway, first, pages[-1]["pageInfo"]["endCursor"]))
    return pages


def ids(pages: list[dict[str, Any]]) -> list[str]:
    return [node["id"] for each in pages for node in each["nodes"]]


@pytest.mark.parametrize("size", [7, 50, 100])
async def test_pages_of_any_size_meet_every_customer_once_and_in_order(gateway: Gateway, size: int) -> None:
    pages = await walked(gateway, size)

    assert len(ids(pages)) == len(set(ids(pages))) == 300
    assert ids(pages) == ids(await walked(gateway, 60))
    assert {each["totalCount"] for each in pages} == {None}
    assert [each["pageInfo"]["hasPreviousPage"] for each in pages] == [False] + [True] * (len(pages) - 1)


@pytest.mark.parametrize(("place", "size"), [(0, 1), (36, 37), (48, 3), (49, 100), (98, 100), (259, 41), (298, 100)])
async def test_the_cursor_of_any_row_goes_on_after_it(gateway: Gateway, place: int, size: int) -> None:
    everybody = ids(await walked(gateway, 100))
    cursors = [edge["cursor"] for each in await walked(gateway, 60) for edge in each["edges"]]

    found = await page(gateway, size, cursors[place])

    assert ids([found]) == everybody[place + 1 : place + 1 + size]
    assert found["pageInfo"]["hasNextPage"] is (place + 1 + size < 300)


async def test_a_page_is_one_call_and_goes_on_by_the_vendors_cursor(gateway: Gateway) -> None:
    first = await page(gateway, 20)
    await page(gateway, 20, first["pageInfo"]["endCursor"])

    calls = gateway.log("fjord")
    assert [call.partition("&")[0] for call in calls] == ["GET /customers?limit=20"] * 2
    assert "cursor=" not in calls[0]
    assert "cursor=" in calls[1]


async def test_a_cursor_stands_over_a_restart_and_holds_for_its_own_list_only(
    gateway: Gateway, box: Sandbox, clock: Clock
) -> None:
    cursor = (await page(gateway, 13))["pageInfo"]["endCursor"]
    before = await page(gateway, 13, cursor)
    settings, federation = federation_of(box, clock)
    app = build_http(build_engine(settings, federation, (*VENDORS, VENDOR)), HttpSettings(deadline_seconds=10), ANYONE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        after = await page(Gateway(client, box), 13, cursor)
    tampered = await gateway.ask(PAGE, {"first": 1, "after": cursor[:-2] + "AA"})

    assert after == before
    assert tampered.codes == ["INVALID_CURSOR"]
    await federation.aclose()


async def test_one_customer_is_one_call_and_many_are_whole_pages(gateway: Gateway) -> None:
    known = ids(await walked(gateway, 100))
    gateway.forget_calls()
    await gateway.ask(NODE, {"id": known[17]})
    single = gateway.log("fjord")
    gateway.forget_calls()

    answer = await gateway.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": known[:40]})

    assert single == ["GET /customers/5018"]
    assert [node["id"] for node in answer.data["nodes"]] == known[:40]
    assert gateway.log("fjord") == ["GET /customers?limit=50"]


async def test_who_is_not_on_the_pages_read_is_asked_for_alone(system: Adapter, box: Sandbox) -> None:
    keys = [*map(str, range(5001, 5004)), "5299"]

    found = await system.customers(Selection()).fetch(keys, Deadline.after(5))

    assert set(keys) <= found.keys()
    assert box.fjord.log.calls()[-1] == "GET /customers/5299"


async def test_people_without_ids_are_contacts_that_are_found_again(gateway: Gateway) -> None:
    query = '{ system(name: "fjord") { customers(first: 30) { nodes { id contacts { id name email title } } } } }'
    customers = (await gateway.ask(query)).data["system"]["customers"]["nodes"]
    owner = next(each for each in customers if len(each["contacts"]) > 1)

    for contact in owner["contacts"]:
        node = (await gateway.ask(NODE, {"id": contact["id"]})).data["node"]
        assert (node["name"], node["customer"]["id"]) == (contact["name"], owner["id"])


async def test_owners_of_a_page_are_one_call(gateway: Gateway) -> None:
    query = '{ system(name: "fjord") { customers(first: 20) { nodes { owner { name email } } } } }'

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    assert sum(node["owner"] is not None for node in nodes) == 15
    assert gateway.paths("fjord") == ["GET /customers", "GET /users"]


async def test_a_token_is_renewed_before_it_ends_as_the_login_told(
    gateway: Gateway, box: Sandbox, clock: Clock
) -> None:
    await page(gateway, 1)
    clock.seconds += LIFE_SECONDS - 30
    await page(gateway, 1)
    clock.seconds += LIFE_SECONDS - 1
    answer = await page(gateway, 1)

    logins = [call for call in box.fjord.log.entries if call.login]
    refused = [call for call in box.fjord.log.entries if call.status == 401]
    assert (len(answer["nodes"]), len(logins), refused) == (1, 3, [])


@pytest.mark.parametrize(("status", "code"), [(500, "UPSTREAM_UNAVAILABLE"), (429, "UPSTREAM_RATE_LIMITED")])
async def test_a_failing_vendor_is_one_error_of_its_list(
    gateway: Gateway, box: Sandbox, status: int, code: str
) -> None:
    box.fjord.faults.set("status", status=status)

    answer = await gateway.ask(PAGE, {"first": 5})

    assert answer.codes == [code]


async def test_a_whole_document_is_read_by_its_key(system: Adapter) -> None:
    document = await system.document("5018", Deadline.after(5))

    assert document is not None
    assert {"id", "people", "vat"} <= document.keys()
    assert await system.document("999999", Deadline.after(5)) is None
