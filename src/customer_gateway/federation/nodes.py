"""From ids to what they name: nouns found by type, system and key, each system asked once."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.errors import BadUserInput, Forbidden, UpstreamError
from customer_gateway.federation.customer import failures_of, read_customers
from customer_gateway.federation.fields import ColumnPart, located, partly
from customer_gateway.model.ids import NodeId, decode_id
from customer_gateway.model.required_scopes import NODES, forbidden
from customer_gateway.work.faults import read_all, read_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.ids import RecordRef
    from customer_gateway.system import System

_CUSTOMER_KEY: Final = attrgetter("customer_key")


def named(request: RequestContext, text: str) -> NodeId:
    """Return what a global id says.

    Raises `BadUserInput` for what is no id, for one of a system that is not configured, and for one to cache by;
    `Forbidden` where the caller lacks a scope that the noun needs.
    """
    found = decode_id(text)
    system = request.system(found.system, "This id")
    needed = NODES.get(found.type)
    if needed and (error := forbidden(needed, request.rights, f"A global id of an {found.type}")) is not None:
        raise error
    if found.type in {"System", system.kind.record.name}:
        instead = "system(name:)" if found.type == "System" else "customer(by:) with the system and key of the record"
        raise BadUserInput(f"This id names a {found.type}, which is no Node; use {instead}.")
    return found


async def node(request: RequestContext, asked: NodeId, path: Sequence[str | int] = ()) -> Any:
    """Return what the id names, for its `path`: None where its system has none such.

    Raises `UpstreamError` where it could not be read.
    """
    (found,) = await _find(request, asked.type, asked.system, [asked.key])
    if isinstance(found, UpstreamError):
        raise found
    return located(found, request, path)


async def customer(request: RequestContext, text: str, path: Sequence[str | int] = ()) -> Any:
    """Return the customer that the id names, as `node` does. Raises `BadUserInput` for the id of something else."""
    asked = decode_id(text)
    if asked.type != "Customer":
        raise BadUserInput(f"This id names a {asked.type}, not a Customer; use node(id:) for it.")
    return await node(request, asked, path)


async def customer_of_record(request: RequestContext, ref: RecordRef, what: str, path: Sequence[str | int] = ()) -> Any:
    """Return the customer that the record is of, as `node` does; `what` names the argument that gives the record."""
    system = request.system(ref.system, what)
    return await node(request, NodeId("Customer", system.name, ref.key), path)


def nodes(request: RequestContext, ids: Sequence[str], path: Sequence[str | int] = ()) -> list[ColumnPart]:
    """Return what each id names, for its place of the list at `path`: none waits for one of another type and
    system.

    None where its system has none such, an `UpstreamError` where that could not be read, `BadUserInput` for what is no
    id, or of a system that is not configured, `Forbidden` for a noun that the caller may not read.
    """
    wanted: dict[tuple[str, str], list[tuple[int, str]]] = {}
    parts: list[ColumnPart] = []
    for position, text in enumerate(ids):
        try:
            asked = named(request, text)
        except (BadUserInput, Forbidden) as error:
            parts.append(ColumnPart([position], [error]))
        else:
            wanted.setdefault((asked.type, asked.system), []).append((position, asked.key))
    for (kind, name), places in wanted.items():
        positions, keys = zip(*places, strict=True)
        parts.append(ColumnPart(positions, _find_at(request, kind, name, keys, [[*path, each] for each in positions])))
    return parts


async def _find_at(
    request: RequestContext, kind: str, name: str, keys: Sequence[str], paths: Sequence[Sequence[str | int]]
) -> list[Any]:
    found = await _find(request, kind, name, keys)
    return [located(each, request, path) for each, path in zip(found, paths, strict=True)]


async def _find(request: RequestContext, kind: str, name: str, keys: Sequence[str]) -> Sequence[Any]:
    """Return the nouns with these keys; an unexpected exception costs the keys that it concerns.

    A customer of which some records could not be read is `Incomplete`.

    Raises `BadUserInput` for a system that is not configured.
    """
    system = request.system(name, "This id")
    return await read_all(lambda some: _found(request, kind, system, some), keys, name, kind)


async def _found(request: RequestContext, kind: str, system: System, keys: Sequence[str]) -> Sequence[Any]:
    if kind == "Customer":
        customers, failures = await read_customers(request, system, keys)
        return [partly(each, failures_of(each)) for each in customers] if failures else customers
    if kind == "User":
        return await request.reads.load(system.users, keys) if system.users else [None] * len(keys)
    lookup = system.node_lookups.get(kind)
    found = await lookup(keys, request.reads) if lookup else [None] * len(keys)
    if request.records_read is not None:
        owners = [getattr(each, "customer_key", None) for each in found]
        request.note_read(system.name, [key for key in owners if isinstance(key, str)])
    return found


def customers_at(request: RequestContext, refs: Sequence[RecordRef | None]) -> list[ColumnPart]:
    """Return the customer of each record; None where there is no record, or its system has none such."""
    groups: dict[str | None, list[int]] = {}
    for position, ref in enumerate(refs):
        groups.setdefault(ref.system if ref else None, []).append(position)
    return [
        ColumnPart(positions, [None] * len(positions))
        if name is None
        else ColumnPart(
            positions, _find(request, "Customer", name, [ref.key for each in positions if (ref := refs[each])])
        )
        for name, positions in groups.items()
    ]


def customers_of(request: RequestContext, nouns: Sequence[Any]) -> list[ColumnPart]:
    """Return the customer of each noun (contact, account, agreement, invoice)."""
    groups: dict[str, list[int]] = {}
    for position, noun in enumerate(nouns):
        groups.setdefault(noun.system, []).append(position)
    return [
        ColumnPart(positions, _owners(request, request.systems[name], [nouns[each] for each in positions]))
        for name, positions in groups.items()
    ]


async def _owners(request: RequestContext, system: System, nouns: Sequence[Any]) -> list[Any]:
    keys = read_each(_CUSTOMER_KEY, nouns, system.name, "the customer's key")
    found = iter(await _find(request, "Customer", system.name, [key for key in keys if isinstance(key, str)]))
    return [next(found) if isinstance(key, str) else key for key in keys]
