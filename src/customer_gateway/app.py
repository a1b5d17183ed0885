"""The composition root: settings, wire, systems, federation, api, http, put together here and nowhere else."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import structlog
from uvicorn.config import STARTUP_FAILURE

from customer_gateway import config
from customer_gateway.api.engine import Engine
from customer_gateway.api.fields_document import fields_document
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.request_factory import request_factory
from customer_gateway.api.schema import build_schema, sdl, unified_names
from customer_gateway.api.writing_document import writing_document
from customer_gateway.catalog.keeping import keeping
from customer_gateway.catalog.passes import PassKit
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.schedule import Rhythm, Schedule, passing
from customer_gateway.catalog.updates import IndexUpdates
from customer_gateway.catalog.written import WrittenRecords
from customer_gateway.environment import CONFIG_VARIABLE, NUMBERS_VARIABLE, WORKERS_VARIABLE
from customer_gateway.errors import ConfigInvalid
from customer_gateway.federation.indexing import INDEXED, indexed, read_indexed
from customer_gateway.federation.observed_reads import ObservedReads
from customer_gateway.federation.request import Federation, RequestContext
from customer_gateway.federation.sync_states import KeptSyncStates
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.audit import ReadAudit
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.model.cursors import CursorSigner
from customer_gateway.operations.recovery import recovering
from customer_gateway.operations.service import Operations
from customer_gateway.server import collector
from customer_gateway.server.worker_number import claimed_number
from customer_gateway.server.workers import follow_supervisor
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.key_source import KeySource
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.store.schema import CATALOG
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.wire import BudgetStore, DocumentSource, LimiterRegistry, WorkerShare, read_authorities
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from graphql import GraphQLSchema
    from starlette.applications import Starlette

    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.config import JwtSettings, Settings
    from customer_gateway.http import Example
    from customer_gateway.http.callers.authenticator import Keys, Tokens
    from customer_gateway.http.gateway_app import GatewayApp
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.systems.registry import Vendor


def load_settings(path: Path | None, vendors: Sequence[Vendor] = VENDORS, *, systems_required: bool = True) -> Settings:
    """Return the settings of a file and the environment; raises `ConfigInvalid`."""
    models = {vendor.kind.slug: vendor.settings for vendor in vendors}
    return config.load(path, models, systems_required=systems_required)


@dataclass(frozen=True, slots=True)
class Catalog:
    """The index of customers: what finds in it, and what fills it."""

    database: Database
    index: CatalogIndex
    passes: CatalogPasses


@cache
def gateway_schema(vendors: tuple[Vendor, ...] = VENDORS) -> GraphQLSchema:
    """Return the schema of the registered vendors, whatever is configured."""
    return build_schema([vendor.kind for vendor in vendors])


def schema_text() -> str:
    """Return the schema in its own language, as `schema.graphql` holds it."""
    return sdl(gateway_schema())


def fields_markdown() -> str:
    """Write docs/fields.md: the unified fields and the vendors' documented ones."""
    return fields_document(gateway_schema(), [vendor.kind for vendor in VENDORS])


def writing_markdown(text: str) -> str:
    """Return docs/writing.md with the tables of the registered vendors; what stands before them stays."""
    return writing_document(text, [vendor.kind for vendor in VENDORS])


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


def build_authenticator(settings: Settings, keys: Keys | None = None) -> tuple[Authenticator, DocumentSource | None]:
    """Return what finds the callers of requests, and where the issuer's keys are read, which is to be closed."""
    auth = settings.auth
    systems = None if auth.anonymous_systems is None else frozenset(auth.anonymous_systems)
    unknown = None if auth.anonymous is None else anonymous(frozenset(auth.anonymous), systems)
    if auth.jwt is None:
        return Authenticator(unknown, keys), None
    tokens, issuer = _issuer(auth.jwt)
    return Authenticator(unknown, keys, tokens), issuer


def authorities_of_issuer(jwt: JwtSettings) -> bytes:
    """Return the certificates of `ca_file`, as PEM; none without one. Raise `ConfigInvalid`."""
    return b"" if jwt.ca_file is None else read_authorities(jwt.ca_file, "[auth.jwt] ca_file")


def issuer_source(jwt: JwtSettings) -> DocumentSource:
    """Return where the issuer's keys are read; raises `ConfigInvalid`."""
    from customer_gateway.http.callers.jwks import NAME  # late, as in `_issuer`

    return DocumentSource(NAME, jwt.jwks_url, authorities_of_issuer(jwt))


