"""An installation that does not know one of the keys: the others are read, and it is not asked again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import pytest
from gateway import Gateway, gateway_over
from stories.test_writes import writing_gateway

from customer_gateway.model.ids import encode_id
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.autodns.keys import INFERRED

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from customer_gateway.api.engine import ExecutorName

pytestmark = pytest.mark.anyio

Says: TypeAlias = Callable[[str], Any]
RECORD = "records { raw ... on AutodnsCustomer { pricelists { pricelist { type } } newsletter invoicePaperbill } }"
QUERY = f'{{ system(name: "autodns") {{ customers(first: 3) {{ nodes {{ name {RECORD} }} }} }} }}'


def by_object(key: str) -> Any:
    return {"messages": [{"text": "Not allowed.", "objects": [{"type": "keys", "value": key}]}]}


def by_quotes(key: str) -> Any:
    return {"messages": [{"text": f"The type of key '{key}' is not known, sorry."}]}


def by_words(key: str) -> Any:
    return {"status": {"type": "ERROR", "text": f"Unknown key: {key}."}}


def by_nothing(_key: str) -> Any:
    return {"status": {"type": "ERROR", "code": "EF00010", "text": "The request is wrong."}}


class Knows:
    """The way to an AutoDNS that refuses calls with these keys; `says` is its document, sent with `status`."""

    def __init__(
        self, *lacking: str, says: Says = by_object, status: int = 400, path: str = "/customer/_search"
    ) -> None:
        self.lacking = lacking
        self.says = says
        self.status = status
        self.path = path
        self.asked: list[list[str]] = []

    def __call__(self, way: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        async def answer(request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith(self.path):
                return await way.handle_async_request(request)
            asked = request.url.params.get_list("keys[]")
            self.asked.append(asked)
            refused = next((key for key in self.lacking if key in asked), None)
            if refused is None:
                return await way.handle_async_request(request)
            document = {"stid": "1", "status": {"type": "ERROR"}, **self.says(refused)}
            return httpx.Response(self.status, json=document)

        return httpx.MockTransport(answer)


@pytest.fixture
def box() -> Generator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture(params=["breadth", "reference"])
def executor(request: pytest.FixtureRequest) -> ExecutorName:
    return request.param


def records(answer: Any) -> list[dict[str, Any]]:
    return [node["records"][0] for node in answer.data["system"]["customers"]["nodes"]]


def over(box: Sandbox, knows: Knows, **otherwise: Any) -> AbstractAsyncContextManager[Gateway]:
    return gateway_over(box, bent=knows, systems=[("autodns", "autodns")], **otherwise)


@pytest.mark.parametrize("status", [400, 422, 200])
@pytest.mark.parametrize("says", [by_object, by_quotes, by_words])
@pytest.mark.parametrize("key", ["pricelists", "newsletter"])
async def test_a_refusal_that_names_a_key_costs_that_key_alone(
    box: Sandbox, executor: ExecutorName, key: str, says: Says, status: int
) -> None:
    knows = Knows(key, says=says, status=status)
    async with over(box, knows, executor=executor) as gateway:
        first = records(await gateway.ask(QUERY))
        calls = len(knows.asked)
        again = records(await gateway.ask(QUERY))

    assert [record[key] for record in first] == [None] * 3
    assert all(record["invoicePaperbill"] is not None for record in first)
    assert again == first
    assert all(key not in record["raw"] for record in first)
    assert (calls, len(knows.asked)) == (2, 3)
    assert set(knows.asked[0]) - set(knows.asked[1]) == {key}


@pytest.mark.parametrize("status", [400, 422])
async def test_a_refusal_that_names_none_costs_all_that_are_inferred(box: Sandbox, status: int) -> None:
    knows = Knows("pricelists", says=by_nothing, status=status)
    async with over(box, knows) as gateway:
        found = records(await gateway.ask(QUERY))

    assert [record["invoicePaperbill"] for record in found] == [None] * 3
    assert all(record["newsletter"] is not None for record in found)
    assert set(knows.asked[0]) - set(knows.asked[1]) == INFERRED & set(knows.asked[0])


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"messages": [', b'"pricelists"' * 9_000])
async def test_a_refusal_that_cannot_be_read_names_none(box: Sandbox, body: bytes) -> None:
    knows = Knows("pricelists")
    seen: list[list[str]] = []

    def bent(way: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        async def answer(request: httpx.Request) -> httpx.Response:
            response = await knows(way).handle_async_request(request)
            seen.append(request.url.params.get_list("keys[]"))
            return response if response.status_code != 400 else httpx.Response(400, content=body)

        return httpx.MockTransport(answer)

    async with gateway_over(box, bent=bent, systems=[("autodns", "autodns")]) as gateway:
        found = records(await gateway.ask(QUERY))

    assert len(found) == 3
    assert [INFERRED.isdisjoint(asked) for asked in seen] == [False, True]


async def test_several_unknown_keys_are_left_out_one_after_the_other(box: Sandbox) -> None:
    knows = Knows("pricelists", "newsletter", "supplierNumber")
    async with over(box, knows) as gateway:
        found = records(await gateway.ask(QUERY))
        await gateway.ask(QUERY)

    assert {each for record in found for each in (record["pricelists"], record["newsletter"])} == {None}
    assert len(knows.asked) == 5


async def test_a_refusal_for_another_reason_is_told_and_nothing_is_given_up(box: Sandbox) -> None:
    knows = Knows("name", says=by_nothing)
    async with over(box, knows) as gateway:
        refused = await gateway.ask(QUERY)
        knows.lacking = ()
        found = records(await gateway.ask(QUERY))

    assert refused.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert all(record["invoicePaperbill"] is not None for record in found)
    assert [len(asked) for asked in knows.asked[::2]] == [len(knows.asked[0])] * 2


async def test_an_error_inside_an_answer_that_names_no_key_is_not_asked_again(box: Sandbox) -> None:
    knows = Knows("pricelists", says=by_nothing, status=200)
    async with over(box, knows) as gateway:
        answer = await gateway.ask(QUERY)

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert len(knows.asked) == 1


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [("phone", "phone", None), ("locked", "status", None), ("contacts", "contacts", []), ("owner", "owner", None)],
)
async def test_a_unified_field_whose_key_is_refused_is_not_in_the_system(
    box: Sandbox, executor: ExecutorName, key: str, field: str, value: object
) -> None:
    told = f"name {field}{' { id }' if field in {'contacts', 'owner'} else ''}"
    nodes = f"nodes {{ {told} provenance {{ field state }} }}"
    query = f'{{ system(name: "autodns") {{ capabilities {{ field readable }} customers(first: 5) {{ {nodes} }} }} }}'
    async with over(box, Knows(key), executor=executor) as gateway:
        await gateway.ask(query)
        system = (await gateway.ask(query)).data["system"]

    customers = system["customers"]["nodes"]
    states = [{each["field"]: each["state"] for each in customer["provenance"]} for customer in customers]
    assert [customer[field] for customer in customers] == [value] * 5
    assert [state[field] for state in states] == ["NOT_IN_SYSTEM"] * 5
    assert [state["name"] for state in states] == ["VALUE"] * 5
    assert {"field": field, "readable": False} in system["capabilities"]
    assert {"field": "name", "readable": True} in system["capabilities"]


async def test_each_refused_key_is_noticed_once(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    async with over(box, Knows("pricelists")) as gateway:
        for _ in range(3):
            await gateway.ask(QUERY)

    told = capsys.readouterr().out
    assert told.count("a key that /customer/_search refuses") == 1
    assert "Not allowed." not in told


async def test_users_are_read_without_an_e_mail_that_their_list_refuses(box: Sandbox) -> None:
    knows = Knows("defaultEmail", path="/user/_search")
    query = '{ system(name: "autodns") { customers(first: 50) { nodes { owner { name email } } } } }'
    async with over(box, knows) as gateway:
        answer = await gateway.ask(query)

    assert {node["owner"]["name"] for node in answer.data["system"]["customers"]["nodes"]}
    assert knows.asked == [["defaultEmail"], []]


async def test_invoices_are_not_read_without_the_customer_they_are_for(box: Sandbox) -> None:
    knows = Knows("customer", path="/invoice/_search")
    query = '{ system(name: "autodns") { customers(first: 1) { nodes { invoices(first: 1) { totalCount } } } } }'
    async with over(box, knows) as gateway:
        answer = await gateway.ask(query)

    assert answer.codes == ["UPSTREAM_BAD_RESPONSE"]
    assert json.dumps(answer.body).count("Not allowed.") == 0


async def test_a_version_is_the_same_where_a_key_is_refused(box: Sandbox) -> None:
    query = '{ system(name: "autodns") { customers(first: 3) { nodes { id version } } } }'
    async with over(box, Knows("pricelists", says=by_object, status=400)) as refusing, over(box, Knows()) as knowing:
        refused, known = await refusing.ask(query), await knowing.ask(query)

    assert refused.data == known.data
    assert refused.errors == known.errors == []


async def test_a_write_is_answered_with_no_more_than_lists_tell(box: Sandbox, tmp_path: Path) -> None:
    """The read that confirms it is of the whole customer; what the next page lacks would come and go."""
    shown = "version notes billing { einvoice { supplierNumber } }"
    planted = '{"supplierNumber": "S1", "comments": [{"text": "a note"}]}'
    customers = box.vendors["autodns"].customers
    customers.plant(key := customers.keys()[0], planted)
    knows = Knows("supplierNumber", "comments", says=by_object, status=400)
    async with writing_gateway(box, tmp_path, bent=knows, systems=[("autodns", "autodns")]) as gateway:
        given = {"id": encode_id("Customer", "autodns", key), "patch": {"phone": "+49 221 1234567"}, "force": True}
        query = f"query ($id: ID!) {{ customer(by: {{ id: $id }}) {{ {shown} }} }}"
        before = (await gateway.ask(query, {"id": given["id"]})).data["customer"]
        mutation = (
            f"mutation ($input: CustomerUpdateInput!) {{ customerUpdate(input: $input) {{ customer {{ {shown} }} }} }}"
        )
        done = (await gateway.ask(mutation, {"input": given})).data["customerUpdate"]["customer"]
        after = (await gateway.ask(query, {"id": given["id"]})).data["customer"]

    assert (before["notes"], before["billing"]["einvoice"]) == ([], None)
    assert done == after
    assert done["version"] != before["version"]
