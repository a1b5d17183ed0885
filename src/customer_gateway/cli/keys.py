"""The verbs `customer-gateway keys …`: API keys made, listed, rotated and revoked.

A key is printed once, alone on standard output; remarks go to standard error: KEY=$(customer-gateway keys create …).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from customer_gateway.cli import key_options
from customer_gateway.cli.configured import Config, in_database, settings_of
from customer_gateway.cli.key_options import KeyOptionUnfit
from customer_gateway.model.callers import ApiKey, Rights
from customer_gateway.model.key_text import digest_of, new_key, new_key_id

if TYPE_CHECKING:
    from customer_gateway.config import Settings
    from customer_gateway.store.api_keys import StoredKey
    from customer_gateway.store.database import Database

__all__ = ["KeyOptionUnfit", "any_key", "app"]

_SCOPES: Final = ["customers:read", "schema:read"]
_SCOPES_HELP: Final = f"What it may do; with commas, or several times. Unless given: {', '.join(_SCOPES)}."
_ONCE: Final = "It is shown this once; gateways that run take it within a few seconds."

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Make API keys, list, rotate and revoke them.")

Name = Annotated[str, typer.Argument(help="The key, as `keys list` names it.")]
Expires = Annotated[str | None, typer.Option(help="A date in UTC (2027-12-31), a time from now (90d, 12h), or never.")]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Who asks with it, such as shop; stands in the log.")],
    scopes: Annotated[
        list[str] | None,
        typer.Option(help=_SCOPES_HELP),
    ] = None,
    systems: Annotated[list[str] | None, typer.Option(help="The systems it sees; unless given all.")] = None,
    rate_class: Annotated[str | None, typer.Option(help="The class of its limits: kept, and not used yet.")] = None,
    expires: Expires = None,
    address: Annotated[
        list[str] | None, typer.Option(help="A network that alone may send it (192.0.2.0/24); several times.")
    ] = None,
    config: Config = None,
) -> None:
    """Make an API key and print it, once."""
    _, settings = settings_of(config, systems_required=False)
    text, now = new_key(), datetime.now(UTC)
    key = ApiKey(
        id=new_key_id(),
        name=key_options.name_of(name, "--name"),
        digest=digest_of(text),
        rights=Rights(
            key_options.scopes_of(scopes or _SCOPES),
            key_options.systems_of(systems, list(settings.systems)) if systems is not None else None,
        ),
        rate_class=key_options.name_of(rate_class, "--rate-class") if rate_class is not None else None,
        expires_at=key_options.moment_of(expires, now) if expires is not None else None,
        addresses=key_options.networks_of(address or []),
    )

    async def work(database: Database) -> bool:
        from customer_gateway.store.api_keys import ApiKeys

        return await ApiKeys(database).add(key, now)

    if not in_database(settings, work):
        raise KeyOptionUnfit(
            f"--name: there is a key {name} already: `keys rotate {name}` gives it a new secret, `keys revoke {name}` "
            "frees the name."
        )
    _show(text, f"The key {name}: {key_options.summary(key)}. {_ONCE}")


@app.command(name="list")
def list_keys(
    config: Config = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over: revoked, or replaced.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a list of objects.")] = False,
) -> None:
    """List the API keys: what they may do, until when, when last used. The keys themselves are not kept anywhere."""
    from customer_gateway.cli.key_table import json_text, table_text

    now = datetime.now(UTC)
    stored = _stored_keys(settings_of(config, systems_required=False)[1])
    shown = [each for each in stored if everything or not key_options.is_over(each, now)]
    are_more = len(shown) < len(stored)
    typer.echo(json_text(shown, now) if as_json else table_text(shown, now, are_more=are_more), nl=False)


@app.command()
def rotate(
    name: Name,
    overlap: Annotated[str, typer.Option(help="How long the secret of before is taken, too (24h, 30m, 0h).")] = "24h",
    expires: Expires = None,
    config: Config = None,
) -> None:
    """Give a key a new secret and print it, once; all else about it stays. The one of before ends after the overlap."""
    _, settings = settings_of(config, systems_required=False)
    text, now = new_key(), datetime.now(UTC)
    lasting = key_options.duration_of(overlap, "--overlap")
    current = _current(name, settings).key
    ends = current.expires_at if expires is None else key_options.moment_of(expires, now)
    if ends is not None and ends <= now:
        raise KeyOptionUnfit(f"{name} is expired; say with --expires until when the new secret is taken.")

    async def work(database: Database) -> bool:
        from customer_gateway.store.api_keys import ApiKeys

        return await ApiKeys(database).rotate(name, digest_of(text), now, lasting, ends)

    if not in_database(settings, work):
        raise _unknown(name, settings)
    before = "ends now" if not lasting else f"is taken until {key_options.written(now + lasting)} at most"
    _show(text, f"A new secret of {name}; the one of before {before}. {_ONCE}")


@app.command()
def revoke(name: Name, config: Config = None) -> None:
    """Revoke a key with all its secrets: gateways that run refuse it within 2 seconds."""
    _, settings = settings_of(config, systems_required=False)

    async def work(database: Database) -> bool:
        from customer_gateway.store.api_keys import ApiKeys

        return bool(await ApiKeys(database).list_all()) and await ApiKeys(database).revoke(name, datetime.now(UTC))

    if not in_database(settings, work):
        raise _unknown(name, settings)
    typer.echo(f"{name} is revoked; gateways that run refuse it within 2 seconds.", err=True)


def any_key(settings: Settings) -> bool:
    """Return whether there is a key that is taken, now. Raises `DatabaseNewer` and `DatabaseUnavailable`.

    Where no database is there it does not import SQLAlchemy.
    """

    async def work(database: Database) -> bool:
        if not await database.is_there():
            return False
        from customer_gateway.store.api_keys import ApiKeys

        now = datetime.now(UTC)
        return any(not key_options.is_ended(each.key, now) for each in await ApiKeys(database).list_all())

    return in_database(settings, work)


def _stored_keys(settings: Settings) -> list[StoredKey]:
    async def work(database: Database) -> list[StoredKey]:
        from customer_gateway.store.api_keys import ApiKeys

        return await ApiKeys(database).list_all()

    return in_database(settings, work)


def _current(name: str, settings: Settings) -> StoredKey:
    for stored in _stored_keys(settings):
        if stored.is_current and stored.key.name == name:
            return stored
    raise _unknown(name, settings)


def _unknown(name: str, settings: Settings) -> KeyOptionUnfit:
    names = [each.key.name for each in _stored_keys(settings) if each.is_current]
    return KeyOptionUnfit(f"There is no key {name!r}; there are: {', '.join(names) or 'none'}.")


def _show(text: str, remark: str) -> None:
    typer.echo(remark, err=True)
    typer.echo(text)
