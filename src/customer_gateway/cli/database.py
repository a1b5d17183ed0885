"""The verbs `customer-gateway database …`: its tables brought up to date, and looked at."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Final

import typer

from customer_gateway.cli.configured import Config, in_database, settings_of
from customer_gateway.store.address import sqlite_path

if TYPE_CHECKING:
    from pathlib import Path

    from customer_gateway.config import Settings
    from customer_gateway.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Bring the database up to date, or check it.")

_OTHERS: Final = 0o077


def file_open_to_others(settings: Settings) -> tuple[Path, int] | None:
    """Return the SQLite file that others than its owner may use, and its mode; None where there is none.

    An empty one is not meant: it gets the mode 0600 before anything is written to it.
    """
    path = None if settings.database is None else sqlite_path(settings.database.address())
    try:
        found = None if path is None else path.stat()
    except OSError:  # not there, or not to be used, which its first use says
        return None
    if path is None or found is None or not found.st_size or not found.st_mode & _OTHERS:
        return None
    return path, stat.S_IMODE(found.st_mode)


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
