"""docs/fields.md: which system supplies which unified field, written from the kinds and the schema, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.api.schema import fields_of, suppliers
from customer_gateway.documents.structs import VendorLeaf, graphql_name
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from graphql import GraphQLSchema

    from customer_gateway.documents.structs import Struct
    from customer_gateway.system import Kind


def fields_document(schema: GraphQLSchema, kinds: Sequence[Kind]) -> str:
    """Return the whole document as Markdown."""
    return "\n".join(
        [
            "# Fields",
            "",
            "Written by `make schema` from the code; a test compares it.",
            "",
            "## Unified fields of `Customer`",
            "",
            "● stands in the customer's own document, ○ is read by another call, - the system has no such field",
            "(null, lists empty, provenance `NOT_IN_SYSTEM`). What a system sends and cannot be read is null, too",
            "(`UNREADABLE`).",
            "",
            *_customer(schema, kinds),
            "## The nouns around it",
            "",
            "● the system has a source for the field, - it has none (null).",
            "",
            *_nouns(schema, kinds),
            *(line for kind in kinds for line in _documented(kind)),
        ]
    )


def _customer(schema: GraphQLSchema, kinds: Sequence[Kind]) -> Iterable[str]:
    marks = {graphql_name(name): [_symbol(kind, name) for kind in kinds] for name in UNIFIED_FIELDS}
    yield from _table(schema, kinds, "Customer", marks)


def _nouns(schema: GraphQLSchema, kinds: Sequence[Kind]) -> Iterable[str]:
    for type_name, fields in suppliers(schema, kinds).items():
        if type_name != "Customer":
            marks = {name: ["●" if kind in told_by else "-" for kind in kinds] for name, told_by in fields.items()}
            yield f"### `{type_name}`"
            yield ""
            yield from _table(schema, kinds, type_name, marks)


def _table(
    schema: GraphQLSchema, kinds: Sequence[Kind], type_name: str, marks: Mapping[str, Sequence[str]]
) -> Iterable[str]:
    fields = fields_of(schema, type_name)
    yield f"| field | {' | '.join(kind.title for kind in kinds)} | meaning |"
    yield f"| --- |{' :-: |' * len(kinds)} --- |"
    for name, marked in marks.items():
        meaning = (fields[name].description or "").partition(" Supplied by")[0]
        yield f"| `{name}` | {' | '.join(marked)} | {meaning} |"
    yield ""


def _symbol(kind: Kind, name: str) -> str:
    if name in kind.readers and name not in {"owner", "updater", "creator"}:
        return "○"
    return "●" if name in kind.supplies else "-"


def _documented(kind: Kind) -> Iterable[str]:
    yield f"## `{kind.record.name}`"
    yield ""
    yield from _struct(kind.record, set())


def _struct(struct: Struct, written: set[str]) -> Iterable[str]:
    written.add(struct.name)
    yield "| field | vendor's name | type | meaning |"
    yield "| --- | --- | --- | --- |"
    nested: list[Struct] = []
    for field in struct.fields:
        type_name = field.type.value if isinstance(field.type, VendorLeaf) else field.type.name
        shown = f"[{type_name}]" if field.many else type_name
        yield f"| `{field.name}` | `{field.vendor}` | {shown} | {field.about} |"
        if not isinstance(field.type, VendorLeaf) and field.type.name not in written:
            nested.append(field.type)
    yield ""
    for each in nested:
        if each.name not in written:
            yield f"### `{each.name}`"
            yield ""
            yield from _struct(each, written)
