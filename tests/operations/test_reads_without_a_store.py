"""A read never asks the store: with one that fails at every use all of it is read, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import WRITABLE
from stories.selections import CUSTOMER, NODE, USER, nouns_in
from vendors import sandbox

from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.service import Operations
from customer_gateway.store.journal import OperationJournal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.federation.request import Federation

pytestmark = pytest.mark.anyio

PAGE = f"""query ($name: String!) {{ system(name: $name) {{
  id name kind reachable capabilities {{ field readable writable filterable required maxLength clearable }}
  customers(first: 3) {{ totalCount pageInfo {{ endCursor hasNextPage }} nodes {{ {CUSTOMER} }} }}
  users(first: 3) {{ nodes {{ {USER} }} }}
  choices(field: "billing.paymentTermsId") {{ __typename }}
}} }}"""
UPDATE = """mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) {
  userErrors { code } operation { state } } }"""


class StoreAsked(Exception):
    """Raised at every use of the store."""


class RefusingStore:
    """A database, and a source of its key, of which nothing can be used; counts how often it was tried."""

    def __init__(self) -> None:
        self.asked = 0

    def __getattr__(self, name: str) -> NoReturn:
        self.asked += 1
        raise StoreAsked(name)


@pytest.fixture
def store() -> RefusingStore:
    return RefusingStore()


@pytest.fixture(params=["breadth", "reference"])
async def gateway(store: RefusingStore, request: pytest.FixtureRequest) -> AsyncGenerator[Gateway]:
    executor: ExecutorName = request.param
    refusing: Any = store

    def writing(federation: Federation) -> WritesCustomers:
        return Operations(Setup(federation.systems, OperationJournal(refusing, refusing), seconds=5))

    box = sandbox(customers=20)
    async with gateway_over(box, writing=writing, executor=executor) as gateway:
        yield gateway
    box.close()


@pytest.mark.parametrize("system", SYSTEMS)
async def test_everything_is_read_of_a_system_and_its_nodes(
    gateway: Gateway, store: RefusingStore, system: str
) -> None:
    page = await gateway.ask(PAGE, {"name": system})
    nouns = {noun["id"]: noun for noun in nouns_in(page.partial)}
    ids = list(nouns)[:20]
    nodes = await gateway.ask(f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }}", {"ids": ids})
    first = page.partial["system"]["customers"]["nodes"][0]
    one = await gateway.ask(f"query ($id: ID!) {{ customer(by: {{id: $id}}) {{ {CUSTOMER} }} }}", {"id": first["id"]})

    assert {page.status, nodes.status, one.status} == {200}
    assert (page.errors, nodes.errors, one.errors) == ([], [], [])
    assert one.partial["customer"]["id"] == first["id"]
    assert store.asked == 0


async def test_the_schema_and_all_systems_are_told(gateway: Gateway, store: RefusingStore) -> None:
    answer = await gateway.ask(
        "{ systems { name customers(first: 5) { nodes { name } } } __schema { types { name } } }"
    )

    assert answer.errors == []
    assert store.asked == 0


async def first_customer(gateway: Gateway) -> dict[str, Any]:
    """The input of a change of one."""
    answer = await gateway.ask(
        f'{{ system(name: "{WRITABLE}") {{ customers(first: 1) {{ nodes {{ id version }} }} }} }}'
    )
    [customer] = answer.data["system"]["customers"]["nodes"]
    gateway.forget_calls()
    patch = {"phone": "+46 8 1234567"}
    return {"id": customer["id"], "expectedVersion": customer["version"], "patch": patch}


async def test_a_dry_run_does_not_ask_it(gateway: Gateway, store: RefusingStore) -> None:
    planned = await gateway.ask(UPDATE, {"input": {**await first_customer(gateway), "dryRun": True}})

    assert planned.data["customerUpdate"]["userErrors"] == []
    assert planned.data["customerUpdate"]["operation"]["state"] == "PLANNED"
    assert store.asked == 0


async def test_a_mutation_does_ask_it_and_sends_nothing(gateway: Gateway, store: RefusingStore) -> None:
    answer = await gateway.ask(UPDATE, {"input": await first_customer(gateway)})

    assert store.asked > 0
    assert answer.errors != []
    assert gateway.log(WRITABLE) == []
