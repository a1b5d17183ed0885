"""What reads bring to the index: the main address in its parts, and none of them where it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from federation.fake_system import Acme

from customer_gateway.federation.indexing import changes_of
from customer_gateway.model.value_objects import Address, AddressKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def values(address: Address | None, *parts: str) -> Mapping[str, Any]:
    """What a read of the address, of which these parts were selected, brings of a customer."""
    acme = Acme()
    (change,) = changes_of(acme, [acme.view({"id": "1"})], {"address": [address]}, parts, is_all=False)
    return change.values


def test_of_an_address_the_kind_comes_with_each_part_that_is_read() -> None:
    address = Address(AddressKind.DELIVERY, lines=["Am Markt 1"], city="Bonn", country_code="DE")

    assert values(address, "city") == {"address_kind": AddressKind.DELIVERY, "city": "Bonn"}
    assert values(address, "country_code") == {"address_kind": AddressKind.DELIVERY, "country_code": "DE"}


def test_where_there_is_no_address_there_is_no_part_of_one_whatever_was_read_of_it() -> None:
    assert values(None, "city") == {"address_kind": None, "city": None, "country_code": None}
