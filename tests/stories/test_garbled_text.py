"""Text that is not quite UTF-8, at each vendor: half a character costs itself, bad bytes cost their own request."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

import httpx
import pytest
from gateway import SYSTEMS, gateway_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway import Gateway

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

NAMES: Final = "query ($system: String!) { system(name: $system) { customers(first: 20) { nodes { id name } } } }"
CUSTOMER: Final = "query ($id: ID!) { customer(by: {id: $id}) { name email } }"


class Garbling(httpx.AsyncBaseTransport):
    """The way to a vendor, by which bodies come changed."""

    def __init__(self, change: Callable[[bytes], bytes], way: httpx.AsyncBaseTransport) -> None:
        self._change = change
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._way.handle_async_request(request)
        body = self._change(await answer.aread())
        headers = {"content-type": answer.headers.get("content-type", "")}
        return httpx.Response(answer.status_code, content=body, headers=headers)


async def names(gateway: Gateway, system: str) -> dict[str, str]:
    nodes = (await gateway.ask(NAMES, {"system": system})).data["system"]["customers"]["nodes"]
    return {node["id"]: node["name"] for node in nodes}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_half_a_character_costs_one_character_and_a_bom_nothing(box: Sandbox, system: str) -> None:
    async with gateway_over(box) as gateway:
        told = await names(gateway, system)
    word = next(iter(told.values())).split()[-1]

    def change(body: bytes) -> bytes:
        return b"\xef\xbb\xbf" + body.replace(f'{word}"'.encode(), rf'{word}\ud83c"'.encode())

    async with gateway_over(box, bent=partial(Garbling, change)) as gateway:
        garbled = await names(gateway, system)

    assert garbled == {key: f"{name}\ufffd" if name.endswith(word) else name for key, name in told.items()}
    assert garbled != told


@pytest.mark.parametrize("system", SYSTEMS)
async def test_bytes_that_are_no_utf_8_cost_the_request_that_asked_for_them(box: Sandbox, system: str) -> None:
    async with gateway_over(box) as gateway:
        told = await names(gateway, system)
        ids = list(told)[:8]
        answers = [(await gateway.ask(CUSTOMER, {"id": each})).data["customer"] for each in ids]
    bad = next(place for place in range(3, 8) if answers[place]["email"])
    mark = answers[bad]["email"].encode()

    def change(body: bytes) -> bytes:
        return body.replace(mark, b"\xff" + mark)

    async with gateway_over(box, bent=partial(Garbling, change)) as gateway:
        found = await asyncio.gather(*(gateway.ask(CUSTOMER, {"id": each}) for each in ids))

    assert [answer.codes for answer in found] == [["UPSTREAM_BAD_RESPONSE"] if each == bad else [] for each in range(8)]
    assert [answer.partial["customer"] for answer in found] == [*answers[:bad], None, *answers[bad + 1 :]]
