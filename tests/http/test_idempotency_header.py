"""The header Idempotency-Key, over the real door: what it takes, what it serves, and what its answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from api.recorded_operations import Recorded, WrittenGraph
from http_world import GRAPHQL, Client
from httpx import ASGITransport
from named_callers import ANYONE

from customer_gateway.api.limits import DocumentLimits
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.model.ids import encode_id
from customer_gateway.model.operations import Operation, OperationKind, OperationState, UserError, UserErrorCode
from customer_gateway.operations.requests import Outcome

if TYPE_CHECKING:
    from httpx import Response

pytestmark = pytest.mark.anyio

ANNA = encode_id("Customer", "acme", "1")


def field(more: str = "") -> str:
    return f'customerUpdate(input: {{ id: "{ANNA}", patch: {{}} {more} }}) {{ userErrors {{ code }} }}'


ONE = f"mutation {{ {field()} }}"
WITH_KEY = "mutation { " + field('idempotencyKey: "k"') + " }"
TWO = f"mutation {{ a: {field()} b: {field()} }}"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def client(recorded: Recorded) -> Client:
    graph = WrittenGraph("breadth", recorded, limits=DocumentLimits(mutation_fields=2))
    app = build_http(graph.engine, HttpSettings(), ANYONE)
    return Client(transport=ASGITransport(app), base_url="http://gateway.test")


async def asked(recorded: Recorded, document: str, key: str | bytes, accept: str = GRAPHQL) -> Response:
    headers: Any = {"idempotency-key": key, "accept": accept}
    async with client(recorded) as asking:
        return await asking.ask(document, headers)


def codes(response: Response) -> list[str]:
    return [each["extensions"]["code"] for each in response.json()["errors"]]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (f'"{KEY}"', KEY),
        (KEY, KEY),
        (f'  "{KEY}" ', KEY),
        (r'"a \"quoted\" \\ one"', r'a "quoted" \ one'),
        ("a b", "a b"),
        ("k" * 255, "k" * 255),
    ],
)
async def test_the_header_is_a_string_in_quotes_or_bare(header: str, key: str) -> None:
    recorded = Recorded()

    response = await asked(recorded, ONE, header)

    assert response.status_code == 200
    assert recorded.only.idempotency_key == key
    assert "idempotent-replayed" not in response.headers


@pytest.mark.parametrize(
    "header", ["", '""', '" "', '"half', '"a", "b"', '"a";q=1', "k" * 256, "tab\tbed", b"\xc3\xa4", r'"a\b"']
)
async def test_anything_else_is_refused_and_nothing_is_asked(header: str | bytes) -> None:
    recorded = Recorded()

    response = await asked(recorded, ONE, header)

    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
    assert recorded.asked == []


async def test_it_serves_one_field() -> None:
    recorded = Recorded()

    response = await asked(recorded, TWO, KEY)

    assert (response.status_code, codes(response)) == (400, ["BAD_USER_INPUT"])
    assert recorded.asked == []


async def test_it_does_not_serve_a_field_that_has_a_key_of_its_own() -> None:
    recorded = Recorded()

    response = await asked(recorded, WITH_KEY, KEY)

    assert (response.status_code, codes(response)) == (422, ["BAD_USER_INPUT"])
    assert recorded.asked == []


async def test_a_query_does_not_look_at_it() -> None:
    response = await asked(Recorded(), "{ __typename }", '"half')

    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("accept", [GRAPHQL, "application/json"])
@pytest.mark.parametrize(
    ("code", "status"),
    [(UserErrorCode.IDEMPOTENCY_MISMATCH, 422), (UserErrorCode.IDEMPOTENCY_IN_PROGRESS, 409)],
)
async def test_a_key_that_is_refused_is_the_answers_status(code: UserErrorCode, status: int, accept: str) -> None:
    recorded = Recorded(Outcome(None, [UserError(code, "Another input had this key.")]))

    by_header = await asked(recorded, ONE, KEY, accept)
    async with client(recorded) as asking:
        by_input = await asking.ask(WITH_KEY)

    assert (by_header.status_code, codes(by_header)) == (status, [code.value])
    assert "data" not in by_header.json()
    assert by_input.json() == {"data": {"customerUpdate": {"userErrors": [{"code": code.value}]}}}


async def test_an_outcome_of_before_is_marked() -> None:
    kind, state = OperationKind.UPDATE, OperationState.APPLIED
    recorded = Recorded(Outcome(Operation("o1", kind, "acme", "1", state, "key:anna", (), replayed=True)))

    response = await asked(recorded, ONE, KEY)

    assert response.headers["idempotent-replayed"] == "true"
    assert response.json() == {"data": {"customerUpdate": {"userErrors": []}}}


async def test_the_operations_of_one_caller_are_looked_up_under_its_name() -> None:
    recorded = Recorded()
    async with client(recorded) as asking:
        await asking.ask('{ operation(id: "o1") { id } }')
        await asking.ask(ONE)

    (look_up,) = recorded.looked_up
    assert look_up == ("find", "o1", recorded.only.actor)
    assert recorded.only.actor.partition(":")[0] in {"anonymous", "key", "user"}
