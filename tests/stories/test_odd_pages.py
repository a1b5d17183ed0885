"""Pages that hold what they should not: too many rows, rows twice, counts that count nothing."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gateway import SYSTEMS, gateway_over
from stories.capped import PAGES, replaced, with_rows
from vendors import FACTS

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
NOUNS = """
    query ($system: String!) {
      system(name: $system) {
        customers(first: 20) {
          nodes { id contacts { id } addresses { city } updater { id } invoices(first: 100) { nodes { id } } }
        }
      }
    }"""
COUNTING = [name for name in SYSTEMS if FACTS[name].counts]
TELLING = [name for name in COUNTING if FACTS[name].page_calls[2] == 1]
"""The systems whose pages tell how many rows there are."""


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
    for pages in PAGES:
        document = replaced(document, pages.total, count) if pages.total else document
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
@pytest.mark.parametrize("system", COUNTING)
async def test_a_count_that_cannot_be_one_costs_the_total_alone(
    box: Sandbox, executor: ExecutorName, system: str, count: int
) -> None:
    bent = partial(Bent, partial(with_count, count))
    async with gateway_over(box, executor=executor, bent=bent) as gateway:
        answer = await gateway.ask(PAGE, {"system": system})

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert answer.errors[0]["path"] == ["system", "customers", "totalCount"]
    assert len(answer.partial["system"]["customers"]["nodes"]) == 5


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("system", COUNTING)
async def test_a_count_below_the_rows_costs_the_total_alone_and_the_cursors_go_on_to_the_last(
    box: Sandbox, executor: ExecutorName, system: str, count: int
) -> None:
    names: list[str] = []
    cursor: str | None = None
    async with gateway_over(box, executor=executor, bent=partial(Bent, partial(with_count, count))) as gateway:
        while True:
            answer = await gateway.ask(PAGE, {"system": system, "after": cursor})
            found = answer.partial["system"]["customers"]
            names += [node["id"] for node in found["nodes"]]
            assert [error["path"] for error in answer.errors] == [["system", "customers", "totalCount"]]
            assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
            assert found["totalCount"] is None
            cursor = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                break

    assert len(set(names)) == len(names) == 300


@pytest.mark.parametrize("system", TELLING)
async def test_an_empty_page_that_tells_of_more_is_an_error_that_may_pass(
    box: Sandbox, executor: ExecutorName, system: str
) -> None:
    async with gateway_over(box) as gateway:
        cursor = (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]["pageInfo"]["endCursor"]
    async with gateway_over(box, executor=executor, bent=partial(Bent, partial(with_rows, lambda _: []))) as gateway:
        answers = [await gateway.ask(PAGE, {"system": system, "after": after}) for after in (None, cursor)]

    for answer in answers:
        assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
        assert answer.errors[0]["path"] == ["system", "customers"]
        assert answer.errors[0]["extensions"]["retryable"] is True
        assert answer.partial == {"system": {"customers": None}}


@pytest.mark.parametrize("system", [name for name in COUNTING if name not in TELLING])
async def test_a_count_beside_no_rows_at_all_is_not_told(box: Sandbox, system: str) -> None:
    async with gateway_over(box, bent=partial(Bent, partial(with_rows, lambda _: []))) as gateway:
        answer = await gateway.ask(PAGE, {"system": system})

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert answer.errors[0]["path"] == ["system", "customers", "totalCount"]
    found = answer.partial["system"]["customers"]
    assert (found["nodes"], found["pageInfo"]) == ([], {"hasNextPage": False, "endCursor": None})


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize("system", TELLING)
async def test_lists_with_a_count_below_their_rows_are_read_whole(box: Sandbox, system: str, count: int) -> None:
    async with gateway_over(box) as gateway:
        plain = (await gateway.ask(NOUNS, {"system": system})).data
    async with gateway_over(box, bent=partial(Bent, partial(with_count, count))) as gateway:
        found = (await gateway.ask(NOUNS, {"system": system})).data

    assert found == plain


@pytest.mark.parametrize("system", TELLING)
async def test_lists_that_end_before_their_count_are_an_error_and_not_a_shorter_list(box: Sandbox, system: str) -> None:
    async with gateway_over(box, bent=partial(Bent, partial(with_count, 400))) as gateway:
        answer = await gateway.ask(NOUNS, {"system": system})

    assert set(answer.codes) == {"UPSTREAM_BAD_RESPONSE"}
    assert "invoices" in {error["path"][4] for error in answer.errors}
    assert all(error["extensions"]["retryable"] for error in answer.errors if error["path"][4] == "invoices")
