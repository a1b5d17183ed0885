"""The configuration that a verb runs on, and the database that it names."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from customer_gateway.environment import CONFIG_VARIABLE
from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from customer_gateway.config import Settings

_T = TypeVar("_T")
_HERE: Final = Path("gateway.toml")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar=CONFIG_VARIABLE,
        help="The TOML file. Unless given: gateway.toml here if there is one, else the environment alone.",
    ),
]


def settings_of(config: Path | None, *, systems_required: bool = True) -> tuple[Path | None, Settings]:
    """Return the file that is used, None for the environment alone, and what stands in both."""
    from customer_gateway.app import load_settings

    path = config or (_HERE if _HERE.is_file() else None)
    return path, load_settings(path, systems_required=systems_required)


def in_database(settings: Settings, work: Callable[[Database], Awaitable[_T]]) -> _T:
    """Do work with the configured database, and close it."""
    from customer_gateway.config import DatabaseSettings

    async def run() -> _T:
        database = Database((settings.database or DatabaseSettings()).address())
        try:
            return await work(database)
        finally:
            await database.aclose()

    return asyncio.run(run())
