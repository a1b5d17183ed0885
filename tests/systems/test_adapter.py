"""What the adapters of all vendors share: the route of customers that are read equally wide is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.system import Route, Selection
from customer_gateway.systems.adapter import Customers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.systems.listing import Listing
    from customer_gateway.work.deadline import Deadline

MANY = 300
"""More projections than are kept."""


def selecting(*names: str) -> Selection:
    return Selection({"Customer": frozenset(names)})


def projection(selection: Selection) -> frozenset[str]:
    return frozenset(selection.fields.get("Customer", ()))


def listed(_: frozenset[str]) -> Listing[Any]:
    raise NotImplementedError


async def fetched(_: frozenset[str], keys: Sequence[str], deadline: Deadline) -> Mapping[str, Any]:
    del keys, deadline
    return {}


def route(name: str, fetch: Any) -> Route[Any]:
    return Route(f"acme.{name}", fetch, 100)


def test_selections_of_one_width_have_one_route_also_after_many_others() -> None:
    customers = Customers(projection, listed, fetched, lambda rows: [None for _ in rows], route)
    used, kept = selecting("name"), customers.of(selecting("name"))
    for number in range(MANY):
        customers.of(selecting(f"field{number}"))
        assert customers.of(used) is kept

    assert customers.of(selecting("name")) is kept
    assert customers.of(selecting("email")) is not kept
