"""What a soak accepts as an operator does: a pass that is SUSPECT by churn, and no other."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from catalog_index import SQLITE, empty_index
from picked import FIRST
from vendors import sandbox

from bench.soak.acceptance import is_suspect_by_churn
from bench.soak.running import Soak
from customer_gateway.model.catalog import RecordChange, SyncStateName
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.passes import SUSPECT, Ended
from customer_gateway.store.catalog_passes import CatalogPasses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalog_index import FoundWorld

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def seen(*keys: str) -> list[RecordChange]:
    return [RecordChange(RecordRef(FIRST, key), {"name": "Anna"}) for key in keys]


async def end_suspect_pass(world: FoundWorld, keys: Sequence[str], *, is_another: bool) -> None:
    """End a pass that has seen these customers of the vendor, and is not believed."""
    passes = CatalogPasses(world.database, world.index)
    await passes.acquire([FIRST], "me", NOW, datetime.max.replace(tzinfo=UTC))
    number = await passes.begin(FIRST, "me", {}, NOW)
    await world.index.put(seen(*keys), NOW, number)
    details = {SUSPECT: {"missing": 1, "another": is_another, "at": NOW.isoformat()}}
    await passes.end(FIRST, "me", Ended(SyncStateName.SUSPECT, details, "many are missing"), NOW)


@pytest.mark.parametrize(
    ("is_there", "is_another", "by_churn"), [(False, False, True), (True, False, False), (False, True, True)]
)
async def test_only_a_pass_that_missed_what_had_vanished_is_suspect_by_churn(
    is_there: bool, is_another: bool, by_churn: bool, tmp_path: Path
) -> None:
    soak = Soak(sandbox(customers=9), tmp_path, random.Random(1))
    missed, *rest = soak.box.vendors[FIRST].population.documents()
    async with empty_index(f"{SQLITE}{soak.database}") as world:
        await world.index.put(seen(missed if is_there else "vanished"), NOW)
        await end_suspect_pass(world, rest, is_another=is_another)

        assert is_suspect_by_churn(soak, FIRST) is by_churn
