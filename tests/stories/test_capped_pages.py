"""The law of lists: read through any cap of its pages, a list is the whole list once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import anyio
import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stories.capped import Capped, Manner
from vendors import FACTS, sandbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from customer_gateway.sandbox import Sandbox

CUSTOMERS = 40
PAGE = """
    query ($system: String!, $first: Int!, $after: String) {
      system(name: $system) {
        customers(first: $first, after: $after) {
          totalCount edges { cursor node { id } } pageInfo { hasNextPage endCursor }
        }
      }
    }"""
NOUNS = """
    query ($system: String!, $first: Int!) {
      system(name: $system) {
        customers(first: $first) {
          nodes {
            id name addresses { street } billing { paymentTerms invoiceDelivery recipients { id name } }
            owner { id name } creator { id name email } updater { id name email }
            contacts { id name } accounts { id } agreements { id description }
            invoices(first: 100) { totalCount nodes { id number total } }
          }
        }
      }
    }"""
BY_IDS = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

caps = st.integers(1, CUSTOMERS + 5)
manners = st.sampled_from(get_args(Manner))


@pytest.fixture(scope="module")
def box() -> Generator[Sandbox]:
    """One for all examples: they only read."""
    box = sandbox(customers=CUSTOMERS)
    yield box
    box.close()


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def everybody(box: Sandbox, system: str) -> list[dict[str, Any]]:
    """The edges of all customers, with no cap."""
    return asked(box, as_it_is, partial(walked, system=system, first=CUSTOMERS))


@pytest.fixture(scope="module")
def whole(box: Sandbox, system: str) -> list[dict[str, Any]]:
    """All customers with their nouns, with no cap."""
    return asked(box, as_it_is, partial(nouns, system=system, first=CUSTOMERS))


def asked(box: Sandbox, bent: Any, question: Callable[[Gateway], Awaitable[Any]]) -> Any:
    """What a gateway that has read nothing before answers, over vendors bent like this."""

    async def answer() -> Any:
        async with gateway_over(box, bent=bent) as gateway:
            return await question(gateway)

    return anyio.run(answer)


def as_it_is(way: Any) -> Any:
    return way


async def page(gateway: Gateway, system: str, first: int, after: str | None = None) -> dict[str, Any]:
    answer = await gateway.ask(PAGE, {"system": system, "first": first, "after": after})
    return answer.data["system"]["customers"]


async def walked(gateway: Gateway, system: str, first: int, after: str | None = None) -> list[dict[str, Any]]:
    """The edges of all pages from a place on."""
    found = await page(gateway, system, first, after)
    edges = list(found["edges"])
    while found["pageInfo"]["hasNextPage"]:
        found = await page(gateway, system, first, found["pageInfo"]["endCursor"])
        assert found["edges"], "a cursor that was given out goes on"
        edges += found["edges"]
    return edges


async def nouns(gateway: Gateway, system: str, first: int) -> list[dict[str, Any]]:
    answer = await gateway.ask(NOUNS, {"system": system, "first": first})
    return answer.data["system"]["customers"]["nodes"]


def capped(system: str, cap: int, manner: Manner) -> Any:
    """The way to a vendor; one whose pages follow tokens cannot cut a page and give the token of a whole one."""
    return partial(Capped, cap, "counts" if FACTS[system].follows_tokens and manner == "cuts" else manner)


def comparable(system: str, edges: list[Any]) -> list[Any]:
    """The edges, without their cursors where these depend on the page that a row was read on."""
    return [edge["node"] for edge in edges] if FACTS[system].follows_tokens else edges


@settings(max_examples=25)
@given(cap=caps, manner=manners, first=st.integers(1, CUSTOMERS + 5), place=st.integers(-1, CUSTOMERS - 1))
@example(cap=25, manner="counts in silence", first=30, place=-1)  # the second page is another and short
@example(cap=15, manner="counts in silence", first=25, place=24)  # the rows that came are those of another page
def test_customers_walked_from_anywhere_through_any_cap_are_those_that_follow_once(
    box: Sandbox, system: str, everybody: list[Any], cap: int, manner: Manner, first: int, place: int
) -> None:
    after = everybody[place]["cursor"] if place >= 0 else None

    found = asked(box, capped(system, cap, manner), partial(walked, system=system, first=first, after=after))

    assert comparable(system, found) == comparable(system, everybody[place + 1 :])


@settings(max_examples=12)
@given(cap=caps, manner=manners, first=st.integers(1, CUSTOMERS))
def test_every_noun_of_a_page_through_any_cap_is_there_once_cold_and_warm(
    box: Sandbox, system: str, whole: list[Any], cap: int, manner: Manner, first: int
) -> None:
    async def twice(gateway: Gateway) -> list[Any]:
        return [await nouns(gateway, system, first) for _ in (1, 2)]

    assert asked(box, capped(system, cap, manner), twice) == [whole[:first]] * 2


@settings(max_examples=12)
@given(cap=caps, manner=manners, start=st.integers(0, 60), count=st.integers(1, 100))
@example(cap=10, manner="cuts", start=0, count=100)
def test_nodes_by_their_ids_through_any_cap_are_all_found(
    box: Sandbox, system: str, whole: list[Any], cap: int, manner: Manner, start: int, count: int
) -> None:
    ids = [each["id"] for node in whole for each in (node, *node["contacts"], *node["invoices"]["nodes"])]
    wanted = ids[start : start + count]

    async def found(gateway: Gateway) -> list[Any]:
        return (await gateway.ask(BY_IDS, {"ids": wanted})).data["nodes"]

    nodes = asked(box, capped(system, cap, manner), found)

    assert [node and node["id"] for node in nodes] == wanted


@pytest.mark.parametrize("manner", get_args(Manner))
def test_a_cap_once_found_costs_no_call_more_than_its_pages(
    box: Sandbox, system: str, everybody: list[Any], manner: Manner
) -> None:
    """Of 40 customers by 20, ten to a page: each page of ours is two of the vendor's."""

    async def calls(gateway: Gateway) -> list[int]:
        counts: list[int] = []
        for _ in (1, 2):
            gateway.forget_calls()
            edges = await walked(gateway, system, 20)
            assert comparable(system, edges) == comparable(system, everybody)
            counts.append(len(gateway.log(system)))
        return counts

    cold, warm = asked(box, capped(system, 10, manner), calls)

    assert warm == 4 + FACTS[system].further_capped_calls
    assert warm <= cold <= warm + 4
