"""Customers are changed in every system through mutations: planned, written, read again, found in the journal."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import WRITTEN_IN_PART
from vendors import VENDORS

from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.service import Operations
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.federation.request import Federation
    from customer_gateway.operations.requests import Written
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import WrittenDocument

pytestmark = pytest.mark.anyio

_SLUGS = {vendor.kind.slug for vendor in VENDORS if vendor.kind.writes is not None}
WRITTEN = [name for name in SYSTEMS if name in _SLUGS]
PATCH = {"name": "Neumann", "email": "neumann@example.com"}
"""With what a system demands that the customer may lack."""
UPDATE = """mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) {
  customer { id name version }
  userErrors { code message field }
  operation { id state replayed actor writes { method path status verified changes { field before after } } } } }"""


@asynccontextmanager
async def writing_gateway(
    box: Sandbox,
    path: Path,
    executor: ExecutorName = "breadth",
    noting: Written = lambda _system, _key, _document: None,
    **otherwise: Any,
) -> AsyncGenerator[Gateway]:
    """A gateway with a journal in a folder; `noting` is told what was written, too."""
    database = Database(f"sqlite+aiosqlite:///{path / 'gateway.db'}")
    journal = OperationJournal(database, PrivateKeySource(b"k" * 32, lambda: None))
    made: list[Operations] = []

    def writing(federation: Federation) -> WritesCustomers:
        def written(system: str, key: str, document: WrittenDocument | None) -> None:
            federation.batchers.forget(system, key)
            noting(system, key, document)

        made.append(Operations(Setup(federation.systems, journal, seconds=10, written=written)))
        return made[-1]

    try:
        async with gateway_over(box, writing=writing, executor=executor, **otherwise) as gateway:
            yield gateway
            for each in made:
                await each.aclose()
    finally:
        await database.aclose()


async def first_customer(gateway: Gateway, system: str) -> dict[str, Any]:
    document = '{ system(name: "NAME") { customers(first: 1) { nodes { id name version } } } }'
    return (await gateway.ask(document.replace("NAME", system))).data["system"]["customers"]["nodes"][0]


async def update(gateway: Gateway, **given: Any) -> dict[str, Any]:
    return (await gateway.ask(UPDATE, {"input": given})).data["customerUpdate"]


def renamed(payload: dict[str, Any]) -> list[Any]:
    return [change["after"] for write in payload["operation"]["writes"] for change in write["changes"]]


@pytest.mark.parametrize("system", WRITTEN)
async def test_a_customer_is_renamed(system: str, box: Sandbox, tmp_path: Path, executor: ExecutorName) -> None:
    async with writing_gateway(box, tmp_path, executor) as gateway:
        before = await first_customer(gateway, system)
        given = {"id": before["id"], "patch": PATCH, "expectedVersion": before["version"]}

        planned = await update(gateway, **given, dryRun=True)
        done = await update(gateway, **given, idempotencyKey="k1")
        again = await update(gateway, **given, idempotencyKey="k1")
        conflict = await update(gateway, **given, idempotencyKey="k2")

    assert (planned["userErrors"], planned["customer"]["name"]) == ([], before["name"])
    assert (planned["operation"]["id"], planned["operation"]["state"]) == (None, "PLANNED")
    assert (done["userErrors"], renamed(done)) == ([], renamed(planned))
    assert (again["operation"]["id"], again["operation"]["replayed"]) == (done["operation"]["id"], True)
    assert done["customer"]["version"] != before["version"]
    assert conflict["userErrors"][0]["code"] == "CONFLICT"  # and PENDING where the new name is under review
    assert conflict["customer"]["name"] == done["customer"]["name"]
    assert done["customer"]["name"] == "Neumann"
    assert done["operation"]["state"] in {"APPLIED", "PENDING"}  # a vendor may review a new name


@pytest.mark.parametrize("system", WRITTEN)
async def test_who_follows_a_record_is_notified_once_before_the_outcome_is_stored(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    """The index stores the record while the journal waits for the disk; the answer waits for both."""
    notified: list[tuple[str, str]] = []

    def stored_state() -> str:
        with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
            return connection.execute("SELECT state FROM operations").fetchone()[0]

    def note(system: str, _key: str, _document: WrittenDocument | None) -> None:
        notified.append((system, stored_state()))

    async with writing_gateway(box, tmp_path, noting=note) as gateway:
        before = await first_customer(gateway, system)
        done = await update(gateway, id=before["id"], patch={"phone": "+49 221 1234567"}, force=True)
        at_the_answer = stored_state()

    assert notified == [(system, "RUNNING")]
    assert done["operation"]["state"] == at_the_answer != "RUNNING"


async def test_an_operation_is_found_again_by_its_caller(box: Sandbox, tmp_path: Path) -> None:
    async with writing_gateway(box, tmp_path) as gateway:
        before = await first_customer(gateway, WRITTEN_IN_PART[0])
        done = await update(gateway, id=before["id"], patch={"name": "Neumann"}, force=True)
        document = """query ($id: ID!, $customer: ID) { operation(id: $id) { state }
          operations(first: 5, customerId: $customer) { nodes { id actor } pageInfo { hasNextPage } } }"""
        found = (await gateway.ask(document, {"id": done["operation"]["id"], "customer": before["id"]})).data

    assert found["operation"] == {"state": "APPLIED"}
    assert found["operations"] == {
        "nodes": [{"id": done["operation"]["id"], "actor": done["operation"]["actor"]}],
        "pageInfo": {"hasNextPage": False},
    }


@pytest.mark.parametrize("system", WRITTEN)
async def test_the_key_of_the_header_is_told_as_replayed(system: str, box: Sandbox, tmp_path: Path) -> None:
    async with writing_gateway(box, tmp_path) as gateway:
        before = await first_customer(gateway, system)
        headers = {"idempotency-key": '"one"'}

        async def asked(name: str) -> Any:
            given = {"id": before["id"], "patch": {"name": name}, "force": True}
            return await gateway.ask(UPDATE, {"input": given}, headers)

        first, same, other = await asked("Neumann"), await asked("Neumann"), await asked("Altmann")

    assert first.data["customerUpdate"]["operation"]["replayed"] is False
    assert same.data["customerUpdate"]["operation"]["replayed"] is True
    assert (other.status, other.codes) == (422, ["IDEMPOTENCY_MISMATCH"])
