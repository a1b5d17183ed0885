from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import Clock, stranger
from trial.fjord.sandbox import LIFE_SECONDS

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

CLIENT = {"grant_type": "client_credentials", "client_id": "gateway", "client_secret": "fjord-hemmelighed"}


async def page(client: httpx.AsyncClient, **query: Any) -> Any:
    return (await client.get("/customers", params=query)).json()


async def test_a_client_gets_a_token_that_ends_as_it_says(box: Sandbox, clock: Clock) -> None:
    async with stranger(box.fjord) as client:
        answer = await client.post("/oauth/token", data=CLIENT)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        statuses: list[int] = []
        for passed in (0, LIFE_SECONDS - 1, 1):
            clock.now += passed
            statuses.append((await client.get("/customers")).status_code)

    assert answer.json() == {"access_token": "token-1", "token_type": "Bearer", "expires_in": LIFE_SECONDS}
    assert answer.headers["cache-control"] == "no-store"
    assert statuses == [200, 200, 401]


@pytest.mark.parametrize(
    ("how", "status", "error"),
    [
        ({"data": {**CLIENT, "client_secret": "wrong"}}, 401, "invalid_client"),
        ({"data": {**CLIENT, "scope": "all"}}, 401, "invalid_client"),
        ({"data": {**CLIENT, "grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"json": CLIENT}, 400, "invalid_request"),
    ],
)
async def test_a_login_of_another_form_is_refused(box: Sandbox, how: dict[str, Any], status: int, error: str) -> None:
    async with stranger(box.fjord) as client:
        answer = await client.post("/oauth/token", **how)

    assert (answer.status_code, answer.json()) == (status, {"error": error})


async def test_no_call_is_answered_without_a_token(box: Sandbox) -> None:
    async with stranger(box.fjord) as client:
        answers = [
            await client.get("/customers", headers=headers)
            for headers in ({}, {"Authorization": "Bearer token-1"}, {"Authorization": "token-1"})
        ]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer error="invalid_token"'}


async def test_pages_follow_each_other_by_a_cursor_until_there_is_none(fjord: httpx.AsyncClient) -> None:
    pages = [await page(fjord, limit=40)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await page(fjord, limit=40, cursor=cursor))

    ids = [row["id"] for each in pages for row in each["data"]]
    assert [len(each["data"]) for each in pages] == [40] * 7 + [20]
    assert len(set(ids)) == 300
    assert len((await page(fjord))["data"]) == 50


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 51}, {"limit": "ten"}, {"cursor": "x"}, {"cursor": "MQ=="}, {"offset": 5}]
)
async def test_what_is_not_documented_of_a_page_is_refused(fjord: httpx.AsyncClient, query: dict[str, Any]) -> None:
    assert (await fjord.get("/customers", params=query)).status_code == 400


async def test_a_cursor_is_of_one_list(fjord: httpx.AsyncClient) -> None:
    cursor = (await page(fjord, limit=5))["next_cursor"]

    assert (await fjord.get("/users", params={"cursor": cursor})).status_code == 400


async def test_people_have_no_ids_and_owners_are_users(fjord: httpx.AsyncClient) -> None:
    rows = (await page(fjord))["data"]
    users = {row["id"] for row in (await fjord.get("/users")).json()["data"]}

    assert {name for row in rows for person in row["people"] for name in person} == {"name", "email", "phone", "role"}
    assert {row["owner"] for row in rows} - {None} <= users


async def test_a_change_is_of_what_can_be_written_and_stamps_the_customer(
    fjord: httpx.AsyncClient, clock: Clock
) -> None:
    before = (await page(fjord, limit=1))["data"][0]
    clock.now += 5
    answer = await fjord.patch(f"/customers/{before['id']}", json={"name": "Neu", "email": None})
    refused = await fjord.patch(f"/customers/{before['id']}", json={"id": "mine"})

    changed = {"name": "Neu", "email": None, "updated": answer.json()["updated"]}
    assert answer.json() == (await fjord.get(f"/customers/{before['id']}")).json() == {**before, **changed}
    assert answer.json()["updated"] != before["updated"]
    assert (refused.status_code, refused.json()) == (422, {"error": "id cannot be written."})
    assert (await fjord.patch("/customers/nowhere", json={})).status_code == 404
