"""The command `customer-gateway`: a verb each for what a person wants; what is done stands in the modules it calls.

Exit codes: 0 done, 1 something is wrong (named in words), 2 the configuration or the command line is.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from typer.core import TyperGroup

from customer_gateway.cli import catalog, database, keys, operations, schema_file, sync
from customer_gateway.cli.configured import Config, settings_of
from customer_gateway.environment import PORT_VARIABLE, WORKERS_VARIABLE
from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from customer_gateway.config import Settings
    from customer_gateway.server.serving import Ending

_PORT: Final = 8000
_SANDBOX_PORT: Final = 9301
_LAST_PORT: Final = 65_535
_SWAP_SECONDS: Final = 30.0
_FIRST_KEY: Final = (
    "Make a first key by `customer-gateway keys create --name NAME`, or set `anonymous` or [auth.jwt] in [auth]."
)
_ANONYMOUS: Final = (
    'write `anonymous = ["customers:read"]` under [auth] to say what a request without a credential may do.'
)
_UNFOLDED: Final = 10_000


class _Verbs(TyperGroup):
    """Errors that are printed as plain lines, whichever verb raised them."""

    def invoke(self, ctx: Any) -> Any:
        from customer_gateway.sandbox import DirectoryUnfit, PortTaken
        from customer_gateway.server.serving import CannotListen

        try:
            return super().invoke(ctx)
        except (ConfigInvalid, schema_file.NoSchema, keys.KeyOptionUnfit, operations.NoOperation) as error:
            raise _failed(str(error), code=2) from None
        except PortTaken as error:
            raise _failed(f"{error}\n--sandbox-port 0 takes free ones.") from None
        except (CannotListen, DatabaseUnavailable, DirectoryUnfit, schema_file.FileUnfit, UpstreamError) as error:
            raise _failed(str(error)) from None


app = typer.Typer(cls=_Verbs, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

app.add_typer(keys.app, name="keys")
app.add_typer(database.app, name="database")
app.add_typer(operations.app, name="operations")
app.add_typer(catalog.app, name="catalog")
app.command()(sync.sync)


def _ports_from(first: int) -> int:
    """Return the value of --sandbox-port, if a port for each vendor follows it."""
    from customer_gateway.sandbox import PORTS

    last = _LAST_PORT - len(PORTS) + 1
    if first > last:
        raise typer.BadParameter(
            f"the vendors take {len(PORTS)} ports from {first} on, and there are none above {_LAST_PORT}; give {last} "
            "or less, or 0 for free ones"
        )
    return first


Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
SandboxPort = Annotated[
    int,
    typer.Option(
        "--sandbox-port",
        min=0,
        callback=_ports_from,
        help="The first of the vendors' ports, which follow one another; 0: free ones.",
    ),
]


@app.callback(invoke_without_command=True)
def _nothing_asked(ctx: typer.Context) -> None:
    """One GraphQL Customer over the REST APIs of back-office systems. To begin: customer-gateway demo."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command()
def demo(
    port: Port = _PORT,
    sandbox_port: SandboxPort = _SANDBOX_PORT,
    *,
    rate_limits: Annotated[bool, typer.Option("--rate-limits", help="The vendors count and refuse calls.")] = False,
    logs: Annotated[bool, typer.Option("--logs", help="Show every request and every call to a vendor.")] = False,
) -> None:
    """Start the sandbox's vendors and a gateway over them. Needs no configuration."""
    from customer_gateway.server.serving import Ending, listen

    ending = Ending(hangup_ends=True)
    with ending.on_signals():
        from customer_gateway.cli.demo import run_demo
        from customer_gateway.logs import configure_logs

        configure_logs(plain=True, level="info" if logs else "warning")
        with listen("127.0.0.1", port) as connection:
            _run(run_demo(connection, ending, first_port=sandbox_port, rate_limits=rate_limits, say=_say))


@app.command()
def serve(
    config: Config = None,
    host: Annotated[
        str,
        typer.Option(help="Where to listen; elsewhere than on this machine callers must be known, by [auth] or a key."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, envvar=PORT_VARIABLE, help="0 takes a free one.")] = _PORT,
    workers: Annotated[
        int, typer.Option(min=1, envvar=WORKERS_VARIABLE, help="Processes; they share the vendors' rate budgets.")
    ] = 1,
    insecure_no_auth: Annotated[  # noqa: FBT002 - an option, given by name
        bool, typer.Option("--insecure-no-auth", hidden=True)
    ] = False,
) -> None:
    """Serve the configured systems: GraphQL and GraphiQL at /graphql, health at /livez and /readyz."""
    from customer_gateway.server.serving import Ending

    if insecure_no_auth:
        raise _failed(f"--insecure-no-auth is gone: {_ANONYMOUS}", code=2)
    ending = Ending()
    with ending.on_signals():
        _serve(config, host, port, workers, ending)


