"""The command `customer-gateway`: a verb each for what a person wants; what is done stands in the modules it calls.

Exit codes: 0 done, 1 something is wrong (named in words), 2 the configuration or the command line is.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path  # noqa: TC003 - typer reads annotations at run time
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from typer.core import TyperGroup

from customer_gateway.cli import catalog, database, keys, operations, schema_file, sync, token
from customer_gateway.cli.configured import Config, settings_of
from customer_gateway.environment import PORT_VARIABLE, WORKERS_VARIABLE
from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable, UpstreamError

_PORT: Final = 8000
_SANDBOX_PORT: Final = 9301
_LAST_PORT: Final = 65_535
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
app.command()(token.token)


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
        from customer_gateway.cli.serving import run
        from customer_gateway.logs import configure_logs

        configure_logs(plain=True, level="info" if logs else "warning")
        with listen("127.0.0.1", port) as connection:
            _succeed(run(run_demo(connection, ending, first_port=sandbox_port, rate_limits=rate_limits, say=_say)))


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
        from customer_gateway.cli.serving import serve_configured

        _succeed(serve_configured(config, host, port, workers, ending))


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


def _console() -> Console:
    """Make a console as wide as the terminal; piped text is searched, so no cell of it is folded."""
    return Console(width=None if sys.stdout.isatty() else _UNFOLDED)


def _say(text: str) -> None:
    typer.echo(text)


def _succeed(done: bool) -> None:  # noqa: FBT001 - an outcome, not an option
    if not done:
        raise typer.Exit(1)


def _failed(text: str, code: int = 1) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(code)
