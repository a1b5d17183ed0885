"""Relay pages over every way of paging: every customer once, in order, from a signed place that outlives a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import FIRST, SECOND, listed
from vendors import FACTS

from customer_gateway.model.ids import decode_id

if TYPE_CHECKING:
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PAGE = """
    query ($system: String!, $first: Int!, $after: String) {
      system(name: $system) {
        customers(first: $first, after: $after) {
          nodes { id name }
          edges { cursor node { id } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
      }
    }"""
NAMES = PAGE.replace("edges { cursor node { id } }", "").replace("hasNextPage hasPreviousPage startCursor", "")
INVOICES = """
    query ($id: ID!, $first: Int!, $after: String) {
      customer(by: { id: $id }) {
        invoices(first: $first, after: $after) {
          totalCount
          nodes { id number date total currency }
          edges { cursor }
          pageInfo { hasNextPage hasPreviousPage endCursor }
        }
      }
    }"""


async def page(
    gateway: Gateway, system: str, first: int, after: str | None = None, query: str = PAGE
) -> dict[str, Any]:
    answer = await gateway.ask(query, {"system": system, "first": first, "after": after})
    return answer.data["system"]["customers"]


async def walked(gateway: Gateway, system: str, first: int) -> list[dict[str, Any]]:
    """The pages from the first to the one that says it is the last."""
    pages = [await page(gateway, system, first)]
    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await page(gateway, system, first, pages[-1]["pageInfo"]["endCursor"]))
    return pages


def nodes_of(pages: list[dict[str, Any]]) -> list[Any]:
    return [node for each in pages for node in each["nodes"]]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_walking_by_seven_meets_every_customer_once_and_in_order(gateway: Gateway, system: str) -> None:
    by_hundred = await walked(gateway, system, 100)
    by_seven = await walked(gateway, system, 7)

    assert len({node["id"] for node in nodes_of(by_seven)}) == 300
    assert nodes_of(by_seven) == nodes_of(by_hundred)
    assert [len(each["nodes"]) for each in by_seven] == [7] * 42 + [6]
    assert [each["pageInfo"]["hasPreviousPage"] for each in by_seven] == [False] + [True] * 42


@pytest.mark.vendors("pland")
async def test_who_is_deleted_before_a_cursor_hides_nobody_where_the_list_comes_by_keys(
    gateway: Gateway, box: Sandbox
) -> None:
    everybody = nodes_of(await walked(gateway, "pland", 100))
    pages = [await page(gateway, "pland", 30)]
    gone = [3, 4, 17, 29, 31]
    for place in gone:
        box.vendors["pland"].customers.delete(decode_id(everybody[place]["id"]).key)
    gateway.forget_calls()

    while pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await page(gateway, "pland", 30, pages[-1]["pageInfo"]["endCursor"]))

    left = [node for place, node in enumerate(everybody) if place not in gone or place < 30]
    assert nodes_of(pages) == left
    assert len(gateway.log("pland")) == 9 + 2  # the place is looked for once


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_page_of_any_size_at_any_place_is_that_part_of_the_list(gateway: Gateway, system: str) -> None:
    everybody = nodes_of(await walked(gateway, system, 100))
    cursors = [edge["cursor"] for each in await walked(gateway, system, 60) for edge in each["edges"]]

    for place, size in ((0, 1), (36, 37), (98, 100), (149, 3), (210, 89), (259, 40), (259, 41), (298, 1), (298, 100)):
        found = await page(gateway, system, size, cursors[place])
        assert found["nodes"] == everybody[place + 1 : place + 1 + size], (place, size)
        assert found["pageInfo"]["hasNextPage"] is (place + 1 + size < 300)
        if not FACTS[system].follows_tokens:
            assert [edge["cursor"] for edge in found["edges"]] == cursors[place + 1 : place + 1 + size]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_after_the_last_there_is_nothing(gateway: Gateway, system: str) -> None:
    last = (await walked(gateway, system, 100))[-1]

    beyond = await page(gateway, system, 10, last["pageInfo"]["endCursor"])

    assert beyond["nodes"] == beyond["edges"] == []
    assert beyond["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_cursor_gives_the_same_page_again_after_a_restart(box: Sandbox, system: str) -> None:
    async with gateway_over(box) as gateway:
        cursor = (await page(gateway, system, 13))["pageInfo"]["endCursor"]
        before = await page(gateway, system, 13, cursor)
    async with gateway_over(box, systems=[(name, name) for name in reversed(SYSTEMS)]) as restarted:
        after = await page(restarted, system, 13, cursor)

    assert after == before
    assert len(after["nodes"]) == 13


@pytest.mark.parametrize("system", SYSTEMS)
async def test_what_follows_and_how_many_there_are_costs_a_call_only_where_the_vendor_does_not_tell(
    gateway: Gateway, system: str
) -> None:
    calls: list[int] = []
    found: dict[str, Any] = {}
    for selection in ("nodes { name }", "nodes { name } pageInfo { hasNextPage }", "nodes { name } totalCount"):
        gateway.forget_calls()
        query = f"query ($system: String!) {{ system(name: $system) {{ customers(first: 20) {{ {selection} }} }} }}"
        found |= (await gateway.ask(query, {"system": system})).data["system"]["customers"]
        calls.append(len(gateway.log(system)))

    assert calls == list(FACTS[system].page_calls)
    assert found["pageInfo"] == {"hasNextPage": True}
    assert found["totalCount"] == (300 if FACTS[system].counts else None)


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
async def test_a_page_has_one_to_a_hundred_customers(gateway: Gateway, first: int) -> None:
    query = "query ($first: Int!) { systems { name customers(first: $first) { nodes { name } } } }"

    answer = await gateway.ask(query, {"first": first})

    assert answer.codes == ["BAD_USER_INPUT"] * len(SYSTEMS)
    assert [each["customers"] for each in answer.partial["systems"]] == [None] * len(SYSTEMS)
    assert [gateway.log(system) for system in SYSTEMS] == [[]] * len(SYSTEMS)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_cursor_that_this_list_did_not_give_out_is_refused_before_any_call(
    gateway: Gateway, system: str
) -> None:
    cursor = (await page(gateway, system, 5))["pageInfo"]["endCursor"]
    stranger = SYSTEMS[SYSTEMS.index(system) - 1]
    foreign = (await page(gateway, stranger, 5))["pageInfo"]["endCursor"]
    swapped = cursor[:3] + ("A" if cursor[3] != "A" else "B") + cursor[4:]
    gateway.forget_calls()

    for wrong in (foreign, swapped, cursor[:-2], cursor + "MQ", "", "7", "%", "ä" * 20, "A" * 10_000):
        answer = await gateway.ask(NAMES, {"system": system, "first": 5, "after": wrong})
        assert answer.codes == ["INVALID_CURSOR"], wrong
        assert answer.partial == {"system": {"customers": None}}

    assert gateway.log(system) == []


async def test_another_configuration_ends_the_cursors_given_out_before(box: Sandbox) -> None:
    async with gateway_over(box, systems=[(FIRST, FIRST)]) as gateway:
        cursor = (await page(gateway, FIRST, 5))["pageInfo"]["endCursor"]
    async with gateway_over(box, systems=[(FIRST, FIRST), (SECOND, SECOND)]) as otherwise:
        answer = await otherwise.ask(NAMES, {"system": FIRST, "first": 5, "after": cursor})

    assert answer.codes == ["INVALID_CURSOR"]
    assert "settings changed; start again without `after`" in answer.errors[0]["message"]


async def most_invoiced(gateway: Gateway, system: str) -> tuple[str, int]:
    """The customer of a system's first hundred with the most invoices, and their number."""
    query = """
        query ($system: String!) {
          system(name: $system) { customers(first: 100) { nodes { id invoices(first: 1) { totalCount } } } }
        }"""
    nodes = (await gateway.ask(query, {"system": system})).data["system"]["customers"]["nodes"]
    most = max(nodes, key=lambda node: node["invoices"]["totalCount"])
    return most["id"], most["invoices"]["totalCount"]


@pytest.mark.parametrize("system", [name for name, facts in FACTS.items() if "Invoice" in facts.nouns])
async def test_invoices_are_walked_newest_first(gateway: Gateway, system: str) -> None:
    customer, total = await most_invoiced(gateway, system)
    whole = (await gateway.ask(INVOICES, {"id": customer, "first": 100})).data["customer"]["invoices"]
    walk: list[Any] = []
    cursor: str | None = None
    while True:
        asked = {"id": customer, "first": 1, "after": cursor}
        each = (await gateway.ask(INVOICES, asked)).data["customer"]["invoices"]
        walk += each["nodes"]
        assert each["totalCount"] == total
        assert each["pageInfo"]["hasPreviousPage"] is (cursor is not None)
        if not each["pageInfo"]["hasNextPage"]:
            break
        cursor = each["pageInfo"]["endCursor"]

    dates = [invoice["date"] for invoice in whole["nodes"] if invoice["date"]]
    assert total > 1
    assert len(whole["nodes"]) == total
    assert walk == whole["nodes"]
    assert dates == sorted(dates, reverse=True)
    assert len(dates) > 1


async def test_an_invoice_cursor_is_of_one_customer(gateway: Gateway) -> None:
    customer, _ = await most_invoiced(gateway, FIRST)
    others = await page(gateway, FIRST, 5)
    stranger = next(node["id"] for node in others["nodes"] if node["id"] != customer)
    whole = (await gateway.ask(INVOICES, {"id": customer, "first": 1})).data["customer"]["invoices"]

    for query, variables in (
        (INVOICES, {"id": stranger, "first": 1, "after": whole["pageInfo"]["endCursor"]}),
        (INVOICES, {"id": customer, "first": 1, "after": others["pageInfo"]["endCursor"]}),
        (NAMES, {"system": FIRST, "first": 1, "after": whole["pageInfo"]["endCursor"]}),
    ):
        answer = await gateway.ask(query, variables)
        assert answer.codes == ["INVALID_CURSOR"]


@pytest.mark.parametrize("first", [0, 101])
async def test_a_page_has_one_to_a_hundred_invoices(gateway: Gateway, first: int) -> None:
    customer, _ = await most_invoiced(gateway, FIRST)

    answer = await gateway.ask(INVOICES, {"id": customer, "first": first})

    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.partial == {"customer": {"invoices": None}}


async def test_a_page_of_no_invoices_is_refused_once_a_customer_and_asks_for_none(gateway: Gateway) -> None:
    query = (
        f'{{ system(name: "{FIRST}") {{ customers(first: 3) {{ nodes {{ invoices(first: 0) {{ totalCount }} }} }} }} }}'
    )

    answer = await gateway.ask(query)

    assert answer.codes == ["BAD_USER_INPUT"] * 3
    assert [error["path"][-2:] for error in answer.errors] == [[row, "invoices"] for row in range(3)]
    assert gateway.paths(FIRST) == [listed(FIRST)]
