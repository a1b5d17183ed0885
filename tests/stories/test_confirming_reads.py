"""The answer to a write, and the index, are of the read that confirms it; where its document is odd, they are read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from stories.test_index_kept import found_soon, kept_gateway
from stories.test_writes import PATCH, WRITTEN, first_customer
from structlog.testing import capture_logs
from systems.test_laws_of_writing import WRITTEN as WRITABLE
from systems.test_laws_of_writing import writes_of

from customer_gateway.documents.values import is_list

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SHOWN = """id name number kind status vatNumber email phone phones { raw kind e164 } createdAt updatedAt version
  address { kind lines city countryCode } addresses { city } contacts { id name } notes externalIds
  billing { email name paymentTermsId }"""
UPDATE = f"""mutation ($input: CustomerUpdateInput!) {{ customerUpdate(input: $input) {{ customer {{ {SHOWN} }}
  userErrors {{ code message }} operation {{ state }} }} }}"""
QUERY = f"query ($id: ID!) {{ customer(by: {{ id: $id }}) {{ {SHOWN} }} }}"


class Confirming(httpx.AsyncBaseTransport):
    """A way to a vendor; `edit` changes the first customer that it answers by itself after a write."""

    def __init__(self, way: httpx.AsyncBaseTransport, edit: Callable[[dict[str, Any]], str]) -> None:
        self._way = way
        self._edit = edit
        self._is_sent = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._way.handle_async_request(request)
        if request.method in {"PUT", "PATCH"}:
            self._is_sent = True
        elif self._is_sent and re.search(r"/customers?/[^/]+(/\d+)?$", request.url.path):
            self._is_sent = False
            body: Any = json.loads(await answer.aread())
            inner: Any = body.get("Data", body.get("data", body))
            text = self._edit(inner[0] if is_list(inner) else inner)
            return httpx.Response(answer.status_code, text=text.join(_around(body)), headers=JSON)
        return answer


JSON = {"content-type": "application/json"}


def _around(body: dict[str, Any]) -> tuple[str, str]:
    """What stands before and after the customer in its envelope."""
    mark = "the customer"
    if "Data" in body:
        whole = json.dumps({**body, "Data": mark})
    elif "data" in body:
        whole = json.dumps({**body, "data": [mark]})
    else:
        whole = json.dumps(mark)
    before, after = whole.split(json.dumps(mark))
    return before, after


def with_a_number_past_every_double(document: dict[str, Any]) -> str:
    return json.dumps(document)[:-1] + ', "xUnknown": 1e400}'


def without_its_id(document: dict[str, Any]) -> str:
    names = {name for vendor in WRITABLE for name in writes_of(vendor).identity}
    return json.dumps({name: value for name, value in document.items() if name not in names})


@pytest.mark.parametrize("system", WRITTEN)
async def test_the_customer_of_the_answer_is_the_one_that_is_read_next(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    async with kept_gateway(box, tmp_path) as (gateway, _):
        before = await first_customer(gateway, system)
        given = {"id": before["id"], "expectedVersion": before["version"], "patch": PATCH}
        answer = (await gateway.ask(UPDATE, {"input": given})).data["customerUpdate"]
        read = (await gateway.ask(QUERY, {"id": before["id"]})).data["customer"]

    assert answer["userErrors"] == []
    assert answer["customer"] == read


@pytest.mark.parametrize("edit", [with_a_number_past_every_double, without_its_id], ids=["number", "id"])
@pytest.mark.parametrize("system", WRITTEN)
async def test_an_odd_document_costs_neither_the_outcome_nor_the_answer(
    system: str, edit: Callable[[dict[str, Any]], str], box: Sandbox, tmp_path: Path
) -> None:
    def bent(way: httpx.AsyncBaseTransport) -> Confirming:
        return Confirming(way, edit)

    async with kept_gateway(box, tmp_path, bent=bent) as (gateway, _):
        before = await first_customer(gateway, system)
        patch = {**PATCH, "name": "Quitten Xylander"}
        given = {"id": before["id"], "expectedVersion": before["version"], "patch": patch}
        with capture_logs() as lines:
            answer = (await gateway.ask(UPDATE, {"input": given})).data["customerUpdate"]

        assert await found_soon(gateway, "xylander") == [before["id"]]

    assert answer["userErrors"] == []
    assert answer["operation"]["state"] in {"APPLIED", "PENDING"}  # AutoDNS reviews a new name
    assert answer["customer"]["name"] == "Quitten Xylander"
    assert [line["event"] for line in lines if line["log_level"] == "error"] == []
