"""Serve the configured systems: who may ask is checked before, by one process or by several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.cli import database
from customer_gateway.cli.configured import settings_of
from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from customer_gateway.config import Settings
    from customer_gateway.server.serving import Ending

_FIRST_KEY: Final = (
    "Make a first key by `customer-gateway keys create --name NAME`, or set `anonymous` or [auth.jwt] in [auth]."
)


def serve_configured(config: Path | None, host: str, port: int, workers: int, ending: Ending) -> bool:
    """Serve until the end is asked for; return whether it ended well. Raises `ConfigInvalid`, `DatabaseUnavailable`."""
    from customer_gateway.app import build_app, systems_of_anonymous
    from customer_gateway.http.graphiql.examples import examples
    from customer_gateway.logs import configure_logs
    from customer_gateway.server import serving
    from customer_gateway.systems.connection import Wiring

    path, settings = settings_of(config)
    is_anybody_known = _demand_callers(settings, host)
    configure_logs()
    # Also where workers build their own: it may refuse.
    gateway = build_app(settings, Wiring(), examples=examples(systems_of_anonymous(settings)))
    _warn_of_callers(settings, is_anybody_known=is_anybody_known)
    timeouts = serving.Timeouts(settings.server.deadline_seconds + 1, settings.server.write_seconds)
    with serving.listen(host, port) as connection:
        address = serving.address_of(connection)
        if workers > 1:
            from customer_gateway.server.workers import serve_by_workers

            _log_start(address)
            return serve_by_workers(path, workers, connection, ending, timeouts)
        return run(serving.serve(gateway, connection, ending, timeouts=timeouts, started=lambda: _log_start(address)))


def run(serving: Coroutine[Any, Any, bool]) -> bool:
    """Serve in an event loop of this thread; return whether it ended well."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serving)


def _warn_of_callers(settings: Settings, *, is_anybody_known: bool) -> None:
    """Log what an operator should know of the callers of a gateway that starts all the same."""
    if not is_anybody_known:
        _log().warning("no_callers", effect="every request is refused (401)", remedy=_FIRST_KEY)
    for file, mode in database.files_open_to_others(settings):
        remedy = f"chmod 600 {file}, and the files beside it"
        _log().warning("database_open_to_others", file=str(file), mode=f"{mode:04o}", remedy=remedy)


def _demand_callers(settings: Settings, host: str) -> bool:
    """Return whether a caller can be known; raise `ConfigInvalid` where none can, unless for this machine alone.

    A database that cannot be used ends it where keys alone would make callers known, a newer one in any case.
    """
    from customer_gateway.cli.keys import any_key
    from customer_gateway.server.serving import is_this_machine

    is_known = settings.auth.anonymous is not None or settings.auth.jwt is not None
    try:
        is_known = any_key(settings) or is_known
    except DatabaseUnavailable:
        if not is_known:
            raise
    if not is_known and not is_this_machine(host):
        raise ConfigInvalid(f"--host {host}: no caller can be known there yet. {_FIRST_KEY}")
    return is_known


def _log_start(address: str) -> None:
    _log().info("listening", address=f"{address}/graphql")


def _log() -> Any:
    import structlog

    return structlog.get_logger("customer_gateway.cli")
