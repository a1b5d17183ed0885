"""Provenance: which record a value came from, or why there is none."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from federation.fake_system import Acme, AcmeUser, customer, linked, numbered, request
from federation.index_rows import NOW, row

from customer_gateway.documents.structs import graphql_name
from customer_gateway.errors import BadUserInput, UpstreamUnavailable
from customer_gateway.federation.indexed import IndexedRecord
from customer_gateway.federation.provenance import FieldProvenance, FieldState, provenance
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio

DOWN = UpstreamUnavailable("acme", "down")
FIRST, SECOND = RecordRef("acme", "1"), RecordRef("other", "3")


async def state(of: RequestContext, one: Customer, field: str) -> tuple[FieldState, RecordRef | None]:
    ((told,),) = await provenance([one], [field], of)
    assert told.field == field
    return told.state, told.record


async def test_of_one_record_each_state_is_told_with_the_record() -> None:
    acme = Acme(documents=[{"id": "1", "name": "A", "owner": "u1"}], failing={"users": DOWN})
    one, of = customer(acme, "1"), request(acme)

    assert await state(of, one, "name") == (FieldState.VALUE, FIRST)
    assert await state(of, one, "isSupplier") == (FieldState.EMPTY, FIRST)
    assert await state(of, one, "emails") == (FieldState.EMPTY, FIRST)
    assert await state(of, one, "contacts") == (FieldState.EMPTY, FIRST)
    assert await state(of, one, "owner") == (FieldState.FAILED, FIRST)
    assert await state(of, one, "website") == (FieldState.NOT_IN_SYSTEM, None)


def address_seen(**later: datetime) -> datetime | None:
    """When the address of a row is said to have been seen; its last whole read was at `NOW`."""
    whole = row("acme", "1")._replace(values={"city": "Bonn", "country_code": "DE"})
    moments = {name: moment.isoformat() for name, moment in later.items()}
    return IndexedRecord(whole._replace(later=json.dumps(moments))).seen_at("address")


def test_an_address_of_the_index_is_as_old_as_its_older_part() -> None:
    soon, last = NOW + timedelta(hours=1), NOW + timedelta(hours=2)

    assert address_seen() == address_seen(city=soon) == address_seen(country_code=soon, name=soon) == NOW
    assert address_seen(city=soon, country_code=last) == address_seen(city=last, country_code=soon) == soon


async def test_of_two_records_the_one_that_supplied_the_value_is_told() -> None:
    acme = Acme(documents=[{"id": "1", "name": " ", "supplier": False}])
    other = Acme("other", [{"id": "3", "name": "B", "supplier": True}])
    both, of = linked((acme, "1"), (other, "3")), request(acme, other)

    assert await state(of, both, "name") == (FieldState.VALUE, SECOND)
    assert await state(of, both, "isSupplier") == (FieldState.VALUE, FIRST)
    assert await state(of, both, "emails") == (FieldState.EMPTY, FIRST)
    assert await state(of, both, "website") == (FieldState.NOT_IN_SYSTEM, None)


async def test_a_value_hides_a_later_records_failure_and_no_earlier_one_and_an_empty_field_hides_none() -> None:
    acme = Acme(documents=[{"id": "1"}])
    other = Acme("other", [{"id": "3", "owner": "u3"}], failing={"users": DOWN})
    third = Acme("third", [{"id": "4", "owner": "u4"}], staff={"u4": AcmeUser("third", "u4")})
    of = request(acme, other, third)

    assert await state(of, linked((acme, "1"), (other, "3")), "owner") == (FieldState.FAILED, SECOND)
    assert await state(of, linked((third, "4"), (other, "3")), "owner") == (FieldState.VALUE, RecordRef("third", "4"))
    ((value, failed),) = await provenance([linked((other, "3"), (third, "4"))], ["owner"], of)
    assert (value.state, value.record) == (FieldState.VALUE, RecordRef("third", "4"))
    assert (failed.state, failed.record) == (FieldState.FAILED, RecordRef("other", "3"))


async def test_fields_are_told_in_the_order_named_and_each_once() -> None:
    acme = Acme(documents=numbered([1, 2]))

    told = await provenance([customer(acme, "1"), customer(acme, "2")], ["owner", "name", "owner"], request(acme))

    assert [[each.field for each in of_one] for of_one in told] == [["owner", "name"]] * 2
    assert told[1][1] == FieldProvenance("name", RecordRef("acme", "2"), FieldState.VALUE)


async def test_all_unified_fields_are_told_unless_named() -> None:
    acme = Acme(documents=numbered([1]))

    (told,) = await provenance([customer(acme, "1")], None, request(acme))

    assert [each.field for each in told] == [graphql_name(name) for name in UNIFIED_FIELDS]


async def test_only_the_fields_named_cost_their_calls() -> None:
    acme = Acme(documents=numbered([1, 2]))
    customers = [customer(acme, "1"), customer(acme, "2")]

    await provenance(customers, ["name", "website"], of := request(acme))
    assert acme.log == []

    await provenance(customers, ["contacts"], of)
    assert acme.log == ["contacts 1,2"]


async def test_no_fields_are_no_provenance() -> None:
    acme = Acme(documents=numbered([1]))

    assert await provenance([customer(acme, "1")], [], request(acme)) == [[]]


async def test_a_name_that_is_no_field_is_the_callers_mistake() -> None:
    acme = Acme(documents=numbered([1]))

    with pytest.raises(BadUserInput, match=r"no field shoe_size, vat_number; it knows: number, name, kind, "):
        await provenance([customer(acme, "1")], ["vat_number", "name", "shoe_size"], request(acme))