def _issuer(jwt: JwtSettings) -> tuple[Tokens, DocumentSource]:
    # Cryptography takes long to import, and most gateways have no users.
    from customer_gateway.http.callers import jwks
    from customer_gateway.http.callers.tokens import TokenVerifier

    issuer = issuer_source(jwt)
    policy = jwt.policy()
    return TokenVerifier(policy, jwks.IssuerKeys(issuer.fetch, policy.algorithms)), issuer


def build_journal(settings: Settings, database: Database) -> OperationJournal:
    """Return the journal of writes in the database; neither SQLAlchemy nor a key is there before its first use."""
    configured = settings.database or config.DatabaseSettings()
    return OperationJournal(database, PrivateKeySource(configured.private_key(), configured.private_key_place))


def build_catalog(settings: Settings) -> Catalog | None:
    """Return the index of customers; None where none is configured. SQLAlchemy is not there before its first use."""
    if settings.database is None or not settings.catalog.enabled:
        return None
    database = Database(settings.catalog.address(settings.database), CATALOG)
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    return Catalog(database, index, CatalogPasses(database, index))


def build_schedule(settings: Settings, catalog: Catalog, federation: Federation) -> Schedule:
    """Return what makes the passes that fill the index."""
    kit = PassKit(catalog.passes, INDEXED, indexed, lambda: datetime.now(UTC))
    return Schedule(kit, federation.systems, Rhythm(every=timedelta(seconds=settings.catalog.pass_seconds)))


class KeptIndex(NamedTuple):
    """A federation that finds in an index, and what keeps that: what reads bring, what was written."""

    federation: Federation
    updates: IndexUpdates
    written: WrittenRecords


def keep_index(settings: Settings, federation: Federation, catalog: Catalog) -> KeptIndex:
    """Return the federation that finds in the index, and what keeps that as the systems are by reads and writes."""

    def read(system: str, key: str) -> Awaitable[RecordChange | None]:
        return read_indexed(federation, system, key, Deadline.after(settings.server.deadline_seconds))

    updates, written = IndexUpdates(catalog.index, catalog.passes), WrittenRecords(catalog.index, read)
    observer, sync = ObservedReads(updates, written.stored), KeptSyncStates(catalog.passes)
    finding = replace(federation, finder=catalog.index, sync=sync, observer=observer)
    return KeptIndex(finding, updates, written)


def _each(*calls: Callable[[str, str], None]) -> Callable[[str, str], None]:
    """Return what makes all of the calls, in their order."""

    def call(system: str, key: str) -> None:
        for each in calls:
            each(system, key)

    return call


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
        forget = federation.batchers.forget
        operations = Operations(
            federation.systems,
            journal,
            seconds=settings.server.write_operation_seconds,
            written=forget if written is None else _each(forget, written.note),
        )
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
                recovering(operations, journal) if operations is not None and journal is not None else nullcontext(),
                passing(schedule) if schedule is not None else nullcontext(),
                keeping(updates, written, journal, federation.systems)
                if updates is not None and written is not None
                else nullcontext(),
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


def application() -> GatewayApp:
    """Return the application of one worker process under a supervisor, with which it ends."""
    follow_supervisor()
    return worker()


def worker() -> GatewayApp:
    """Return the application of one worker process, configured by the environment that `serve` sets.

    Where that is broken by now, it ends the process with the code at which the supervisor ends, too.
    """
    from customer_gateway.logs import configure_logs

    configure_logs()
    try:
        return _worker()
    except ConfigInvalid as error:
        structlog.get_logger("customer_gateway.app").error("worker_cannot_start", reason=str(error))
        raise SystemExit(STARTUP_FAILURE) from None


def _worker() -> GatewayApp:
    from customer_gateway.http.graphiql.examples import examples

    path = os.environ.get(CONFIG_VARIABLE)
    numbers = os.environ.get(NUMBERS_VARIABLE)
    share = WorkerShare(int(os.environ.get(WORKERS_VARIABLE, "1")), claimed_number(Path(numbers)) if numbers else None)
    wiring = Wiring(limiters=LimiterRegistry(share=share))
    settings = load_settings(Path(path) if path else None)
    shown = examples(systems_of_anonymous(settings), finds=settings.database is not None and settings.catalog.enabled)
    return build_app(settings, wiring, examples=shown)


def _sharing(settings: Settings, wiring: Wiring) -> Wiring:
    """Return the wiring with its budgets kept in the configured Redis, if there is one."""
    if settings.server.redis is None:
        return wiring
    store = BudgetStore(settings.server.redis.get_secret_value())
    return replace(wiring, limiters=LimiterRegistry(share=wiring.limiters.share, store=store))
