"""The verbs `customer-gateway database …`: its tables brought up to date, and looked at."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

import typer

from customer_gateway.cli.configured import Config, in_database, settings_of
from customer_gateway.store.address import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from customer_gateway.config import Settings
    from customer_gateway.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Bring the database up to date, or check it.")

_OTHERS: Final = 0o077


def files_open_to_others(settings: Settings) -> Sequence[tuple[Path, int]]:
    """Return the SQLite files, of the database and of the index, that others than the owner may use, and their modes.

    An empty one is not meant: it gets the mode 0600 before anything is written to it.
    """
    if settings.database is None:
        return []
    urls = [settings.database.address()]
    if settings.catalog.enabled:
        urls.append(settings.catalog.address(settings.database))
    found = [(path, _mode_of_content(path)) for url in urls if (path := sqlite_path(url)) is not None]
    return [(path, mode) for path, mode in found if mode & _OTHERS]


def _mode_of_content(path: Path) -> int:
    """Return the mode of a file that has content, 0 of others."""
    try:
        found = path.stat()
    except OSError:  # not there, or not to be used, which its first use says
        return 0
    return stat.S_IMODE(found.st_mode) if found.st_size else 0


@app.command()
def upgrade(config: Config = None) -> None:
    """Make the database unless it is there, and bring its tables up to date. Others that start meanwhile wait."""
    from customer_gateway.store.tables import REVISION

    async def work(database: Database) -> None:
        before = await database.upgrade()
        did = "is up to date" if before == REVISION else f"was brought from version {before or 'none'} up to date"
        typer.echo(f"{database.location} {did}: version {REVISION}.")

    in_database(settings_of(config, systems_required=False)[1], work)


@app.command()
def check(config: Config = None) -> None:
    """Say which database is configured, and whether this program can use it; change nothing. Exit code 0: it can."""
    in_database(settings_of(config, systems_required=False)[1], _check)


async def _check(database: Database) -> None:
    from customer_gateway.store.migration import refusal_of
    from customer_gateway.store.tables import REVISION

    found = await database.revision()
    if found is None:
        typer.echo(f"{database.location}: nothing is there yet; the first key makes it, or `database upgrade`.")
    elif found == REVISION:
        typer.echo(f"{database.location}: version {found}, up to date.")
    elif (refusal := refusal_of(found, database.location)) is not None:
        raise refusal
    else:
        typer.echo(f"{database.location}: version {found}; `customer-gateway database upgrade` makes it {REVISION}.")
        raise typer.Exit(1)
