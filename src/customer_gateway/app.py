"""The composition root: settings, wire, systems, federation, api, http, put together here and nowhere else."""

from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from uvicorn.config import STARTUP_FAILURE

from customer_gateway import config
from customer_gateway.api.engine import Engine, RequestScope
from customer_gateway.api.fields_document import fields_document
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.schema import build_schema, sdl, unified_names
from customer_gateway.api.writing import Writing
from customer_gateway.api.writing_document import writing_document
from customer_gateway.environment import CONFIG_VARIABLE, NUMBERS_VARIABLE, WORKERS_VARIABLE
from customer_gateway.errors import ConfigInvalid
from customer_gateway.federation.request import Federation, RequestContext
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.audit import ReadAudit
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.model.cursors import CursorSigner
from customer_gateway.model.required_scopes import redacted_fields
from customer_gateway.operations.recovery import recovering
from customer_gateway.operations.service import Operations
from customer_gateway.server import collector
from customer_gateway.server.worker_number import claimed_number
from customer_gateway.server.workers import follow_supervisor
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.key_source import KeySource
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.system import Selection
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.wire import BudgetStore, DocumentSource, LimiterRegistry, WorkerShare, read_authorities

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from graphql import GraphQLSchema
    from starlette.applications import Starlette

    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.config import JwtSettings, Settings
    from customer_gateway.http import Example
    from customer_gateway.http.callers.authenticator import Keys, Tokens
    from customer_gateway.http.gateway_app import GatewayApp
    from customer_gateway.systems.registry import Vendor


def load_settings(path: Path | None, vendors: Sequence[Vendor] = VENDORS, *, systems_required: bool = True) -> Settings:
    """Return the settings of a file and the environment; raises `ConfigInvalid`."""
    models = {vendor.kind.slug: vendor.settings for vendor in vendors}
    return config.load(path, models, systems_required=systems_required)


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
    return Federation(systems, CursorSigner(_cursor_secret(settings)))


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
        _request_factory(federation, unified_names(schema), operations),
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
    journal = None if database is None else build_journal(settings, database)
    operations = None
    if journal is not None:
        seconds, written = settings.server.write_operation_seconds, federation.batchers.forget
        operations = Operations(federation.systems, journal, seconds=seconds, written=written)
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
            ):
                collector.freeze()  # what reading the keys has imported stays, too
                yield
        finally:
            await federation.aclose()
            for each in (database, issuer):
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
    return build_app(settings, wiring, examples=examples(systems_of_anonymous(settings)))


def _sharing(settings: Settings, wiring: Wiring) -> Wiring:
    """Return the wiring with its budgets kept in the configured Redis, if there is one."""
    if settings.server.redis is None:
        return wiring
    store = BudgetStore(settings.server.redis.get_secret_value())
    return replace(wiring, limiters=LimiterRegistry(share=wiring.limiters.share, store=store))


def _request_factory(
    federation: Federation, names: Mapping[str, Mapping[str, str]], operations: WritesCustomers | None = None
) -> Callable[[RequestScope], RequestContext]:
    # A thousand different selections, each no larger than the schema; operations that read the same fields share one.
    @lru_cache(maxsize=1_000)
    def selection_of(selected: frozenset[tuple[str, frozenset[str]]], redacted: frozenset[str]) -> Selection:
        return Selection(
            {
                type_name: frozenset(names[type_name].get(field, field) or field for field in fields)
                for type_name, fields in selected
                if type_name in names
            },
            redacted,
        )

    def request(scope: RequestScope) -> RequestContext:
        want = selection_of(frozenset(scope.fields.items()), redacted_fields(scope.rights))
        writing = None if operations is None else Writing(operations, scope.asker)
        return federation.request(want, scope.deadline, scope.extensions, scope.rights, scope.records_read, writing)

    return request


def _cursor_secret(settings: Settings) -> bytes:
    """Return what signs cursors: configured, else drawn from the systems' tables, limits and breakers apart.

    The same configuration signs alike in every worker and after every restart; a changed credential ends the cursors
    given out before, which then are INVALID_CURSOR.
    """
    if settings.server.cursor_secret is not None:
        return settings.server.cursor_secret.get_secret_value().encode()
    plain_settings: list[Any] = [(name, _plain_table(system)) for name, (_, system) in sorted(settings.systems.items())]
    return hashlib.sha256(repr(plain_settings).encode()).digest()


def _plain_table(system: Any) -> dict[str, str]:
    return {
        key: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for key, value in system
        if key not in {"limits", "breaker"}
    }
