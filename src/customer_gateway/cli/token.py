"""The verb `customer-gateway token`: the access token of a system, whose vendor gives it for a one-time key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import typer

from customer_gateway.cli.configured import Config, settings_of
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from customer_gateway.config import Settings

_SWAP_SECONDS: Final = 30.0


def token(
    name: Annotated[str, typer.Argument(help="The system, as its table is called: north for [systems.north].")],
    config: Config = None,
) -> None:
    """Get the access token of a system whose vendor gives one for a one-time key, once; write it to `token_file`."""
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    configure_logs(plain=True, level="critical")
    typer.echo(asyncio.run(_fetched(name, settings)))


async def _fetched(name: str, settings: Settings) -> str:
    from customer_gateway.systems.connection import Wiring
    from customer_gateway.systems.registry import VENDORS
    from customer_gateway.work.deadline import Deadline

    ways = {vendor.kind.slug: vendor.fetch_token for vendor in VENDORS if vendor.fetch_token is not None}
    kind, system = settings.systems.get(name, ("", None))
    if kind not in ways:
        known = ", ".join(other for other, (each, _) in settings.systems.items() if each in ways)
        kinds = " or ".join(ways)
        raise ConfigInvalid(f"{name}: expected a system of kind {kinds or 'none'}; configured are: {known or 'none'}.")
    return await ways[kind](name, system, Wiring(), Deadline.after(_SWAP_SECONDS))
