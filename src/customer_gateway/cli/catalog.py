"""The verbs `customer-gateway catalog …`: the index of customers looked over, and made anew."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import typer

from customer_gateway.cli.configured import Config, settings_of
from customer_gateway.errors import DatabaseDamaged
from customer_gateway.model.catalog import RecordState
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.config import Settings
    from customer_gateway.model.catalog import SyncState
    from customer_gateway.model.passes import PassRow
    from customer_gateway.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check the index of customers, or build it anew.")


@app.command()
def check(config: Config = None) -> None:
    """Check the file or the tables, and say how many customers each system has in them. Exit code 1: rebuild it."""
    lines, is_well = asyncio.run(_checked(settings_of(config, systems_required=False)[1]))
    typer.echo("\n".join(lines))
    if not is_well:
        raise typer.Exit(1)


async def _checked(settings: Settings) -> tuple[list[str], bool]:
    from customer_gateway.cli.passing import demand_catalog

    catalog = demand_catalog(settings)
    location = catalog.database.location
    try:
        found = await catalog.database.revision()
        if found is None:
            return [f"{location}: nothing is there yet; the first pass makes it."], True
        if CATALOG.is_older(found):  # opened, it would be made anew, also for a gateway of that version which runs
            return [f"{location}: version {found}, older than {CATALOG.newest()}; `serve` builds it anew."], True
        from customer_gateway.store.catalog import read
        from customer_gateway.store.catalog_segments import FTS_TABLES
        from customer_gateway.store.catalog_upkeep import check_index, look_over

        report = await read(catalog.database, look_over)
        problems = list(report.problems)
        for table in FTS_TABLES if catalog.database.is_file else ():
            problems += await catalog.database.write(partial(check_index, table=table))
        states = await catalog.passes.sync_states()
    finally:
        await catalog.database.aclose()
    lines = [f"{location}: {report.bytes / 1_000_000:.1f} MB."]
    for name, state in states.items():
        records = report.records.get(name, {})
        counts = ", ".join(f"{records[each]} {each.name}" for each in RecordState if each in records) or "no customers"
        lines.append(f"{name}: {state.state.value}: {counts}." + (f" {state.reason}." if state.reason else ""))
    lines += [f"{location}: {each}" for each in problems]
    if problems:
        lines.append("`customer-gateway catalog rebuild` makes it anew.")
    return lines, not problems


@app.command()
def rebuild(config: Config = None) -> None:
    """Drop the index and read every customer of every system anew; searches find what there is by then."""
    from customer_gateway.cli.sync import print_states
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    configure_logs(plain=True, level="critical")
    print_states(*asyncio.run(_rebuilt(settings)))


async def _rebuilt(settings: Settings) -> tuple[Mapping[str, PassRow], Mapping[str, SyncState]]:
    from customer_gateway.cli.passing import Following, opened
    from customer_gateway.cli.sync import followed

    names = list(settings.systems)
    async with opened(settings) as (catalog, schedule):
        try:
            await _make_anew(catalog.database, names)
        except DatabaseDamaged as error:
            typer.echo(f"{catalog.database.location}: {error.reason}: a new file takes its place.", err=True)
            await catalog.database.remove_file()
            await _make_anew(catalog.database, names)
        return await followed(catalog, Following(schedule, names))


async def _make_anew(database: Database, names: Sequence[str]) -> None:
    await database.upgrade()
    from customer_gateway.store.catalog_upkeep import make_anew

    await database.write(lambda connection: make_anew(connection, names, datetime.now(UTC)))
