"""Build the gateway: settings, wire, systems, federation, operations, api, http."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from customer_gateway import config
from customer_gateway.api.engine import Engine
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.request_factory import request_factory
from customer_gateway.api.schema import unified_names
from customer_gateway.app.callers import build_authenticator
from customer_gateway.app.index import build_catalog, build_schedule, keep_index
from customer_gateway.app.schema import gateway_schema
from customer_gateway.catalog.keeping import keeping
from customer_gateway.catalog.schedule import passing
from customer_gateway.federation.request import Federation, RequestContext
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.audit import ReadAudit
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.model.signed_cursors import CursorSigner
from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.recovery import recovering
from customer_gateway.operations.service import Operations
from customer_gateway.server import collector
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.key_source import KeySource
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.wire import BudgetStore, LimiterRegistry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from starlette.applications import Starlette

    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.catalog.written import WrittenRecords
    from customer_gateway.config import Settings
    from customer_gateway.http import Example
    from customer_gateway.http.request_log import GatewayApp
    from customer_gateway.operations.requests import Written
    from customer_gateway.system import WrittenDocument
    from customer_gateway.systems.registry import Vendor


def load_settings(path: Path | None, vendors: Sequence[Vendor] = VENDORS, *, systems_required: bool = True) -> Settings:
    """Return the settings of a file and the environment; raises `ConfigInvalid`."""
    models = {vendor.kind.slug: vendor.settings for vendor in vendors}
    return config.load(path, models, systems_required=systems_required)


def build_federation(
    settings: Settings, wiring: Wiring | None = None, vendors: Sequence[Vendor] = VENDORS
) -> Federation:
    """Return the configured systems, connected; nothing is sent yet."""
    wiring = wiring or Wiring()
    connect = {vendor.kind.slug: vendor.connect for vendor in vendors}
    systems = {name: connect[kind](name, system, wiring) for name, (kind, system) in settings.systems.items()}
    return Federation(systems, CursorSigner(config.cursor_secret(settings)))


def build_engine(
    settings: Settings,
    federation: Federation,
    vendors: tuple[Vendor, ...] = VENDORS,
    operations: WritesCustomers | None = None,
) -> Engine:
    """Return the engine over the gateway's schema; its context is a `RequestContext` of the federation.

    Mutations are carried out by `operations`; without them nothing is written.
    """
    schema = gateway_schema(vendors)
    server = settings.server
    return Engine(
        schema,
        server.executor,
        request_factory(federation, unified_names(schema), operations),
        DocumentLimits(
            mutation_fields=server.mutation_fields,
            tokens=server.document_tokens,
            depth=server.document_depth,
            answer_values=server.answer_values,
            answer_bytes=server.answer_bytes,
        ),
        so_far=RequestContext.so_far,
        audits=settings.auth.audit_file is not None,
    )


def build_journal(settings: Settings, database: Database) -> OperationJournal:
    """Return the journal of writes in the database; neither SQLAlchemy nor a key is there before its first use."""
    configured = settings.database or config.DatabaseSettings()
    return OperationJournal(database, PrivateKeySource(configured.private_key(), configured.private_key_path))


def _notifying(federation: Federation, index: WrittenRecords | None) -> Written:
    """Return what is called when something was sent for a record: what was read of it is forgotten, then indexed."""

    def notify(system: str, key: str, document: WrittenDocument | None) -> None:
        federation.batchers.forget(system, key)
        if index is not None:
            index.note(system, key, document)

    return notify


def systems_of_anonymous(settings: Settings) -> tuple[str, ...]:
    """Return the systems that exist for a request without a credential, which GraphiQL's page may name."""
    auth = settings.auth
    if "customers:read" not in (auth.anonymous or ()):
        return ()
    return tuple(settings.systems if auth.anonymous_systems is None else auth.anonymous_systems)


def build_app(settings: Settings, wiring: Wiring | None = None, *, examples: tuple[Example, ...] = ()) -> GatewayApp:
    """Return the whole gateway as an ASGI application."""
    wiring = _sharing(settings, wiring or Wiring())
    database = None if settings.database is None else Database(settings.database.address())
    keys = None if database is None else KeyCache(KeySource(database))
    authenticator, issuer = build_authenticator(settings, keys)
    audit = None if settings.auth.audit_file is None else ReadAudit(settings.auth.audit_file)
    federation = build_federation(settings, wiring)
    schedule = updates = written = None
    if (catalog := build_catalog(settings)) is not None:
        federation, updates, written = keep_index(settings, federation, catalog)
        schedule = build_schedule(settings, catalog, federation)
    journal = None if database is None else build_journal(settings, database)
    operations = None
    if journal is not None:
        setup = Setup(
            federation.systems,
            journal,
            seconds=settings.server.write_operation_seconds,
            written=_notifying(federation, written),
        )
        operations = Operations(setup)
    http = HttpSettings(
        deadline_seconds=settings.server.deadline_seconds,
        body_bytes=settings.server.body_bytes,
        graphiql=settings.server.graphiql,
        examples=examples,
        partial_status=settings.server.partial_status,
        hosts=settings.server.hosts,
        origins=settings.server.origins,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        await wiring.limiters.open()
        try:
            async with (
                keys.following() if keys is not None else nullcontext(),
                audit.writing() if audit is not None else nullcontext(),
                catalog.index.segments.running() if catalog is not None else nullcontext(),
                keeping(updates, written, journal, catalog.passes, federation.systems)
                if catalog is not None and updates is not None and written is not None
                else nullcontext(),
                passing(schedule) if schedule is not None else nullcontext(),
                # The first to end: the index is notified of what is still written then.
                recovering(operations, journal) if operations is not None and journal is not None else nullcontext(),
            ):
                collector.freeze()  # what reading the keys has imported stays, too
                yield
        finally:
            await federation.aclose()
            for each in (database, issuer, None if catalog is None else catalog.database):
                if each is not None:
                    await each.aclose()
            await wiring.limiters.aclose()

    def circumstances() -> dict[str, str]:
        return {**wiring.limiters.circumstances(), **({} if keys is None else keys.circumstances())}

    engine = build_engine(settings, federation, operations=operations)
    return build_http(engine, http, authenticator, lifespan, circumstances, audit)


def _sharing(settings: Settings, wiring: Wiring) -> Wiring:
    """Return the wiring with its budgets kept in the configured Redis, if there is one."""
    if settings.server.redis is None:
        return wiring
    store = BudgetStore(settings.server.redis.get_secret_value())
    return replace(wiring, limiters=LimiterRegistry(share=wiring.limiters.share, store=store))