@app.command()
def sandbox(
    sandbox_port: SandboxPort = _SANDBOX_PORT,
    customers: Annotated[int, typer.Option(min=1, help="How many each vendor has.")] = 300,
    directory: Annotated[Path | None, typer.Option(help="Keep what is written, as SQLite files here.")] = None,
    *,
    rate_limits: Annotated[bool, typer.Option(help="Whether the vendors count and refuse calls.")] = True,
    reset: Annotated[bool, typer.Option("--reset", help="Begin with fresh files in --directory.")] = False,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print a gateway.toml for these ports and end.")
    ] = False,
) -> None:
    """Serve the vendors' APIs with made-up customers, for development."""
    from customer_gateway.cli.demo import sandbox_config, sandbox_ports
    from customer_gateway.sandbox import run_sandbox

    if print_config:
        if not sandbox_port:
            raise _failed("--print-config needs ports that are known: not --sandbox-port 0.", code=2)
        typer.echo(sandbox_config(sandbox_port), nl=False)
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    run_sandbox(
        ports=sandbox_ports(sandbox_port),
        rate_limits=rate_limits,
        customers=customers,
        directory=directory,
        reset=reset,
        say=_say,
    )


@app.command()
def schema(
    write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    check: Annotated[Path | None, typer.Option(help="Compare it with this file; a difference is exit code 1.")] = None,
    fields: Annotated[Path | None, typer.Option(help="Write which system supplies which field to this file.")] = None,
    writing: Annotated[Path | None, typer.Option(help="Write what can be written into this file's tables.")] = None,
) -> None:
    """Print the GraphQL schema in its own language."""
    from customer_gateway.app import fields_markdown, schema_text, writing_markdown

    text = schema_text()
    if writing is not None:
        schema_file.write(writing, writing_markdown(schema_file.read(writing)))
    if fields is not None:
        schema_file.write(fields, fields_markdown())
    if write is not None:
        schema_file.write_schema(write, text)
    if check is not None and (found := schema_file.difference(check, text)):
        raise _failed(found + f"\n{check} is not the schema; `customer-gateway schema --write {check}` makes it so.")
    if all(each is None for each in (write, check, fields, writing)):
        typer.echo(text, nl=False)


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="The system, as its table is called: north for [systems.north].")],
    config: Config = None,
) -> None:
    """Get the access token of a system whose vendor gives one for a one-time key, once; write it to `token_file`."""
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    configure_logs(plain=True, level="critical")
    _say(asyncio.run(_fetched_token(name, settings)))


@app.command()
def doctor(
    config: Config = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each stage may take.")] = 10.0,
) -> None:
    """Examine each configured system, and issuer, database and Redis beside them; say what to mend."""
    from customer_gateway.cli.doctor import examine, table, to_mend
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    configure_logs(plain=True, level="critical")
    checkups = asyncio.run(examine(settings, seconds=seconds))
    _console().print(table(checkups))
    for line in to_mend(checkups):
        typer.echo(line)
    _succeed(all(checkup.well for checkup in checkups))


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version

    typer.echo(version("customer-gateway"))


def main() -> None:
    """Run the console script."""
    app(prog_name="customer-gateway")


async def _fetched_token(name: str, settings: Settings) -> str:
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


def _serve(config: Path | None, host: str, port: int, workers: int, ending: Ending) -> None:
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
            _succeed(serve_by_workers(path, workers, connection, ending, timeouts))
            return
        _run(serving.serve(gateway, connection, ending, timeouts=timeouts, started=lambda: _log_start(address)))


def _warn_of_callers(settings: Settings, *, is_anybody_known: bool) -> None:
    """Log what an operator should know of the callers of a gateway that starts all the same."""
    if not is_anybody_known:
        _log().warning("no_callers", effect="every request is refused (401)", remedy=_FIRST_KEY)
    if (found := database.file_open_to_others(settings)) is not None:
        file, mode = found
        remedy = f"chmod 600 {file}, and the files beside it"
        _log().warning("database_open_to_others", file=str(file), mode=f"{mode:04o}", remedy=remedy)


def _demand_callers(settings: Settings, host: str) -> bool:
    """Return whether a caller can be known; end where none can, unless it listens on this machine alone.

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
        raise _failed(f"--host {host}: no caller can be known there yet. {_FIRST_KEY}", code=2)
    return is_known


def _console() -> Console:
    """Make a console as wide as the terminal; piped text is searched, so no cell of it is folded."""
    return Console(width=None if sys.stdout.isatty() else _UNFOLDED)


def _run(serving: Coroutine[Any, Any, bool]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        _succeed(runner.run(serving))


def _log_start(address: str) -> None:
    _log().info("listening", address=f"{address}/graphql")


def _log() -> Any:
    import structlog

    return structlog.get_logger("customer_gateway.cli")


def _say(text: str) -> None:
    typer.echo(text)


def _succeed(done: bool) -> None:  # noqa: FBT001 - an outcome, not an option
    if not done:
        raise typer.Exit(1)


def _failed(text: str, code: int = 1) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(code)
