"""Levels: customers by system, worked out once for the fields of a level."""

from __future__ import annotations

import pytest
from federation.fake_system import Acme, customer, federation, linked, numbered, request

from customer_gateway.federation.customer import BySystem
from customer_gateway.federation.versions import read_versions
from customer_gateway.model.ids import encode_id

pytestmark = pytest.mark.anyio


def test_single_customers_stand_by_system_and_linked_ones_apart() -> None:
    acme, other = Acme(documents=numbered([1, 2])), Acme("other", numbered([3]))
    customers = [customer(acme, "1"), customer(other, "3"), linked((acme, "2"), (other, "3")), customer(acme, "2")]

    by_system = BySystem.of(customers)

    assert [(group.system.name, group.positions) for group in by_system.single] == [("acme", [0, 3]), ("other", [1])]
    assert [[view.key for view in group.views] for group in by_system.single] == [["1", "2"], ["3"]]
    assert by_system.linked == [2]


def test_a_level_of_nobody_is_empty() -> None:
    assert BySystem.of([]) == ([], [])


async def test_the_same_customers_are_not_sorted_twice_and_others_are() -> None:
    acme = Acme(documents=numbered([1, 2]))
    customers, of = [customer(acme, "1")], request(acme)

    assert of.by_system(customers) is of.by_system(customers)
    assert of.by_system([customer(acme, "2")]) is not of.by_system(customers)


async def test_a_customers_id_is_its_first_records_and_its_version_all_of_theirs() -> None:
    async def versioned(first: str, second: str) -> tuple[str, str | None]:
        acme = Acme(documents=[{"id": "1", "version": first}])
        other = Acme("other", [{"id": "3", "version": second}])
        both = linked((acme, "1"), (other, "3"))
        [version] = await read_versions([both], request(acme, other))
        return both.id, version

    same, changed = await versioned("a", "b"), await versioned("a", "c")

    assert same == await versioned("a", "b")
    assert same[0] == changed[0] == encode_id("Customer", "acme", "1")
    assert same[1] != changed[1]


async def test_closing_the_federation_closes_every_system() -> None:
    systems = [Acme(), Acme("other")]

    await federation(*systems).aclose()

    assert all(system.closed for system in systems)
