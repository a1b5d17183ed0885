"""Plan a write: the calls in order, and for each the places of the vendor's document that change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customer_gateway.documents.changes import Change, changes_of
from customer_gateway.documents.values import is_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Present, Resource, Values, Writes


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """One call: `path` with its keys, `template` without; the body, and what it changes by places of the record."""

    method: str
    path: str
    template: str
    body: Document
    changes: Sequence[Change]


def update_plan(writes: Writes, key: str, now: Present, values: Values) -> list[PlannedWrite]:
    """Return the calls that give the places of a customer new values; none for those that have them already."""
    path = writes.path_of(key)
    return [
        _update(name, writes.resources[name], path, now.document, changes)
        for name, changes in _by_resource(writes, changes_of(now.document, values)).items()
    ]


def create_plan(writes: Writes, values: Values) -> list[PlannedWrite]:
    """Return the calls that make a customer; parts with calls of their own follow it, their path still with `{key}`."""
    grouped = _by_resource(writes, changes_of({}, values))
    grouped.setdefault("", [])
    planned: list[PlannedWrite] = []
    for name in sorted(grouped):
        resource = writes.resources[name]
        if resource.create is not None:
            method, template = resource.create
            body = resource.create_body(_within(name, grouped[name]))
            planned.append(PlannedWrite(method, template, template, body, grouped[name]))
    return planned


def _update(name: str, resource: Resource, path: str, document: Document, changes: Sequence[Change]) -> PlannedWrite:
    part = document.get(name) if name else document
    values = _within(name, changes)
    standing = part if is_object(part) else {}
    way = resource.update if standing else resource.create
    if way is None:
        raise LookupError(f"{name or 'the customer'} has no call that writes it")  # the tables name one for each
    method, template = way
    identity = next((str(standing[each]) for each in ("Id", "id") if each in standing), "")
    body = resource.update_body(standing, values) if standing else resource.create_body(values)
    return PlannedWrite(method, template.replace("{key}", path).replace("{id}", identity), template, body, changes)


def _within(name: str, changes: Sequence[Change]) -> dict[str, Any]:
    """Return the new values by their places within the document of a resource."""
    before = f"{name}." if name else ""
    return dict(_pairs(before, changes))


def _pairs(before: str, changes: Sequence[Change]) -> Iterator[tuple[str, Any]]:
    for change in changes:
        if before and change.place == before.removesuffix("."):
            yield from (change.after if is_object(change.after) else {}).items()
        else:
            yield change.place.removeprefix(before), change.after


def _by_resource(writes: Writes, changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Group changes by the resource that each belongs to, the customer's own first."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        top = change.place.partition(".")[0]
        found.setdefault(top if top in writes.resources else "", []).append(change)
    return {name: found[name] for name in sorted(found)}
