"""A noun that names no customer is that of the customer it was read through."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
from gateway import SYSTEMS, gateway_over
from stories.test_odd_pages import Bent
from vendors import FACTS

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PAGE: Final = "query ($system: String!) { system(name: $system) { customers(first: 12) { nodes { id } } } }"
OF_A_CUSTOMER: Final = """
    query ($id: ID!) {
      node(id: $id) {
        ... on Customer {
          contacts { __typename id customer { id } }
          agreements { __typename id customer { id } }
          invoices(first: 5) { nodes { __typename id customer { id } } }
        }
      }
    }"""
FOREIGN_KEYS: Final = {"customerid", "customer"}
"""What vendors call that which names the customer in a noun of its own; it stands in no document of a customer."""


def without_foreign_keys(document: Any) -> Any:
    if is_list(document):
        return [without_foreign_keys(each) for each in document]
    if not is_object(document):
        return document
    return {name: without_foreign_keys(value) for name, value in document.items() if name.lower() not in FOREIGN_KEYS}


def nouns_of(customer: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*customer["contacts"], *customer["agreements"], *customer["invoices"]["nodes"]]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_noun_that_names_no_customer_is_that_of_the_customer_it_was_read_through(
    box: Sandbox, executor: ExecutorName, system: str
) -> None:
    bent = partial(Bent, without_foreign_keys)
    async with gateway_over(box, executor=executor, systems=[(system, system)], bent=bent) as gateway:
        ids = [
            node["id"] for node in (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]["nodes"]
        ]
        customers = {each: (await gateway.ask(OF_A_CUSTOMER, {"id": each})).data["node"] for each in ids}

    nouns = [(noun, owner) for owner, customer in customers.items() for noun in nouns_of(customer)]
    assert {noun["__typename"] for noun, _ in nouns} == FACTS[system].nouns & {"Contact", "Agreement", "Invoice"}
    assert [noun["customer"] for noun, _ in nouns] == [{"id": owner} for _, owner in nouns]
