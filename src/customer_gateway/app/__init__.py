"""The composition root: all rooms are put together here and nowhere else."""

from customer_gateway.app.callers import authorities_of_issuer, build_authenticator, issuer_source
from customer_gateway.app.gateway import (
    build_app,
    build_engine,
    build_federation,
    build_journal,
    load_settings,
    systems_of_anonymous,
)
from customer_gateway.app.index import Catalog, KeptIndex, build_catalog, build_schedule, keep_index
from customer_gateway.app.schema import fields_markdown, gateway_schema, schema_text, writing_markdown
from customer_gateway.app.worker_process import application, worker

__all__ = [
    "Catalog",
    "KeptIndex",
    "application",
    "authorities_of_issuer",
    "build_app",
    "build_authenticator",
    "build_catalog",
    "build_engine",
    "build_federation",
    "build_journal",
    "build_schedule",
    "fields_markdown",
    "gateway_schema",
    "issuer_source",
    "keep_index",
    "load_settings",
    "schema_text",
    "systems_of_anonymous",
    "worker",
    "writing_markdown",
]
