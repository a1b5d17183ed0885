"""Nodes: what ids name, each system asked once, whatever was asked for twice or by nobody's name."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import Acme, AcmeContact, AcmeUser, numbered, request

from customer_gateway.errors import BadUserInput, UpstreamUnavailable
from customer_gateway.federation.customer import Customer
from customer_gateway.federation.nodes import customers_of, node, nodes
from customer_gateway.model.ids import NodeId, encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio


def world(name: str = "acme", **facts: Any) -> Acme:
    return Acme(
        name,
        numbered([1, 2]),
        staff={"u1": AcmeUser(name, "u1", "Uwe")},
        contact_lists={"1": [AcmeContact(name, "c1", "1")]},
        **facts,
    )


def named(*told: tuple[str, str, str]) -> list[str]:
    return [encode_id(*each) for each in told]


async def found_by(request: RequestContext, ids: Sequence[str]) -> list[Any]:
    """What all parts bring, at its positions."""
    found: list[Any] = [None] * len(ids)
    for positions, values in nodes(request, ids):
        for position, value in zip(positions, await awaited(values), strict=True):
            found[position] = value
    return found


async def test_nouns_of_all_kinds_come_in_the_order_asked() -> None:
    acme = world()

    found = await found_by(
        request(acme),
        named(("User", "acme", "u1"), ("Customer", "acme", "2"), ("Contact", "acme", "c1"), ("Customer", "acme", "1")),
    )

    user, second, contact, first = found
    assert (user, contact) == (AcmeUser("acme", "u1", "Uwe"), AcmeContact("acme", "c1", "1"))
    assert isinstance(second, Customer)
    assert [each.id for each in (second, first)] == [encode_id("Customer", "acme", key) for key in "21"]
    assert sorted(acme.log) == ["contact c1", "customers 2,1", "users u1"]


async def test_an_id_asked_twice_is_read_once_and_answered_twice() -> None:
    acme = world()

    first, again = await found_by(request(acme), named(("User", "acme", "u1"), ("User", "acme", "u1")))

    assert first is again
    assert acme.log == ["users u1"]


@pytest.mark.parametrize(
    "unknown",
    [
        ("Customer", "acme", "404"),
        ("User", "acme", "404"),
        ("Contact", "acme", "404"),
        ("Agreement", "acme", "1"),  # Acme finds none
        ("Shoe", "acme", "1"),
    ],
)
async def test_what_nobody_has_is_none(unknown: tuple[str, str, str]) -> None:
    assert await found_by(request(world()), named(unknown, ("User", "acme", "u1"))) == [
        None,
        AcmeUser("acme", "u1", "Uwe"),
    ]


async def test_a_system_without_users_knows_none() -> None:
    acme = world()
    acme.users = None

    assert await found_by(request(acme), named(("User", "acme", "u1"))) == [None]


async def test_a_dead_system_costs_its_own_nodes() -> None:
    down = UpstreamUnavailable("acme", "down")
    acme, other = world(failing={"customers": down}), world("other")

    dead, alive = await found_by(request(acme, other), named(("Customer", "acme", "1"), ("Customer", "other", "1")))

    assert dead is down
    assert alive.id == encode_id("Customer", "other", "1")


async def test_one_node_is_what_its_id_names_or_the_failure_of_its_system() -> None:
    acme = world()

    assert await node(request(acme), NodeId("User", "acme", "u1")) == AcmeUser("acme", "u1", "Uwe")
    assert await node(request(acme), NodeId("User", "acme", "404")) is None
    acme.failing["customers"] = UpstreamUnavailable("acme", "down")
    with pytest.raises(UpstreamUnavailable, match="down"):
        await node(request(acme), NodeId("Customer", "acme", "1"))


async def test_the_customers_of_nouns_are_read_together_by_system() -> None:
    acme, other = world(), world("other")
    contacts = [
        AcmeContact("acme", "c1", "2"),
        AcmeContact("other", "c1", "1"),
        AcmeContact("acme", "c2", None),
        AcmeContact("acme", "c3", "404"),
        AcmeContact("acme", "c4", "2"),
    ]

    found: list[Any] = [None] * len(contacts)
    for positions, values in customers_of(request(acme, other), contacts):
        for position, value in zip(positions, await awaited(values), strict=True):
            found[position] = value and value.id

    of_acme, of_other = encode_id("Customer", "acme", "2"), encode_id("Customer", "other", "1")
    assert found == [of_acme, of_other, None, None, of_acme]
    assert (acme.log, other.log) == (["customers 2,404"], ["customers 1"])


@pytest.mark.parametrize("wrong", ["nonsense", *named(("Customer", "sap", "1"), ("User", "sap", "u1"))])
async def test_an_id_that_nothing_here_can_have_is_the_callers_mistake_at_its_own_place(wrong: str) -> None:
    acme = world()

    user, mistake = await found_by(request(acme), [encode_id("User", "acme", "u1"), wrong])

    assert user == AcmeUser("acme", "u1", "Uwe")
    assert isinstance(mistake, BadUserInput)
    assert acme.log == ["users u1"]


@pytest.mark.parametrize("kind", ["Customer", "User", "Contact", "Agreement", "Shoe"])
async def test_a_node_of_a_system_that_is_not_configured_is_the_callers_mistake(kind: str) -> None:
    with pytest.raises(BadUserInput, match=r"names a system that is not configured: sap; configured are: acme, beta\."):
        await node(request(world(), world("beta")), NodeId(kind, "sap", "1"))


async def awaited(values: Any) -> Any:
    return await values if isawaitable(values) else values
