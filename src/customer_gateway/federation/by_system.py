"""The customers of one level of a query, by the system that holds them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.model import nouns
    from customer_gateway.system import System

_SYSTEM: Final = attrgetter("system")
_READ: Final = attrgetter("read")
_OTHERS: Final = attrgetter("others")


class Group(NamedTuple):
    """Customers that are one record of `system` each: where they stand in the level, and their views."""

    system: System
    positions: Sequence[int]
    views: Sequence[nouns.Customer]


class BySystem(NamedTuple):
    """`single` customers by system; `linked` are the positions of those made of several records."""

    single: Sequence[Group]
    linked: Sequence[int]

    @classmethod
    def of(cls, customers: Sequence[Customer]) -> BySystem:
        # By the object: what stands for a system that was not read has its name, too (`federation.indexed`).
        if len(set(map(_SYSTEM, customers))) == 1 and not any(map(_OTHERS, customers)):
            return cls([Group(customers[0].system, list(range(len(customers))), list(map(_READ, customers)))], [])
        positions: dict[System, list[int]] = {}
        linked: list[int] = []
        for position, customer in enumerate(customers):
            if customer.others:
                linked.append(position)
            else:
                positions.setdefault(customer.system, []).append(position)
        groups = [
            Group(customers[mine[0]].system, mine, [_READ(customers[position]) for position in mine])
            for mine in positions.values()
        ]
        return cls(groups, linked)
