"""What queries cost at NEXT, and keys that it refuses, told in GraphQL documents."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from stories.test_calls import ACCOUNTS, AGREEMENTS, BASICS, CONTACTS, CREATOR_AND_UPDATER, page_of_50

if TYPE_CHECKING:
    from gateway import Gateway

pytestmark = pytest.mark.anyio


async def test_a_page_of_next_with_everything_is_a_call_for_each_noun(gateway: Gateway) -> None:
    nodes = await page_of_50(gateway, "next", f"{BASICS} {CREATOR_AND_UPDATER} {CONTACTS} {ACCOUNTS} {AGREEMENTS}")

    assert any(node["accounts"] for node in nodes)
    assert sorted(gateway.paths("next")) == [
        "GET /customer/",
        "GET /customercontact/",
        "GET /frameworkcontract/",
        "GET /user/",
    ]


async def test_a_bad_key_of_one_request_fails_no_other_that_it_is_joined_with(gateway: Gateway) -> None:
    page = '{ system(name: "next") { customers(first: 8) { nodes { id } } } }'
    ids = [node["id"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]
    too_great = "Q3VzdG9tZXI6bmV4dDo5OTk5OTk5OTk5OTk5OTk5OTk"  # Customer:next:999999999999999999
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    gateway.box.next.faults.set("latency", latency=0.05)

    asked = [[each] for each in ids[:6]] + [[ids[6], too_great]] + [[ids[7]]]
    answers = await asyncio.gather(*(gateway.ask(query, {"ids": each}) for each in asked))

    fine = answers[:6] + answers[7:]
    assert [answer.data["nodes"] for answer in fine] == [[{"id": each}] for each in ids[:6] + ids[7:]]
