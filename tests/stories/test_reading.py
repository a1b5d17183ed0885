"""Reading: small promises of the schema that no other story is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS

if TYPE_CHECKING:
    from gateway import Gateway

pytestmark = pytest.mark.anyio


@pytest.mark.vendors("billbee")
async def test_the_due_date_that_billbee_does_not_have_costs_no_call(gateway: Gateway) -> None:
    query = '{ system(name: "billbee") { customers(first: 5) { nodes { invoices(first: 9) { nodes { dueDate } } } } } }'

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    invoices = [invoice for node in nodes for invoice in node["invoices"]["nodes"]]
    assert invoices
    assert invoices == [{"dueDate": None}] * len(invoices)
    assert not any(path.startswith("GET /orders/") for path in gateway.paths("billbee"))


@pytest.mark.parametrize("system", [name for name in ("autodns", "next") if name in SYSTEMS])
async def test_agreements_of_systems_without_products_have_an_empty_list(gateway: Gateway, system: str) -> None:
    query = f"""{{ system(name: "{system}") {{
        customers(first: 50) {{ nodes {{ agreements {{ products {{ code }} }} }} }}
    }} }}"""

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    agreements = [agreement for node in nodes for agreement in node["agreements"]]
    assert agreements
    assert agreements == [{"products": []}] * len(agreements)


@pytest.mark.vendors("lemonsoft")
async def test_what_follows_among_the_invoices_does_not_ask_what_follows_among_the_customers(gateway: Gateway) -> None:
    query = """{ system(name: "lemonsoft") { customers(first: 3) { nodes {
        number invoices(first: 1) { pageInfo { hasNextPage } }
    } } } }"""

    await gateway.ask(query)  # it is known now that these lists of invoices are not cut
    gateway.forget_calls()
    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    assert len(nodes) == 3
    assert sorted(gateway.paths("lemonsoft")) == ["GET /api/customers/base", *["GET /api/invoices"] * 3]
