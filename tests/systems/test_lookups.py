"""Look-ups that several systems are made of: one answer for each who asked, in order, in one read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from federation.fake_system import Asked

from customer_gateway.documents.record import DocumentContext
from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.system import EVERYTHING, Route
from customer_gateway.systems.lookups import (
    by_route,
    grouped,
    lists_by_customer,
    through_customer,
    users_by,
    values_by,
)
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

DOWN = UpstreamUnavailable("acme", "down")


@dataclass(frozen=True)
class Noun:
    key: str


@dataclass(frozen=True)
class Customer:
    key: str
    owner_key: str | None = None
    recipients: tuple[str, ...] = ()
    contacts: tuple[Noun, ...] | None = None


def reads() -> RequestReads:
    return RequestReads(Batchers(), EVERYTHING, Deadline.after(5))


def route(asked: Asked) -> Route[Any]:
    return Route("acme.rows", asked.fetch, 100)


async def test_a_list_for_each_customer_empty_where_nothing_is_known() -> None:
    asked = Asked({"1": ["a"], "3": DOWN})

    found = await lists_by_customer(route(asked))([Customer(key) for key in "123"], reads())

    assert found == [["a"], [], DOWN]
    assert asked.calls == [["1", "2", "3"]]


async def test_a_value_by_a_key_that_not_every_customer_has() -> None:
    asked = Asked({"u1": "Uwe", "u2": DOWN})
    customers = [Customer("1", "u1"), Customer("2"), Customer("3", "u2"), Customer("4", "u1"), Customer("5", "gone")]

    found = await values_by(route(asked), lambda customer: customer.owner_key)(customers, reads())

    assert found == ["Uwe", None, DOWN, "Uwe", None]
    assert asked.calls == [["u1", "u2", "gone"]]


async def test_without_any_key_nothing_is_asked() -> None:
    asked = Asked({})

    assert await values_by(route(asked), lambda customer: customer.owner_key)([Customer("1")], reads()) == [None]
    assert asked.calls == []


async def test_users_by_keys_keep_their_places_and_one_failed_read_fails_its_list() -> None:
    asked = Asked({"u1": "Uwe", "u2": "Ute", "u3": DOWN})
    customers = [Customer("1", recipients=("u2", "gone", "u1")), Customer("2"), Customer("3", recipients=("u1", "u3"))]

    found = await users_by(route(asked), lambda customer: customer.recipients)(customers, reads())

    assert found == [["Ute", None, "Uwe"], [], DOWN]
    assert asked.calls == [["u2", "gone", "u1", "u3"]]


@dataclass(frozen=True)
class Bill:
    customer_key: str | None


@pytest.mark.parametrize(
    ("keys", "named", "taken", "left_out"),
    [
        (["1"], ["1", None], {"1": ["1", "1"]}, 0),
        (["1"], ["1", "2"], {"1": ["1"]}, 1),
        (["1", "2"], ["2", None, "1", "3"], {"1": ["1"], "2": ["2"]}, 2),
        (["1", "2"], [], {"1": [], "2": []}, 0),
    ],
)
def test_a_noun_is_of_the_customer_it_names_else_of_the_only_one_it_was_read_through(
    keys: list[str], named: list[str | None], taken: dict[str, list[str]], left_out: int
) -> None:
    how = DocumentContext.of("acme", "https://acme.test", "UTC", "DE")

    groups = grouped(keys, lambda only: [Bill(each or only) for each in named], "customer", how)

    assert groups == {key: [Bill(each) for each in owners] for key, owners in taken.items()}
    assert how.drift.count == left_out


async def test_a_noun_with_a_look_up_of_its_own_is_found_by_it() -> None:
    assert await by_route(route(Asked({"c1": Noun("c1")})))(["c2", "c1"], reads()) == [None, Noun("c1")]


async def test_an_embedded_noun_is_found_in_its_customer() -> None:
    asked = Asked(
        {
            "1": Customer("1", contacts=(Noun("1/a"), Noun("1/b"))),
            "2": Customer("2", contacts=None),
            "3": DOWN,
        }
    )
    find = through_customer(
        lambda _want: route_of[0],
        lambda key: key.partition("/")[0] if "/" in key else None,
        lambda customer: customer.contacts,
    )
    route_of = [route(asked)]

    found = await find(["1/b", "1/c", "2/a", "3/a", "404/a", "nonsense", "1/a"], reads())

    assert found == [Noun("1/b"), None, None, DOWN, None, None, Noun("1/a")]
    assert asked.calls == [["1", "2", "3", "404"]]
