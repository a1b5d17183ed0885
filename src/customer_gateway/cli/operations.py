"""The verbs `customer-gateway operations …`: what became of writes, and finding out where that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from customer_gateway.cli.configured import Config, in_database, settings_of
from customer_gateway.model.operations import OperationState  # noqa: TC001 - typer reads annotations at run time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.config import Settings
    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.operations.requests import Outcome
    from customer_gateway.store.database import Database
    from customer_gateway.store.journal import OperationJournal

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List writes, show one, find out what became of one."
)

_ACTOR: Final = "operator:cli"

Id = Annotated[str, typer.Argument(help="The operation, as `operations list` names it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


class NoOperation(Exception):
    """No operation has the id that was given, or none that can be asked about; the message says which."""


def _unknown(id: str) -> NoOperation:  # noqa: A002 - as everywhere in the model
    return NoOperation(f"There is no operation {id!r}; `customer-gateway operations list` lists those there are.")


@app.command(name="list")
def list_operations(
    state: Annotated[
        list[OperationState] | None, typer.Option(case_sensitive=False, help="Those in this state; several times.")
    ] = None,
    system: Annotated[list[str] | None, typer.Option(help="Those on records of this system; several times.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    config: Config = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the operations, the newest first. Neither names nor other values of customers are shown."""
    from customer_gateway.cli.operation_text import list_json, table_text

    settings = _quiet_settings(config)

    async def work(database: Database) -> Sequence[StoredOperation]:
        return await _without_values(database).page(limit, states=state or (), systems=system or None)

    found = in_database(settings, work)
    typer.echo(list_json(found) if as_json else table_text(found), nl=False)


@app.command()
def show(
    id: Id,  # noqa: A002 - as everywhere in the model
    config: Config = None,
    *,
    values: Annotated[
        bool, typer.Option("--values", help="Show the values before and after, as long as they are kept.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show an operation: its calls, the places that they change, what came of them."""
    from customer_gateway.app import build_journal

    settings = _quiet_settings(config)

    async def work(database: Database) -> StoredOperation | None:
        return await (build_journal(settings, database) if values else _without_values(database)).find(id)

    if (found := in_database(settings, work)) is None:
        raise _unknown(id)
    _print(found, values=values, as_json=as_json)


@app.command(name="settle")
def find_out(
    id: Id,  # noqa: A002 - as everywhere in the model
    seconds: Annotated[float, typer.Option(min=1, help="How long it may take.")] = 30.0,
    config: Config = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find out at its system what became of an operation; exit code 1 where that is still open."""
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config)
    configure_logs(plain=True, level="critical")

    async def work(database: Database) -> tuple[Outcome, StoredOperation | None]:
        return await _outcome_of(settings, database, id, seconds)

    outcome, operation = in_database(settings, work)
    for error in outcome.errors:
        typer.echo(f"{error.code.value}: {error.message}", err=True)
    if operation is not None:
        _print(operation, values=False, as_json=as_json)
    if operation is None or operation.settled_at is None:
        raise typer.Exit(1)


async def _outcome_of(
    settings: Settings,
    database: Database,
    id: str,  # noqa: A002 - as everywhere in the model
    seconds: float,
) -> tuple[Outcome, StoredOperation | None]:
    """Return what came of it, and the operation as it is stored by then. Raises `NoOperation`."""
    from customer_gateway.app import build_federation, build_journal
    from customer_gateway.model.callers import EVERY_RIGHT
    from customer_gateway.operations.attempts import Setup
    from customer_gateway.operations.service import Operations
    from customer_gateway.work.deadline import Deadline

    journal = build_journal(settings, database)
    if (found := await journal.find(id)) is None:
        raise _unknown(id)
    if found.system not in settings.systems:
        raise NoOperation(f"The operation {id} is one on {found.system}, which is not configured as a system here.")
    federation = build_federation(settings)
    service = Operations(Setup(federation.systems, journal, seconds=seconds))
    try:
        outcome = await service.settle(id, _ACTOR, EVERY_RIGHT, Deadline.after(seconds))
    finally:
        await service.aclose()  # it gives the record's lease up
        await federation.aclose()
    if outcome is None:  # it was deleted meanwhile
        raise _unknown(id)
    return outcome, await journal.find(id)


def _without_values(database: Database) -> OperationJournal:
    """Return the journal without a key: what it tells has no personal values, and no key is needed for that."""
    from customer_gateway.store.journal import OperationJournal
    from customer_gateway.store.private_key import PrivateKeySource

    return OperationJournal(database, PrivateKeySource(None, lambda: None))


def _quiet_settings(config: Config) -> Settings:
    """Return the settings; logs are off, since values that cannot be read are told on standard output."""
    from customer_gateway.logs import configure_logs

    _, settings = settings_of(config, systems_required=False)
    configure_logs(plain=True, level="critical")
    return settings


def _print(operation: StoredOperation, *, values: bool, as_json: bool) -> None:
    from customer_gateway.cli.operation_text import operation_json, operation_text

    write = operation_json if as_json else operation_text
    typer.echo(write(operation, values=values), nl=False)
