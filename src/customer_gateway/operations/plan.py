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
    """One call: `path` with its keys, `template` without; the body, and what it changes by places of the record.

    `resource` names the part of the record that it writes, "" where that is the customer's own document.
    """

    method: str
    path: str
    template: str
    body: Document
    changes: Sequence[Change]
    resource: str = ""


def update_plan(writes: Writes, key: str, now: Present, values: Values) -> list[PlannedWrite]:
    """Return the calls that give the places of a customer new values; none for those that have them already."""
    path = writes.path_of(key)
    return [
        _update(name, writes.resources[name], path, now.document, changes)
        for name, changes in _by_resource(writes, changes_of(now.document, values)).items()
    ]


def create_plan(writes: Writes, values: Values) -> list[PlannedWrite]:
    """Return the calls that make a customer: the parts that are sent in its body, then those that follow it.

    The paths of those that follow have `{key}` still: the key is known when the customer is made.
    """
    grouped = {"": [], **_by_resource(writes, changes_of({}, values))}
    bodies = {name: writes.resources[name].create_body(_within(name, group)) for name, group in grouped.items()}
    planned: list[PlannedWrite] = []
    for name, member in [(name, writes.resources[name].inline) for name in grouped if name]:
        if member:
            bodies[""][member] = bodies[name]
            grouped[""] += grouped[name]
        elif (way := writes.resources[name].create) is not None:
            planned.append(PlannedWrite(*way, way[1], bodies[name], grouped[name], name))
    method, path = _way(writes.resources[""].create)
    return [PlannedWrite(method, path, path, bodies[""], grouped[""]), *planned]


def _way(way: tuple[str, str] | None) -> tuple[str, str]:
    if way is None:
        raise LookupError("no call of this vendor does it")  # the tables name one wherever a plan may need it
    return way


def _update(name: str, resource: Resource, path: str, document: Document, changes: Sequence[Change]) -> PlannedWrite:
    part = document.get(name) if name else document
    values = _within(name, changes)
    standing = part if is_object(part) else {}
    removed = bool(standing) and resource.is_removed_by(values)
    way = resource.delete if removed else resource.update if standing else resource.create
    method, template = _way(way)
    identity = next((str(standing[each]) for each in ("Id", "id") if each in standing), "")
    body = resource.update_body(standing, values) if standing else resource.create_body(values)
    body = {} if removed else body
    filled = template.replace("{key}", path).replace("{id}", identity)
    return PlannedWrite(method, filled, template, body, changes, name)


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
        found.setdefault(_resource_of(writes, change), []).append(change)
    return {name: found[name] for name in sorted(found)}


def _resource_of(writes: Writes, change: Change) -> str:
    top = change.place.partition(".")[0]
    return top if top in writes.resources else ""
