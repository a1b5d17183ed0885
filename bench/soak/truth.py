"""Whether the index of a soak is true: nothing is GONE by mistake meanwhile, in the end every row is the vendor's."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.app import build_federation, load_settings
from customer_gateway.catalog.rows import decode_values, row_of
from customer_gateway.federation.indexing import indexed
from customer_gateway.model.catalog import RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog_tables import TEXT_COLUMNS
from customer_gateway.system import EVERYTHING
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.soak.running import Soak
    from customer_gateway.model.catalog import IndexRow


async def looking(soak: Soak, until: float) -> None:
    """Look at the size of the log, and that nothing is GONE that did not vanish."""
    log = soak.folder / "catalog.db-wal"
    while time.monotonic() < until:
        await asyncio.sleep(2)
        with suppress(OSError):
            soak.longest_wal = max(soak.longest_wal, log.stat().st_size)
        await asyncio.to_thread(look_at_gone, soak)


def look_at_gone(soak: Soak) -> None:
    if not soak.database.exists():
        return
    query = "SELECT system, key FROM catalog_records WHERE state = ?"
    try:
        gone = soak.rows(query, int(RecordState.GONE))
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return
        soak.problems.append(f"a reader failed: {error}")
        return
    vanished = {
        name: {change.key for change in list(vendor.churn.log) if change.kind == "vanished"}
        for name, vendor in soak.box.vendors.items()
    }
    for system, key in gone:
        if key not in vanished[system]:
            soak.problems.append(f"{system}: {key} is GONE and was always there")


def look_at_log(soak: Soak, log: Path) -> None:
    """Look for a locked database, passes that ended, and mistakes of ours: lines with an exception."""
    for line in log.read_text(encoding="utf-8").splitlines():
        if "locked" in line or '"catalog_pass_stopped"' in line or '"exception"' in line:
            soak.problems.append(f"the log says: {line[:3000]}")


async def compared(soak: Soak, config: Path) -> int:
    """Return how many rows were held against their vendors', each by a wide read of its own."""
    federation = build_federation(load_settings(config))
    count = 0
    try:
        for name, system in federation.systems.items():
            keys = list(soak.box.vendors[name].population.documents())
            reads = federation.request(EVERYTHING, Deadline.after(120)).reads
            views = await reads.load(system.customers(EVERYTHING), keys)
            there = [view for view in views if view is not None and not isinstance(view, Exception)]
            truth = {each.ref.key: row_of(each.ref, each.values) for each in await indexed(system, there, reads)}
            look_at_written(soak, name, truth)
            count += look_at_rows(soak, name, truth)
    finally:
        await federation.aclose()
    return count


def look_at_rows(soak: Soak, name: str, truth: Mapping[str, IndexRow]) -> int:
    """Hold the rows of a system that are PRESENT against those of what its vendor has, column by column; return how
    many there are in both.
    """
    there = present_rows(soak, name)
    if extra := there.keys() - truth.keys():
        soak.problems.append(f"{name}: {len(extra)} rows are PRESENT and not there, such as {min(extra)}")
    if lacking := truth.keys() - there.keys():
        soak.problems.append(f"{name}: {len(lacking)} rows are there and not PRESENT, such as {min(lacking)}")
    both = there.keys() & truth.keys()
    for key in sorted(both):
        expected = _as_stored(truth[key])
        if wrong := [column for column, value in there[key].items() if value != expected[column]]:
            soak.problems.append(f"{name}: the row of {key} is not what the vendor has: {', '.join(wrong)}")
    return len(both)


def present_rows(soak: Soak, name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the rows of a system that are PRESENT by key: the columns that `row_of` makes."""
    query = f"SELECT {', '.join(_COLUMNS)} FROM catalog_records WHERE system = ? AND state = ?"
    found = [dict(zip(_COLUMNS, row, strict=True)) for row in soak.rows(query, name, int(RecordState.PRESENT))]
    return {row["key"]: row for row in found}


def _as_stored(row: IndexRow) -> Mapping[str, Any]:
    """Return a row by the columns that it is stored in."""
    made = row._asdict()
    texts, shown = made.pop("texts"), made.pop("values")
    return made | dict(zip(TEXT_COLUMNS, texts, strict=True)) | {"shown": shown}


_COLUMNS: Final = tuple(_as_stored(row_of(RecordRef("", ""), {})))


def look_at_written(soak: Soak, name: str, truth: Mapping[str, IndexRow]) -> None:
    """Look whether the vendor still has what was answered as applied, unless churn has changed it since."""
    for (system, key), (phone, changes) in soak.written.items():
        if system != name or soak.is_changed(name, key, changes):
            continue
        row = truth.get(key)
        has = None if row is None else decode_values(row.values).get("phone")
        if _digits(has) != _digits(phone):
            soak.problems.append(f"{name}: {key} was answered as written, and the vendor does not have it")


def _digits(phone: str | None) -> str:
    return "".join(filter(str.isdigit, phone or ""))
