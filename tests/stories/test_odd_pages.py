"""Pages that hold what they should not: too many rows, rows twice, counts that count nothing."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gateway import SYSTEMS, gateway_over
from stories.capped import with_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PAGE = """
    query ($system: String!, $after: String) {
      system(name: $system) {
        customers(first: 5, after: $after) { totalCount nodes { id name } pageInfo { hasNextPage endCursor } }
      }
    }"""


class Bent(httpx.AsyncBaseTransport):
    """The way to a vendor, by which its documents come changed."""

    def __init__(self, change: Callable[[Any], Any], way: httpx.AsyncBaseTransport) -> None:
        self._change = change
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._way.handle_async_request(request)
        document = json.loads(await answer.aread())
        return httpx.Response(answer.status_code, json=self._change(document))


def with_count(count: int, document: Any) -> Any:
    """A document with another count, wherever its vendor has it."""
    match document:
        case {"count": _}:
            return {**document, "count": count}
        case {"total": _}:
            return {**document, "total": count}
        case {"object": {"summary": _}}:
            return {**document, "object": {**document["object"], "summary": count}}
        case {"Paging": {"TotalRows": _}}:
            return {**document, "Paging": {**document["Paging"], "TotalRows": count}}
        case _:
            return document


def thrice(rows: list[Any]) -> list[Any]:
    return rows * 3


def each_twice(rows: list[Any]) -> list[Any]:
    return [row for row in rows for _ in (1, 2)]


def second_repeats_the_first(rows: list[Any]) -> list[Any]:
    return [*rows[:1], *rows[:1], *rows[2:]]


@pytest.mark.parametrize("change", [thrice, each_twice])
@pytest.mark.parametrize("system", SYSTEMS)
async def test_of_more_rows_than_were_asked_for_a_page_takes_its_own(
    box: Sandbox, system: str, change: Callable[[list[Any]], list[Any]]
) -> None:
    async with gateway_over(box) as gateway:
        first = (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]
        cursor = first["pageInfo"]["endCursor"]
        second = (await gateway.ask(PAGE, {"system": system, "after": cursor})).data["system"]["customers"]
    async with gateway_over(box, bent=partial(Bent, partial(with_rows, change))) as gateway:
        pages = [
            (await gateway.ask(PAGE, {"system": system, "after": after})).data["system"]["customers"]
            for after in (None, cursor)
        ]

    assert pages == [first, second]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_who_comes_twice_on_a_page_is_there_once_and_the_next_page_begins_where_it_did(
    box: Sandbox, system: str
) -> None:
    async with gateway_over(box) as gateway:
        asked = (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]
    async with gateway_over(box, bent=partial(Bent, partial(with_rows, second_repeats_the_first))) as gateway:
        found = (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]

    assert found["nodes"] == [asked["nodes"][0], *asked["nodes"][2:]]
    assert found["pageInfo"] == asked["pageInfo"]


@pytest.mark.parametrize("count", [2**31, 2**63, -1])
@pytest.mark.parametrize("system", [name for name in SYSTEMS if name != "lemonsoft"])  # which counts nothing
async def test_a_count_that_cannot_be_one_costs_the_total_alone(
    box: Sandbox, executor: ExecutorName, system: str, count: int
) -> None:
    bent = partial(Bent, partial(with_count, count))
    async with gateway_over(box, executor=executor, bent=bent) as gateway:
        answer = await gateway.ask(PAGE, {"system": system})

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert answer.errors[0]["path"] == ["system", "customers", "totalCount"]
    assert len(answer.partial["system"]["customers"]["nodes"]) == 5
