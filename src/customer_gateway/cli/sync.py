"""The verb `customer-gateway sync`: passes that fill the index of customers, asked for now."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customer_gateway.cli.configured import Config, settings_of
from customer_gateway.errors import ConfigInvalid
from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.app import Catalog
    from customer_gateway.cli.passing import Following
    from customer_gateway.config import Settings
    from customer_gateway.model.catalog import SyncState
    from customer_gateway.model.passes import PassRow


def sync(
    systems: Annotated[list[str] | None, typer.Argument(help="Which; all that are configured unless named.")] = None,
    config: Config = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Believe what the last pass of these systems was SUSPECT for.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and no bars.")] = False,
) -> None:
    """Read every customer of the systems into the index, by the gateway that runs or by this command; wait for it.

    Exit code 1 where a pass failed, or is not believed.
    """
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    names = _named(settings, systems or [])
    if accept and not systems:
        raise ConfigInvalid("--accept needs the names of the systems that are believed.")
    configure_logs(plain=True, level="critical")
    print_states(*asyncio.run(_asked(settings, names, accept=accept, as_json=as_json)), as_json=as_json)


def print_states(rows: Mapping[str, PassRow], states: Mapping[str, SyncState], *, as_json: bool = False) -> None:
    """Print how passes ended; end with code 1 where one failed, or is not believed."""
    typer.echo(_json(rows, states) if as_json else "\n".join(_line(rows[name], states[name]) for name in rows))
    if any(each.state is not SyncStateName.IDLE for each in states.values()):
        raise typer.Exit(1)


def _named(settings: Settings, systems: Sequence[str]) -> Sequence[str]:
    if unknown := [name for name in systems if name not in settings.systems]:
        configured = ", ".join(settings.systems)
        raise ConfigInvalid(f"{', '.join(unknown)}: not configured as a system; configured are: {configured}.")
    return list(dict.fromkeys(systems)) or list(settings.systems)


async def _asked(
    settings: Settings, names: Sequence[str], *, accept: bool, as_json: bool
) -> tuple[Mapping[str, PassRow], Mapping[str, SyncState]]:
    from customer_gateway.cli.passing import opened, requested

    async with opened(settings) as (catalog, schedule):
        following = await requested(schedule, names, accept=accept)
        return await followed(catalog, following, as_json=as_json)


async def followed(
    catalog: Catalog, following: Following, *, as_json: bool = False
) -> tuple[Mapping[str, PassRow], Mapping[str, SyncState]]:
    """Show how far passes are until they have ended; return what is stored of the systems then."""
    from customer_gateway.cli.pass_bars import bars, nothing

    if as_json:
        rows = await following.follow(nothing)
    else:
        named = ", ".join(following.names)
        typer.echo(f"Passing {named}; a system that does not answer is tried for some minutes.", err=True)
        with bars(following.names) as show:
            rows = await following.follow(show)
    states = await catalog.passes.sync_states()
    return rows, {name: states[name] for name in rows}


def _line(row: PassRow, state: SyncState) -> str:
    if state.state is SyncStateName.IDLE:
        complete: dict[str, Any] = dict(row.details.get("complete", {}))
        spent = f"{complete.get('calls', 0)} calls in {complete.get('seconds', 0):.1f} s"
        return f"{row.system}: {state.records} customers, {spent}."
    text = f"{row.system}: {state.state.value}: {state.reason or 'not passed yet'}."
    if state.state is SyncStateName.SUSPECT:
        return f"{text} Nothing was marked missing. If it is right: customer-gateway sync --accept {row.system}"
    return text


def _json(rows: Mapping[str, PassRow], states: Mapping[str, SyncState]) -> str:
    listed = [
        {
            "system": name,
            "state": states[name].state.value,
            "records": states[name].records,
            "lastCompletedAt": None if row.completed_at is None else row.completed_at.isoformat(),
            "reason": states[name].reason,
        }
        for name, row in rows.items()
    ]
    return json.dumps(listed, indent=2, ensure_ascii=False)
