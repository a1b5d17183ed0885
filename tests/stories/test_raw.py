"""`raw`: what a system sent, to the letter, through the whole gateway."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest
from gateway import SYSTEMS, gateway_over
from vendors import FACTS, VENDORS

from customer_gateway.documents.record import is_list

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway import Gateway
    from systems.facts import Pages

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

EMBEDDING = [
    (name, "contacts" if "contacts" in facts.embedded else "accounts")
    for name, facts in FACTS.items()
    if "accounts" not in facts.not_in_system
]
SENT = {
    "thirty digits": b"123456789012345678901234567890",
    "a zero at the end": b"1.10",
    "a number past every double": b"1e400",
    "a whole number written as none": b"1E+2",
    "half a character": rb'"Gr\ud83cn"',
    "escapes": rb'"\u00e4\/\\\"]},{"',
    "spaces, and a name twice": b'{ "n" : 1,\n "n":[ 2 ,{}]}',
    "five hundred levels": b"[" * 500 + b"]" * 500,
}
"""Values that a decoded document does not have as they were sent, or that a decoder refuses."""

PAGE = "{ systems { customers(first: 3) { nodes { records { raw } } } } }"


@dataclass
class Rewriting:
    """Changes a value in a vendor's answers; `rows` are those of the last answer, as they were handed on."""

    old: bytes
    new: bytes
    pages: Pages
    answers: list[bytes] = field(default_factory=list[bytes])

    def way(self, way: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        return _Rewritten(way, self)

    @property
    def rows(self) -> list[bytes]:
        """The sandbox writes its answers as orjson does, so a row is found without reading the answer's text."""
        found = self.pages.found_in(orjson.loads(self.answers[-1]))
        return [self.changed(orjson.dumps(self.pages.record_in(row))) for row in (found if is_list(found) else [found])]

    def changed(self, body: bytes) -> bytes:
        return body.replace(self.old, self.new)


class _Rewritten(httpx.AsyncBaseTransport):
    def __init__(self, way: httpx.AsyncBaseTransport, rewriting: Rewriting) -> None:
        self._way = way
        self._rewriting = rewriting

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._way.handle_async_request(request)
        body = await answer.aread()
        self._rewriting.answers.append(body)
        headers = {"content-type": answer.headers.get("content-type", "")}
        return httpx.Response(answer.status_code, headers=headers, content=self._rewriting.changed(body))


@asynccontextmanager
async def first_name_sent_as(
    sent: bytes, box: Sandbox, system: str, executor: ExecutorName = "breadth"
) -> AsyncGenerator[tuple[Gateway, Rewriting, str]]:
    """A gateway over one system whose first customer's name is sent so, and the id of that customer."""
    async with gateway_over(box, systems=[(system, system)]) as gateway:
        page = await gateway.ask("{ systems { customers(first: 1) { nodes { id name } } } }")
    first = page.data["systems"][0]["customers"]["nodes"][0]
    rewriting = Rewriting(orjson.dumps(first["name"]), sent, FACTS[system].pages)
    async with gateway_over(box, bent=rewriting.way, executor=executor, systems=[(system, system)]) as gateway:
        yield gateway, rewriting, first["id"]


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
@pytest.mark.parametrize("system", SYSTEMS)
async def test_raw_is_what_the_system_sent_to_the_letter(
    box: Sandbox, system: str, sent: bytes, executor: ExecutorName
) -> None:
    async with first_name_sent_as(sent, box, system, executor) as (gateway, rewriting, first):
        page = await gateway.ask(PAGE)
        rows = rewriting.rows
        one = await gateway.ask(f'{{ node(id: "{first}") {{ ... on Customer {{ records {{ raw }} }} }} }}')

    assert page.errors + one.errors == []
    assert sent in rows[0]
    assert [page.text.count(b'{"raw":' + row + b"}") for row in rows] == [1, 1, 1]
    assert one.text == b'{"data":{"node":{"records":[{"raw":' + rows[0] + b"}]}}}"


@pytest.mark.parametrize("system", SYSTEMS)
async def test_whatever_else_is_told_of_a_customer_is_the_same_with_raw_and_without(box: Sandbox, system: str) -> None:
    selection = "name email version provenance { field state } records { __typename key link }"
    async with first_name_sent_as(b"1.10", box, system) as (gateway, _, _):
        without = (await gateway.ask(PAGE.replace("records { raw }", selection))).data
        told = (await gateway.ask(PAGE.replace("records { raw }", f"{selection} records {{ raw }}"))).data

    for node in told["systems"][0]["customers"]["nodes"]:
        for record in node["records"]:
            del record["raw"]
    assert told == without


@pytest.mark.parametrize("system", SYSTEMS)
async def test_raw_costs_no_call(gateway: Gateway, system: str) -> None:
    page = f'{{ system(name: "{system}") {{ customers(first: 3) {{ nodes {{ version records {{ key %s }} }} }} }} }}'
    logs: list[list[str]] = []
    for raw in ("", "", "raw"):
        gateway.forget_calls()
        assert (await gateway.ask(page % raw)).errors == []
        logs.append(gateway.paths(system))

    assert logs[1] == logs[2]  # the first read may fill what is remembered of people and addresses


@pytest.mark.parametrize(("system", "noun"), EMBEDDING)
async def test_a_noun_found_through_its_customer_shares_the_call_that_raw_is_read_by(
    gateway: Gateway, system: str, noun: str
) -> None:
    page = f'{{ system(name: "{system}") {{ customers(first: 50) {{ nodes {{ id {noun} {{ id }} }} }} }} }}'
    nodes = (await gateway.ask(page)).data["system"]["customers"]["nodes"]
    one = next(node for node in nodes if node[noun])
    gateway.forget_calls()

    both = await gateway.ask(
        f"""{{ customer(by: {{ id: "{one["id"]}" }}) {{ {noun} {{ id }} records {{ raw }} }}
               node(id: "{one[noun][0]["id"]}") {{ id }} }}"""
    )

    assert both.errors == []
    assert len(gateway.log(system)) == 1


async def test_raw_of_one_system_changes_nothing_for_the_others(gateway: Gateway) -> None:
    one, other, *_ = (vendor.kind.record.name for vendor in VENDORS)
    selection = f"{{ __typename ... on {one} {{ raw }} ... on {other} {{ key }} }}"

    answer = await gateway.ask(f"{{ systems {{ name customers(first: 1) {{ nodes {{ records {selection} }} }} }} }}")

    assert answer.errors == []
    assert answer.text.count(b'"raw":{') == 1
