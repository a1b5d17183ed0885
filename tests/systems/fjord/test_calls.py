"""Fjord's calls: what no other vendor of the tests has, asked of it alone; the stories and laws ask the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gateway import Gateway, gateway_over
from sandbox.clients import Clock
from trial.fjord import VENDOR, FjordSettings
from trial.fjord.sandbox import LIFE_SECONDS
from vendors import sandbox

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.system import Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import System

pytestmark = pytest.mark.anyio

PAGE = """query($first: Int!, $after: String) {
  system(name: "fjord") { customers(first: $first, after: $after) { nodes { id name } pageInfo { endCursor } } }
}"""
NODE = "query($id: ID!) { node(id: $id) { id ... on Customer { name } } }"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return sandbox(clock=clock)


@pytest.fixture
async def gateway(box: Sandbox) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, systems=[("fjord", "fjord")]) as running:
        yield running


def connected(way: httpx.AsyncBaseTransport, clock: Clock) -> Any:
    table = {"base_url": "http://fjord.test/api", "client_id": "gateway", "client_secret": "fjord-hemmelighed"}
    wiring = Wiring(transport=lambda _name: way, clock=clock, retry=Retry(attempts=1))
    return VENDOR.connect("fjord", FjordSettings.model_validate(table), wiring)


@pytest.fixture
async def system(box: Sandbox, clock: Clock) -> AsyncGenerator[Any]:
    fjord = connected(httpx.ASGITransport(box.fjord.app), clock)
    yield fjord
    await fjord.aclose()


async def page(gateway: Gateway, first: int, after: str | None = None) -> dict[str, Any]:
    return (await gateway.ask(PAGE, {"first": first, "after": after})).data["system"]["customers"]


async def ids_of(gateway: Gateway, first: int) -> list[str]:
    return [node["id"] for node in (await page(gateway, first))["nodes"]]


async def test_a_page_is_one_call_and_goes_on_by_the_vendors_cursor(gateway: Gateway) -> None:
    first = await page(gateway, 20)
    await page(gateway, 20, first["pageInfo"]["endCursor"])

    calls = gateway.log("fjord")
    assert [call.partition("&")[0] for call in calls] == ["GET /customers?limit=20"] * 2
    assert "cursor=" not in calls[0]
    assert "cursor=" in calls[1]


async def test_one_customer_is_one_call_and_many_are_whole_pages(gateway: Gateway) -> None:
    known = await ids_of(gateway, 100)
    gateway.forget_calls()
    await gateway.ask(NODE, {"id": known[17]})
    single = gateway.paths("fjord")
    gateway.forget_calls()

    answer = await gateway.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": known[:40]})

    assert [path.rpartition("/")[0] for path in single] == ["GET /customers"]
    assert [node["id"] for node in answer.data["nodes"]] == known[:40]
    assert gateway.log("fjord") == ["GET /customers?limit=50"]


async def test_who_is_not_on_the_pages_read_is_asked_for_alone(system: Any, box: Sandbox) -> None:
    keys = await listed(system)
    box.fjord.log.clear()

    found = await system.customers(Selection()).fetch([*keys[:3], keys[-1]], Deadline.after(5))

    assert {*keys[:3], keys[-1]} <= found.keys()
    assert box.fjord.log.calls()[-1] == f"GET /customers/{keys[-1]}"


async def listed(system: System) -> list[str]:
    """The keys of the first hundred customers."""
    found = await system.page(0, 100, Selection(), Deadline.after(5), ask_next=False)
    return [customer.key for customer in found.items]


async def test_owners_of_a_page_are_one_call_and_then_known(gateway: Gateway) -> None:
    query = '{ system(name: "fjord") { customers(first: 20) { nodes { owner { name email } } } } }'

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]
    await gateway.ask(query)

    assert sum(node["owner"] is not None for node in nodes) == 15
    assert gateway.paths("fjord") == ["GET /customers", "GET /users", "GET /customers"]


async def test_a_token_is_renewed_before_it_ends_as_the_login_told(system: Any, box: Sandbox, clock: Clock) -> None:
    for passed in (0, LIFE_SECONDS - 30, LIFE_SECONDS - 1):
        clock.now += passed
        assert len(await listed(system)) == 100

    assert len(box.fjord.log.logins()) == 3
    assert [call for call in box.fjord.log.entries if call.status == 401] == []


async def test_a_whole_document_is_read_by_its_key(system: Any) -> None:
    key = (await listed(system))[17]

    document = await system.document(key, Deadline.after(5))

    assert document["id"] == key
    assert {"people", "vat"} <= document.keys()
    assert await system.document("00000000-0000-4000-8000-000000000000", Deadline.after(5)) is None


@pytest.mark.parametrize("answered", [{"id": "another"}, {"id": None}, {"id": {"of": 1}}, {}, []])
async def test_another_record_than_was_asked_for_is_refused(clock: Clock, answered: object) -> None:
    system = connected(answering(lambda _request: answered), clock)

    found = await system.customers(Selection()).fetch(["asked-for"], Deadline.after(5))

    assert isinstance(found["asked-for"], UpstreamBadResponse)
    await system.aclose()


def answering(answer: Callable[[httpx.Request], object]) -> httpx.AsyncBaseTransport:
    def reply(request: httpx.Request) -> httpx.Response:
        token = {"access_token": "t", "expires_in": LIFE_SECONDS}
        return httpx.Response(200, json=token if request.url.path.endswith("/oauth/token") else answer(request))

    return httpx.MockTransport(reply)
