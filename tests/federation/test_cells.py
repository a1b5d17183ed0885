"""Customers of references and cells: every mix of records that are read, missing and failed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from federation.fake_system import Acme, Joined, request
from vendors import SYSTEMS

from customer_gateway.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.customer import Customer, read_customers
from customer_gateway.federation.listing import customers_of
from customer_gateway.federation.provenance import FieldState, provenance
from customer_gateway.federation.versions import read_versions
from customer_gateway.model.ids import RecordRef, encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.provenance import FieldProvenance
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import Route, Selection

pytestmark = pytest.mark.anyio

MIXES: Final = [mix for size in (2, 3) for mix in product(("read", "missing", "failed"), repeat=size)]
EVERY_MIX: Final = pytest.mark.parametrize("mix", MIXES, ids="+".join)


def world(mix: Sequence[str]) -> list[Acme]:
    """Five systems; the first of them hold one record each, or not, or do not answer."""
    systems = [Acme(name) for name in SYSTEMS]
    for state, system in zip(mix, systems, strict=False):
        if state == "read":
            system.documents = [
                {"id": "1", "name": f"Of {system.name}", "version": "7", "emails": [f"a@{system.name}"]}
            ]
        if state == "failed":
            system.failing["customers"] = UpstreamUnavailable(system.name, "down")
    return systems


def joined(mix: Sequence[str]) -> Joined:
    return Joined([(name, "1") for name in SYSTEMS[: len(mix)]])


class Mistaken(Acme):
    """A system of which nothing can be read, for a mistake of ours."""

    def customers(self, selection: Selection) -> Route[Any]:
        raise RuntimeError(f"a mistake at width {selection}")


async def customer_by(place: int, systems: Sequence[Acme], of: RequestContext) -> Customer | UpstreamError | None:
    """The customer by the record of the system at that place."""
    (found,) = (await read_customers(of, systems[place], ["1"])).customers
    return found


@EVERY_MIX
async def test_by_whichever_record_a_customer_is_asked_for_it_is_the_same_of_one_call_a_system(
    mix: tuple[str, ...],
) -> None:
    for place in range(len(mix)):
        systems = world(mix)

        found = await customer_by(place, systems, request(*systems, links=joined(mix)))

        assert [system.log for system in systems] == [["customers 1"] if each else [] for each in among(mix)]
        if "read" in mix:
            assert isinstance(found, Customer)
            assert found.id == encode_id("Customer", SYSTEMS[0], "1")
            assert [record.view.name for record in found.records] == [f"Of {name}" for name in named(mix, "read")]
            assert [error.system for error in found.failures] == named(mix, "failed")
            [version] = await read_versions([found], request(*systems))
            assert (version is None) == ("failed" in mix)
        elif "failed" in mix:
            assert isinstance(found, UpstreamUnavailable)
            assert found.system == named(mix, "failed")[0]
        else:
            assert found is None


@EVERY_MIX
async def test_provenance_tells_what_was_read_and_what_failed(mix: tuple[str, ...]) -> None:
    systems = world(mix)
    of = request(*systems, links=joined(mix))
    found = await customer_by(0, systems, of)
    if not isinstance(found, Customer):
        return

    (told,) = await provenance([found], ["name", "isSupplier", "emails", "website"], of)

    read, failed = ([RecordRef(name, "1") for name in named(mix, state)] for state in ("read", "failed"))
    assert states(told, "name") == [(FieldState.VALUE, read[0])]
    empty = (FieldState.FAILED, failed[0]) if failed else (FieldState.EMPTY, read[0])
    assert states(told, "isSupplier") == [empty]
    assert states(told, "emails") == [(FieldState.VALUE, read[0]), *((FieldState.FAILED, each) for each in failed)]
    assert states(told, "website") == [(FieldState.NOT_IN_SYSTEM, None)]


async def test_a_batch_of_customers_is_one_call_a_system_whatever_their_records() -> None:
    systems = [Acme(name, [{"id": key} for key in "123"]) for name in SYSTEMS[:3]]
    one, two, three = systems
    links = Joined([(one.name, "1"), (three.name, "2")], [(two.name, "3"), (one.name, "2"), (three.name, "1")])

    found = (await read_customers(request(*systems, links=links), one, ["1", "2", "3", "404", "1"])).customers

    ids = [isinstance(each, Customer) and [record.view.key for record in each.records] for each in found]
    assert ids == [["1", "2"], ["3", "2", "1"], ["3"], False, ["1", "2"]]
    assert (one.log, two.log, three.log) == (["customers 1,2,3,404"], ["customers 3"], ["customers 2,1"])


async def test_records_of_one_system_are_one_customer_too() -> None:
    acme = Acme(documents=[{"id": "1", "name": "A"}, {"id": "2"}])
    links = Joined([("acme", "2"), ("acme", "1")])

    (found,) = (await read_customers(request(acme, links=links), acme, ["1"])).customers

    assert isinstance(found, Customer)
    assert found.id == encode_id("Customer", "acme", "2")
    assert acme.log == ["customers 1,2"]


async def test_a_record_of_a_system_that_is_not_configured_is_no_part_of_a_customer() -> None:
    acme = Acme(documents=[{"id": "1"}])
    links = Joined([("gone", "9"), ("acme", "1")])

    (found,) = (await read_customers(request(acme, links=links), acme, ["1"])).customers

    assert isinstance(found, Customer)
    assert (found.id, found.others) == (encode_id("Customer", "acme", "1"), [])


async def test_the_version_changes_when_a_record_is_gone() -> None:
    async def version(*keys: str) -> str | None:
        acme = Acme(documents=[{"id": key, "version": "7"} for key in keys])
        links = Joined([("acme", "1"), ("acme", "2")])
        (found,) = (await read_customers(request(acme, links=links), acme, ["1"])).customers
        assert isinstance(found, Customer)
        [version] = await read_versions([found], request(acme))
        return version

    assert await version("1", "2") == await version("2", "1")
    assert len({await version("1", "2"), await version("1"), await version("2")}) == 3


async def test_a_page_reads_the_other_records_of_its_customers_and_none_of_its_own_again() -> None:
    one, two = Acme("one", [{"id": key} for key in "123"]), Acme("two", [{"id": key} for key in "89"])
    of = request(one, two, links=Joined([("two", "8"), ("one", "1")], [("one", "3"), ("two", "9")]))

    page = await customers_of(of, one, 3, None)

    assert [each.id for each in page.nodes] == [
        encode_id("Customer", *ref) for ref in (("two", "8"), ("one", "2"), ("one", "3"))
    ]
    assert (one.log, two.log) == (["page 0+3"], ["customers 8,9"])


async def test_a_mistake_of_ours_in_one_system_costs_its_records_alone() -> None:
    one, two = Acme("one", [{"id": "1"}]), Mistaken("two", [{"id": "2"}])
    of = request(one, two, links=Joined([("two", "2"), ("one", "1")]))

    (found,), failures = await read_customers(of, one, ["1"])

    assert isinstance(found, Customer)
    assert [record.view.key for record in found.records] == ["1"]
    assert [(error.system, error.code) for error in failures] == [("two", "INTERNAL_SERVER_ERROR")]


async def test_who_leaves_early_gets_the_records_that_were_read_by_then() -> None:
    one, two = Acme("one", [{"id": "1"}]), Acme("two", [{"id": "2"}])
    of = request(one, two, links=Joined([("one", "1"), ("two", "2")]))
    await of.reads.load(one.customers(of.selection), ["1"])

    (found,), failures = await read_customers(of.so_far(), one, ["1"])

    assert isinstance(found, Customer)
    assert [type(error) for error in failures] == [UpstreamTimeout]
    assert two.log == []


def named(mix: Sequence[str], state: str) -> list[str]:
    return [name for name, each in zip(SYSTEMS, mix, strict=False) if each == state]


def among(mix: Sequence[str]) -> list[bool]:
    """Of each system, whether it holds a record of the customer."""
    return [place < len(mix) for place in range(len(SYSTEMS))]


def states(told: Sequence[FieldProvenance], field: str) -> list[tuple[FieldState, RecordRef | None]]:
    return [(each.state, each.record) for each in told if each.field == field]
