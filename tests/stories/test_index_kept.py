"""The index is kept by what passes: reads that show a change, writes of our own, and what a killed process has left."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from catalog_index import SEEN_AT, index_of
from gateway import settings_over
from picked import WRITTEN_IN_PART
from stories.test_writes import PATCH, WRITTEN, first_customer, update, writing_gateway

from customer_gateway.app import Catalog, KeptIndex, keep_index
from customer_gateway.catalog.keeping import keeping
from customer_gateway.model.ids import decode_id
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from gateway import Gateway

    from customer_gateway.catalog.updates import IndexUpdates
    from customer_gateway.federation.request import Federation
    from customer_gateway.model.journal import Journal
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import WrittenDocument

pytestmark = pytest.mark.anyio

FIND = "query ($text: String!) { customers(first: 20, search: $text, live: false) { totalCount nodes { id } } }"


@dataclass
class Kept:
    """What keeps the index of a gateway."""

    parts: list[KeptIndex] = field(default_factory=list[KeptIndex])
    passes: list[CatalogPasses] = field(default_factory=list[CatalogPasses])

    def note(self, system: str, key: str, written: WrittenDocument | None) -> None:
        self.parts[0].written.note(system, key, written)

    @property
    def updates(self) -> IndexUpdates:
        return self.parts[0].updates

    def keeping(self, journal: Journal | None) -> AbstractAsyncContextManager[None]:
        _, updates, written = self.parts[0]
        return keeping(updates, written, journal, self.passes[0], self.parts[0].federation.systems)


@asynccontextmanager
async def kept_gateway(box: Sandbox, path: Path, **otherwise: Any) -> AsyncGenerator[tuple[Gateway, Kept]]:
    """A gateway with a filled index and a journal, put together as `serve` does.

    `otherwise` is what `writing_gateway` takes.
    """
    kept = Kept()
    async with index_of(box, path) as world:
        catalog = Catalog(world.database, world.index, CatalogPasses(world.database, world.index))

        kept.passes.append(catalog.passes)

        def watched(federation: Federation) -> Federation:
            kept.parts.append(keep_index(settings_over(box), federation, catalog))
            return kept.parts[0].federation

        async with (
            writing_gateway(box, path, watched=watched, noting=kept.note, **otherwise) as gateway,
            kept.keeping(None),
        ):
            yield gateway, kept


async def found(gateway: Gateway, text: str) -> list[str]:
    page = (await gateway.ask(FIND, {"text": text})).data["customers"]
    assert page["totalCount"] == len(page["nodes"])
    return [each["id"] for each in page["nodes"]]


async def found_soon(gateway: Gateway, text: str) -> list[str]:
    """What is found within two seconds."""
    until = asyncio.get_running_loop().time() + 2
    while not (ids := await found(gateway, text)) and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - one question after the other, as who waits would ask
        await asyncio.sleep(0.02)
    return ids


async def until_idle(updates: IndexUpdates) -> None:
    """Wait until all that reads have brought is in the index, or is left out of it."""
    async with asyncio.timeout(20):
        while updates.waiting:  # noqa: ASYNC110 - a counter tells it
            await asyncio.sleep(0.01)


async def change_elsewhere(box: Sandbox, path: Path, system: str, patch: dict[str, Any]) -> str:
    """Change a customer by another gateway, which has no index; return its id."""
    async with writing_gateway(box, path) as other:
        before = await first_customer(other, system)
        payload = await update(other, id=before["id"], patch=patch, expectedVersion=before["version"])
        assert payload["userErrors"] == []
        return before["id"]


@pytest.mark.parametrize("system", WRITTEN)
async def test_what_was_written_is_found_by_the_next_request(system: str, box: Sandbox, tmp_path: Path) -> None:
    async with kept_gateway(box, tmp_path) as (gateway, _):
        before = await first_customer(gateway, system)
        given = {"id": before["id"], "expectedVersion": before["version"]}
        payload = await update(gateway, **given, patch={**PATCH, "name": "Quitten Xylander"})

        assert payload["userErrors"] == []
        assert await found(gateway, "xylander") == [before["id"]]


async def test_a_read_that_shows_a_change_is_found_within_two_seconds(box: Sandbox, tmp_path: Path) -> None:
    system = WRITTEN_IN_PART[0]
    (tmp_path / "other").mkdir()
    async with kept_gateway(box, tmp_path) as (gateway, kept):
        id_ = await change_elsewhere(box, tmp_path / "other", system, {"name": "Quitten Xylander"})
        assert await found(gateway, "xylander") == []

        await gateway.ask(f'{{ system(name: "{system}") {{ customers(first: 100) {{ nodes {{ name email }} }} }} }}')

        assert await found_soon(gateway, "xylander") == [id_]
        assert kept.updates.dropped == 0


async def test_a_read_tells_the_fields_that_it_carries_and_no_others(box: Sandbox, tmp_path: Path) -> None:
    system = WRITTEN_IN_PART[0]
    (tmp_path / "other").mkdir()
    patch = {"name": "Quitten Xylander", "email": "xylander@quitte.example"}
    async with kept_gateway(box, tmp_path) as (gateway, _):
        id_ = await change_elsewhere(box, tmp_path / "other", system, patch)

        await gateway.ask("query ($id: ID!) { node(id: $id) { ... on Customer { email } } }", {"id": id_})

        assert await found_soon(gateway, "xylander@quitte.example") == [id_]
        assert await found(gateway, "quitten xylander") == []


async def test_each_value_that_is_stale_was_seen_when_it_is_said_to_have_been(box: Sandbox, tmp_path: Path) -> None:
    system = WRITTEN_IN_PART[0]
    (tmp_path / "other").mkdir()
    states = 'provenance(fields: ["name", "email", "address"]) { field state seenAt }'
    shown = f'{{ customers(first: 1, search: "xylander") {{ nodes {{ name email {states} }} }} }}'
    one = "query ($id: ID!) { node(id: $id) { ... on Customer { %s } } }"
    patch = {"name": "Quitten Xylander", "email": "xylander@quitte.example", "address": {"city": "Quittenhausen"}}
    async with kept_gateway(box, tmp_path) as (gateway, kept):
        id_ = await change_elsewhere(box, tmp_path / "other", system, patch)
        began = datetime.now(UTC)
        await gateway.ask(one % "name", {"id": id_})
        assert await found_soon(gateway, "xylander") == [id_]
        await gateway.ask(one % "address { city }", {"id": id_})
        await until_idle(kept.updates)
        box.vendors[system].faults.set("status", status=503)

        (node,) = (await gateway.ask(shown)).data["customers"]["nodes"]

    assert (node["name"], node["email"] != patch["email"]) == (patch["name"], True)
    assert {each["state"] for each in node["provenance"]} == {"STALE"}
    seen_at = {each["field"]: datetime.fromisoformat(each["seenAt"]) for each in node["provenance"]}
    assert seen_at["name"] >= began
    assert seen_at["email"] == seen_at["address"] == SEEN_AT  # of an address the country was not read since


async def test_a_value_that_goes_back_is_found_again(box: Sandbox, tmp_path: Path) -> None:
    """A selection reads what it read before; one of other fields has brought something else in between."""
    system, elsewhere = WRITTEN_IN_PART[0], tmp_path / "other"
    elsewhere.mkdir()
    page = f'{{ system(name: "{system}") {{ customers(first: 100) {{ nodes {{ %s }} }} }} }}'
    async with kept_gateway(box, tmp_path) as (gateway, _):
        id_ = await change_elsewhere(box, elsewhere, system, {"name": "Quitten Xylander"})
        await gateway.ask(page % "name")
        assert await found_soon(gateway, "xylander") == [id_]
        for _ in range(3):  # the page is known as a whole by then
            await gateway.ask(page % "name")
        await change_elsewhere(box, elsewhere, system, {"name": "Quitten Quastenflosser"})
        await gateway.ask(page % "name email")
        assert await found_soon(gateway, "quastenflosser") == [id_]

        await change_elsewhere(box, elsewhere, system, {"name": "Quitten Xylander"})
        await gateway.ask(page % "name")

        assert await found_soon(gateway, "xylander") == [id_]
        assert await found(gateway, "quastenflosser") == []


async def test_a_value_that_goes_back_after_a_write_of_ours_is_found_again(box: Sandbox, tmp_path: Path) -> None:
    """No read has shown what was written: the mutation selects nothing of it. The vendor's stamp goes back, too."""
    system, elsewhere = WRITTEN_IN_PART[0], tmp_path / "other"
    elsewhere.mkdir()
    page = f'{{ system(name: "{system}") {{ customers(first: 100) {{ nodes {{ name }} }} }} }}'
    written = "mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) { operation { state } } }"
    async with kept_gateway(box, tmp_path) as (gateway, _):
        id_ = await change_elsewhere(box, elsewhere, system, {"name": "Quitten Xylander"})
        before = await first_customer(gateway, system)
        for _ in range(3):
            await gateway.ask(page)
        assert await found_soon(gateway, "xylander") == [id_]
        customers = box.vendors[system].customers
        stored = customers.get(decode_id(id_).key) or {}
        given = {"id": id_, "expectedVersion": before["version"], "patch": {"name": "Quitten Quastenflosser"}}
        done = (await gateway.ask(written, {"input": given})).data["customerUpdate"]
        assert done["operation"]["state"] == "APPLIED"
        assert await found(gateway, "quastenflosser") == [id_]

        customers.put(stored)
        await gateway.ask(page)

        assert await found_soon(gateway, "xylander") == [id_]
        assert await found(gateway, "quastenflosser") == []


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("system", WRITTEN)
async def test_a_page_that_began_before_a_write_and_ends_after_it_leaves_what_was_written(
    system: str, joined: bool, box: Sandbox, tmp_path: Path
) -> None:
    page = f'{{ system(name: "{system}") {{ customers(first: 100) {{ nodes {{ name email }} }} }} }}'
    is_read, may_end = asyncio.Event(), asyncio.Event()

    async def held() -> None:
        is_read.set()
        await may_end.wait()

    async with kept_gateway(box, tmp_path) as (gateway, kept):
        before = await first_customer(gateway, system)
        box.vendors[system].hooks.after("*", held)
        reading = [asyncio.create_task(gateway.ask(page))]
        await is_read.wait()
        given = {"id": before["id"], "expectedVersion": before["version"]}
        payload = await update(gateway, **given, patch={**PATCH, "name": "Quitten Xylander"})
        assert payload["userErrors"] == []
        if joined:
            reading.append(asyncio.create_task(gateway.ask(page)))
            await asyncio.sleep(0.05)

        may_end.set()
        await asyncio.gather(*reading)

        await until_idle(kept.updates)
        assert await found(gateway, "xylander") == [before["id"]]


