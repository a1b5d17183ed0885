"""The tables of docs/writing.md: what each system takes of a customer, written from the kinds, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.changes import PATCH_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from customer_gateway.documents.writing import Writes
    from customer_gateway.system import Kind

MARK: Final = "<!-- What follows is written by `make schema` from the code; a test compares it. -->"


def writing_document(text: str, kinds: Sequence[Kind]) -> str:
    """Return the document with the tables after its mark; what stands before the mark stays."""
    said, _, _ = text.partition(MARK)
    return "\n".join([f"{said}{MARK}", "", *_mutations(kinds), *_fields(kinds), *_systems(kinds)])


def _mutations(kinds: Sequence[Kind]) -> Iterable[str]:
    yield "## Mutations"
    yield ""
    yield "| system | `customerCreate` | `customerUpdate` | `customerArchive`, `customerRestore` |"
    yield "| --- | --- | --- | --- |"
    for kind in kinds:
        writes = kind.writes
        if writes is None:
            yield f"| {kind.title} | NOT_WRITABLE | NOT_WRITABLE | NOT_WRITABLE |"
            continue
        whole = "the document as just read, with the change" if writes.resources[""].whole else "the changed members"
        update = f"{_calls(writes, created=False)}: {whole}"
        archive = "NOT_WRITABLE" if writes.archive is None else "an update of its state"
        yield f"| {kind.title} | {_calls(writes, created=True)} | {update} | {archive} |"
    yield ""


def _calls(writes: Writes, *, created: bool) -> str:
    ways: dict[str, None] = {}
    for resource in writes.resources.values():
        way = resource.create if created else resource.update
        if way is not None and not (created and resource.inline):
            ways[f"`{way[0]} {way[1]}`"] = None
    return ", then ".join(ways)


def _fields(kinds: Sequence[Kind]) -> Iterable[str]:
    yield "## Unified fields"
    yield ""
    yield "The places of the vendor's document that a field writes. `!`: a customer always has one; a number: at most"
    yield "so many characters; `~`: it cannot be cleared."
    yield ""
    yield f"| field of the patch | {' | '.join(kind.title for kind in kinds)} |"
    yield f"| --- |{' --- |' * len(kinds)}"
    for name in PATCH_FIELDS:
        path = ".".join(graphql_name(part) for part in name.split("."))
        yield f"| `{path}` | {' | '.join(_cell(kind.writes, name) for kind in kinds)} |"
    yield ""


def _cell(writes: Writes | None, name: str) -> str:
    if writes is None or name not in writes.fields:
        return "-"
    places = writes.fields[name].places
    marks = ["!"] if writes.is_required(name) else [] if writes.is_clearable(name) else ["~"]
    lengths = {str(writes.most[place]) for place in places if place in writes.most}
    return " ".join([", ".join(f"`{place}`" for place in places), *marks, *sorted(lengths)])


def _systems(kinds: Sequence[Kind]) -> Iterable[str]:
    for kind in kinds:
        if kind.writes is not None:
            yield f"## What {kind.title} makes itself"
            yield ""
            yield "| place | why it is not written |"
            yield "| --- | --- |"
            yield from (f"| `{place}` | {why} |" for place, why in kind.writes.server_made.items())
            yield ""
