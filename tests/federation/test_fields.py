"""Unified fields: of one record as it stands, of several the first that is not empty, lists united."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from federation.fake_system import Acme, AcmeContact, AcmeUser, customer, linked, numbered, request

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.federation.fields import Incomplete, read_field
from customer_gateway.model.nouns import Invoice
from customer_gateway.model.value_objects import EmailAddress, EmailPurpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio

DOWN = UpstreamUnavailable("acme", "down")


async def values(name: str, customers: Sequence[Customer], of: RequestContext) -> list[Any]:
    """The field of each customer, in their order."""
    found: list[Any] = [None] * len(customers)
    for positions, part in read_field(name, customers, of):
        answers = await part if inspect.isawaitable(part) else part
        for position, value in zip(positions, answers, strict=True):
            found[position] = value
    return found


def contact(key: str, system: str = "acme") -> AcmeContact:
    return AcmeContact(system, key)


async def test_a_field_of_the_document_is_read_at_once_without_a_call() -> None:
    acme = Acme(documents=numbered([1, 2]))
    customers = [customer(acme, "2"), customer(acme, "1")]

    (part,) = read_field("name", customers, request(acme))

    assert part == ([0, 1], ["Customer 2", "Customer 1"])
    assert acme.log == []


async def test_customers_of_several_systems_are_a_part_each() -> None:
    acme, other = Acme(documents=numbered([1, 2])), Acme("other", numbered([3]))
    customers = [customer(acme, "1"), customer(other, "3"), customer(acme, "2")]

    parts = read_field("name", customers, request(acme, other))

    assert [part.positions for part in parts] == [[0, 2], [1]]
    assert await values("name", customers, request(acme, other)) == ["Customer 1", "Customer 3", "Customer 2"]


async def test_a_field_behind_a_call_is_read_for_all_customers_of_a_system_together() -> None:
    acme = Acme(documents=numbered([1, 2, 3]), contact_lists={"1": [contact("c1")], "3": [contact("c3")]})
    customers = [customer(acme, key) for key in "123"]

    assert await values("contacts", customers, request(acme)) == [[contact("c1")], [], [contact("c3")]]
    assert acme.log == ["contacts 1,2,3"]


async def test_a_field_that_the_system_lacks_is_none_and_a_list_is_empty() -> None:
    acme = Acme(documents=numbered([1]))
    customers, of = [customer(acme, "1")], request(acme)

    assert await values("website", customers, of) == [None]
    assert await values("notes", customers, of) == [[]]
    assert await values("phones", customers, of) == [[]]
    assert await values("updater", customers, of) == [None]
    assert await values("billing.credit_limit", customers, of) == [None]
    assert acme.log == []


async def test_a_part_of_billing_stands_in_the_document_or_behind_a_call() -> None:
    acme = Acme(documents=[{"id": "1", "billing_name": "Kasse"}], terms={"1": "30 days"})
    customers, of = [customer(acme, "1")], request(acme)

    assert await values("billing.name", customers, of) == ["Kasse"]
    assert await values("billing.payment_terms", customers, of) == ["30 days"]
    assert acme.log == ["terms 1"]


class TestLinkedCustomers:
    """Several records, one customer."""

    async def test_the_first_value_that_is_not_empty_wins(self) -> None:
        acme = Acme(documents=[{"id": "1", "name": " "}, {"id": "2", "name": "First"}])
        other = Acme("other", [{"id": "3", "name": "Second"}])
        customers = [linked((acme, "1"), (other, "3")), linked((acme, "2"), (other, "3"))]

        assert await values("name", customers, request(acme, other)) == ["Second", "First"]

    async def test_false_is_a_value(self) -> None:
        acme, other = Acme(documents=[{"id": "1", "supplier": False}]), Acme("other", [{"id": "3", "supplier": True}])

        assert await values("is_supplier", [linked((acme, "1"), (other, "3"))], request(acme, other)) == [False]

    async def test_without_any_value_there_is_none(self) -> None:
        acme, other = Acme(documents=[{"id": "1"}]), Acme("other", [{"id": "3"}])

        assert await values("name", [linked((acme, "1"), (other, "3"))], request(acme, other)) == [None]

    async def test_lists_are_united_in_the_order_of_the_records(self) -> None:
        acme = Acme(documents=[{"id": "1", "emails": ["b@x"]}])
        other = Acme("other", [{"id": "3", "emails": ["a@x", "c@x"]}])

        found = await values("emails", [linked((acme, "1"), (other, "3"))], request(acme, other))

        assert found == [[EmailAddress(each, EmailPurpose.GENERAL) for each in ("b@x", "a@x", "c@x")]]

    async def test_invoices_are_united_too(self) -> None:
        acme = Acme(documents=numbered([1]), bills={"1": [Invoice("acme", "i1", "1")]})
        other = Acme("other", numbered([3]), bills={"3": [Invoice("other", "i3", "3")]})

        (found,) = await values("invoices", [linked((acme, "1"), (other, "3"))], request(acme, other))

        assert [each.key for each in found] == ["i1", "i3"]

    async def test_each_system_is_asked_once_for_all_its_records(self) -> None:
        acme = Acme(documents=numbered([1, 2]), contact_lists={"1": [contact("c1")], "2": [contact("c2")]})
        other = Acme("other", numbered([3]), contact_lists={"3": [contact("c3", "other")]})
        customers = [linked((acme, "1"), (other, "3")), linked((acme, "2"), (acme, "1"))]

        found = await values("contacts", customers, request(acme, other))

        assert [[each.key for each in contacts] for contacts in found] == [["c1", "c3"], ["c2", "c1"]]
        assert (acme.log, other.log) == (["contacts 1,2"], ["contacts 3"])

    async def test_a_failed_record_leaves_another_ones_value_and_is_told_where_its_own_would_come_first(self) -> None:
        acme = Acme(documents=[{"id": "1", "owner": "u1"}], failing={"users": DOWN})
        other = Acme("other", [{"id": "3", "owner": "u3"}], staff={"u3": AcmeUser("other", "u3")})

        found = await values("owner", [linked((acme, "1"), (other, "3"))], request(acme, other))

        assert found == [Incomplete(AcmeUser("other", "u3"), [DOWN])]
        found = await values("owner", [linked((other, "3"), (acme, "1"))], request(acme, other))
        assert found == [AcmeUser("other", "u3")]

    async def test_a_failed_record_costs_a_list_its_own_items_only(self) -> None:
        acme = Acme(documents=numbered([1]), failing={"contacts": DOWN})
        other = Acme("other", numbered([3]), contact_lists={"3": [contact("c3", "other")]})
        customers, of = [linked((acme, "1"), (other, "3"))], request(acme, other)

        assert await values("contacts", customers, of) == [Incomplete([contact("c3", "other")], [DOWN])]

    async def test_only_where_nothing_was_read_the_failure_is_told(self) -> None:
        acme = Acme(documents=[{"id": "1", "owner": "u1"}], failing={"users": DOWN, "contacts": DOWN})
        other = Acme("other", [{"id": "3"}], failing={"contacts": DOWN})
        customers, of = [linked((acme, "1"), (other, "3"))], request(acme, other)

        assert await values("owner", customers, of) == [DOWN]
        assert await values("contacts", customers, of) == [DOWN]

    async def test_single_and_linked_customers_stand_side_by_side(self) -> None:
        acme, other = Acme(documents=numbered([1, 2])), Acme("other", numbered([3]))
        customers = [linked((other, "3"), (acme, "2")), customer(acme, "1")]

        assert await values("name", customers, request(acme, other)) == ["Customer 3", "Customer 1"]