async def test_reads_that_show_nothing_new_write_nothing(box: Sandbox, tmp_path: Path) -> None:
    nodes = "nodes { name email address { city } }"
    document = f'{{ system(name: "{WRITTEN_IN_PART[0]}") {{ customers(first: 20) {{ {nodes} }} }} }}'
    async with kept_gateway(box, tmp_path) as (gateway, kept):
        for _ in range(3):
            await gateway.ask(document)
        async with asyncio.timeout(10):
            while kept.updates.waiting:  # noqa: ASYNC110 - what waits is a counter's doing
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)

        assert (kept.updates.rows_changed, kept.updates.dropped) == (0, 0)


async def test_what_a_killed_process_has_left_is_taken_from_the_journal(box: Sandbox, tmp_path: Path) -> None:
    """The index is that of before the write: a process was killed between the journal and the index."""
    system, began = WRITTEN_IN_PART[0], datetime.now(UTC)
    async with writing_gateway(box, tmp_path) as gateway:
        before = await first_customer(gateway, system)
        payload = await update(
            gateway, id=before["id"], patch={"name": "Quitten Xylander"}, expectedVersion=before["version"]
        )
        assert payload["operation"]["state"] == "APPLIED"

    async with kept_gateway(box, tmp_path) as (gateway, kept):
        assert await found(gateway, "xylander") == []
        await kept.passes[0].acquire([system], "me", began, began + timedelta(hours=1))
        await kept.passes[0].begin(system, "me", {}, began)  # it had read the record before the write
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
        journal = OperationJournal(database, PrivateKeySource(b"k" * 32, lambda: None))
        async with kept.keeping(journal):
            assert await found_soon(gateway, "xylander") == [before["id"]]
        await database.aclose()


UPDATE_AS_INDEXED = """mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) { userErrors { code }
  customer { name number kind status isSupplier vatNumber organizationNumber email phone createdAt updatedAt
    address { kind city countryCode } } } }"""


@pytest.mark.parametrize("system", WRITTEN)
async def test_the_index_and_the_answer_take_what_was_written_from_the_read_that_confirms_it(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    """What no document of the customer has, such as its addresses, was read for that, too."""
    async with kept_gateway(box, tmp_path) as (gateway, _):
        before = await first_customer(gateway, system)
        patch = {**PATCH, "name": "Quitten Xylander"}
        given = {"id": before["id"], "expectedVersion": before["version"], "patch": patch}
        gateway.forget_calls()
        answer = (await gateway.ask(UPDATE_AS_INDEXED, {"input": given})).data["customerUpdate"]
        calls = gateway.log(system)

        assert await found(gateway, "xylander") == [before["id"]]

    assert (answer["userErrors"], answer["customer"]["name"]) == ([], "Quitten Xylander")
    (sent,) = (at for at, call in enumerate(calls) if call.startswith(("PUT", "PATCH")))
    assert calls[sent + 1 :] == calls[:sent]  # as it was read before, and nothing else
