"""gql, the client for Python, asks with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from clients.keyed_gateway import ACCOUNTS, CUSTOMERS, VARIABLES, WRONG_KEY, keyed_gateway
from gql import Client, GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.anyio


ASKED: Final = GraphQLRequest(CUSTOMERS, variable_values=VARIABLES)


def client(url: str, key: str, statuses: list[int] | None = None, *, with_schema: bool = False) -> Client:
    """A client as applications make it; `with_schema` reads the schema first and checks queries against it."""

    async def note(response: httpx.Response) -> None:
        if statuses is not None:
            statuses.append(response.status_code)

    headers = {"Authorization": f"Bearer {key}"}
    transport = HTTPXAsyncTransport(url, headers=headers, event_hooks={"response": [note]})
    return Client(transport=transport, fetch_schema_from_transport=with_schema)


def codes(error: TransportQueryError) -> list[str]:
    return [each["extensions"]["code"] for each in error.errors or []]


async def test_gql_asks_with_a_key_by_the_schema_that_it_fetched(tmp_path: Path) -> None:
    async with keyed_gateway(tmp_path) as gateway:
        async with client(gateway.url, gateway.key, with_schema=True) as session:
            data = await session.execute(ASKED)

        assert data == await gateway.customers()
    assert session.client.schema is not None
    assert "Customer" in session.client.schema.type_map


async def test_gql_has_the_data_beside_the_error_of_what_the_key_may_not_read(tmp_path: Path) -> None:
    async with keyed_gateway(tmp_path) as gateway:
        async with client(gateway.url, gateway.key) as session:
            with pytest.raises(TransportQueryError) as refused:
                await session.execute(GraphQLRequest(ACCOUNTS, variable_values=VARIABLES))

        assert refused.value.data == await gateway.without_accounts()
    assert codes(refused.value) == ["FORBIDDEN"]


async def test_gql_raises_the_code_of_the_401_for_a_wrong_key(tmp_path: Path) -> None:
    statuses: list[int] = []
    async with keyed_gateway(tmp_path) as gateway, client(gateway.url, WRONG_KEY, statuses) as session:
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(ASKED)

    assert (codes(refused.value), statuses) == (["UNAUTHENTICATED"], [401])


async def test_gql_cannot_fetch_the_schema_with_a_key_that_may_not_read_it_but_ask_without(tmp_path: Path) -> None:
    async with keyed_gateway(tmp_path) as gateway:
        with pytest.raises(TransportQueryError) as refused:
            async with client(gateway.url, gateway.reader_key, with_schema=True):
                pass
        async with client(gateway.url, gateway.reader_key) as session:
            data = await session.execute(ASKED)

        assert data == await gateway.customers()
    assert codes(refused.value) == ["FORBIDDEN"]
