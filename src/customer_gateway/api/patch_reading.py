"""Read the `patch` of a mutation as it was coerced: names of the model, keys in place of global ids, and refusals."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.documents.structs import Struct, graphql_name
from customer_gateway.documents.values import is_object
from customer_gateway.errors import BadUserInput
from customer_gateway.model.changes import ListPatch
from customer_gateway.model.ids import decode_id
from customer_gateway.model.operations import UserError, UserErrorCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.changes import Patch
    from customer_gateway.system import System

    Path = tuple[str, ...]

_GROUPS: Final = frozenset({"address", "billing", "billing.address", "billing.einvoice"})
_WRITES_BILLING: Final = "billing:write"
_TO_WRITE: Final = {"billing:read": _WRITES_BILLING, "secrets:read": "secrets:read"}
"""The scope that writing a field needs, by the scope that reading it needs."""


class ReadPatch(NamedTuple):
    """The patch as `documents.patching` takes it, and why some of it is not written."""

    patch: Patch
    errors: list[UserError]


def read_patch(given: Mapping[str, Any], system: System, rights: Rights) -> ReadPatch:
    """Return a coerced `CustomerPatch` for a customer of the system.

    What its caller may not write is left out of the patch: of that nothing but FORBIDDEN is reported, not whether the
    record has such an entry, or the vendor such a user.
    """
    forbidden = [*_forbidden(given, system, rights)]
    errors = [*forbidden, *_unfit_lists(given, ("patch",))]
    patch: dict[str, Any] = {}
    for name, value in _flat(_without(given, {each.field for each in forbidden}, ("patch",))):
        path = ("patch", *map(graphql_name, name.split(".")))
        if name in {"owner_id", "billing.recipient_ids"} and value is not None:
            try:
                patch[name] = _key(value, system) if isinstance(value, str) else [_key(each, system) for each in value]
            except BadUserInput as error:
                errors.append(UserError(UserErrorCode.INVALID, str(error), path, system.name))
        else:
            patch[name] = value
    return ReadPatch(patch, errors)


def _without(given: Mapping[str, Any], paths: set[Path | None], here: Path) -> dict[str, Any]:
    """Return what was given without the members at some paths, and without those of a list that has one inside."""
    kept: dict[str, Any] = {}
    for name, value in given.items():
        path = (*here, graphql_name(name))
        inside = any(each is not None and each[: len(path)] == path for each in paths)
        if not inside:
            kept[name] = value
        elif path not in paths and is_object(value):
            kept[name] = _without(value, paths, path)
    return kept


def _flat(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields by their dotted model names; a group that is null stands for itself, a section, too."""
    for name, value in given.items():
        dotted = f"{before}{name}"
        if dotted in _GROUPS and value is not None:
            yield from _flat(value, f"{dotted}.")
        else:
            yield dotted, value


def _key(text: str, system: System) -> str:
    found = decode_id(text)
    if found.type != "User" or found.system != system.name:
        raise BadUserInput(f"This id names no user of {system.name}; System.users lists them.")
    return found.key


def _unfit_lists(value: Any, path: Path) -> Iterator[UserError]:
    """Yield the refusals of lists that are set and changed at once."""
    if isinstance(value, ListPatch):
        if value.set is not None and (value.add or value.update or value.remove):
            message = "A list takes set alone, or add, update and remove. Give one of both."
            yield UserError(UserErrorCode.EXCLUSIVE, message, path)
        for each in chain(value.set or (), value.add, value.update):
            yield from _unfit_lists(each, path)
    elif is_object(value):
        for name, each in value.items():
            yield from _unfit_lists(each, (*path, graphql_name(name)))


def _forbidden(given: Mapping[str, Any], system: System, rights: Rights) -> Iterator[UserError]:
    """Yield the refusals of what only those may write who may write how a customer is billed, or read its secrets.

    Who may not read a secret may not write it: a plan that makes no call would show what stands there.
    """
    if "billing" in given and _WRITES_BILLING not in rights.scopes:
        members = given["billing"]
        paths = [("patch", "billing", graphql_name(name)) for name in members] if members else [("patch", "billing")]
        yield from (_needs(_WRITES_BILLING, path) for path in paths)
    slug = system.kind.slug
    if section := given.get(slug):
        yield from _forbidden_members(system.kind.record, section, ("patch", slug), rights)


def _forbidden_members(struct: Struct, given: Mapping[str, Any], path: Path, rights: Rights) -> Iterator[UserError]:
    fields = {each.name: each for each in struct.fields}
    for name, value in given.items():
        field, here = fields[name], (*path, name)
        needed = {_TO_WRITE[scope] for scope in field.scopes if scope in _TO_WRITE}
        if lacking := sorted(needed - rights.scopes):
            yield _needs(", ".join(lacking), here)
        elif isinstance(field.type, Struct):
            for part in _parts(value):
                yield from _forbidden_members(field.type, part, here, rights)


def _parts(value: Any) -> Iterable[Mapping[str, Any]]:
    """Return the objects that are given for a field of an object, or of a list of them."""
    if isinstance(value, ListPatch):
        return chain(value.set or (), value.add, value.update)
    return () if value is None else (value,)


def _needs(scopes: str, path: Path) -> UserError:
    message = f"The field needs the scope: {scopes}; ask the operator for a key with it."
    return UserError(UserErrorCode.FORBIDDEN, message, path)
