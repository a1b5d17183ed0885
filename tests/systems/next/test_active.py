"""Lists that do not know `active`: asked without it, but for customers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gateway import gateway_over

from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractAsyncContextManager

    from gateway import Gateway

pytestmark = pytest.mark.anyio

QUERY = """{ system(name: "next") { customers(first: 20) { nodes {
    name contacts { name } updater { name } agreements { description } } } } }"""
DETAILS = [
    "Invalid filter fields for user: active__in",
    {"loc": ["query", "filter_str", "active"], "msg": "unknown field", "type": "value_error"},
    [{"loc": ["query", "filter_str"], "msg": "active__in is not known"}],
]


class Knows:
    """The way to a NEXT whose list at `path` refuses terms of `active`, with this detail."""

    def __init__(self, path: str, detail: object) -> None:
        self.path = path
        self.detail = detail
        self.asked: list[bool] = []

    def __call__(self, way: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        async def answer(request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith(self.path):
                return await way.handle_async_request(request)
            self.asked.append("active__in" in json.loads(request.url.params["filter_str"]))
            if self.asked[-1]:
                return httpx.Response(422, json={"detail": self.detail})
            return await way.handle_async_request(request)

        return httpx.MockTransport(answer)


@pytest.fixture
def box() -> Generator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


def over(box: Sandbox, knows: Any) -> AbstractAsyncContextManager[Gateway]:
    return gateway_over(box, bent=knows, systems=[("next", "next")])


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("path", ["/customercontact/", "/user/", "/frameworkcontract/"])
async def test_a_list_that_refuses_active_is_asked_without_it_from_then_on(
    box: Sandbox, capsys: pytest.CaptureFixture[str], path: str, detail: object
) -> None:
    knows = Knows(path, detail)
    async with over(box, knows) as gateway:
        first = await gateway.ask(QUERY)
        again = await gateway.ask(QUERY)

    assert first.data == again.data
    assert any(node["contacts"] for node in first.data["system"]["customers"]["nodes"])
    assert knows.asked.count(True) == 1
    assert capsys.readouterr().out.count("cannot be asked for rows that are not active") == 1


async def test_customers_are_never_asked_without_it(box: Sandbox) -> None:
    knows = Knows("/customer/", DETAILS[0])
    async with over(box, knows) as gateway:
        answer = await gateway.ask(QUERY)

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert all(knows.asked)


@pytest.mark.parametrize("detail", ["Failed to decode json", {"msg": "interactive users only"}])
async def test_a_refusal_for_another_reason_is_told(box: Sandbox, detail: object) -> None:
    knows = Knows("/user/", detail)
    async with over(box, knows) as gateway:
        answer = await gateway.ask(QUERY)

    assert set(answer.codes) == {"UPSTREAM_BAD_RESPONSE"}
    assert all(knows.asked)
