"""Build the schema of the registered vendors, and the documents that are made of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from customer_gateway.api.fields_document import fields_document
from customer_gateway.api.schema import build_schema, sdl
from customer_gateway.api.writing_document import writing_document
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from customer_gateway.systems.registry import Vendor


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
