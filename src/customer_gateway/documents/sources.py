"""Which vendor fields an attribute of a view is read from: declared where it is read, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args

from msgspec import Struct
from msgspec.structs import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

F = TypeVar("F", bound="Callable[..., Any]")
NO_VENDORS: Final = "gateway:"
"""How the names of fields begin that no vendor sends."""
_DECLARED: Final = "declared_sources"


@dataclass(frozen=True, slots=True)
class Declared:
    """The vendor fields, as dotted paths, that an attribute of a view is read from.

    `read_from` alone make a value, `beside` have a say in it; `parts` are the fields of the parts of the value, by
    name; `leads_to` is the unified field that another call reads by it; `fills` are the fields of other types that the
    value holds, by the types' names (`{"EInvoice": {"ean"}}`).
    """

    read_from: frozenset[str]
    beside: frozenset[str] = frozenset()
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])
    leads_to: str | None = None
    fills: Mapping[str, frozenset[str]] = field(default_factory=dict[str, "frozenset[str]"])

    @property
    def paths(self) -> frozenset[str]:
        return self.read_from | self.beside


def reads(
    *named: Any,
    beside: str | tuple[str, ...] = (),
    leads_to: str | None = None,
    fills: Mapping[str, frozenset[str]] | None = None,
    **parts: Any,
) -> Callable[[F], F]:
    """Declare which vendor fields a property reads: dotted paths, or other declarations of the same class.

    `beside` are fields that have a say only where the others hold something: the country that a number is dialled in.
    What other declarations fill of a type is filled by this one.
    """
    paths = frozenset[str]().union(*map(_paths_of, named), *map(_paths_of, parts.values()))
    by_part = {name: _paths_of(each) for name, each in parts.items()}
    filled = merged([fills or {}, *(declaration_of(each).fills for each in (*named, *parts.values()))])

    def declare(read: F) -> F:
        setattr(read, _DECLARED, Declared(paths, _paths_of(beside), by_part, leads_to, filled))
        return read

    return declare


def demand_members(*names: str) -> None:
    """Raise `ValueError` for a dotted path where the name of a member is read: it would be null for ever."""
    if nested := [name for name in names if "." in name]:
        path, _, name = nested[0].rpartition(".")
        raise ValueError(f"{nested[0]!r} is in an object: declare it by inside({path!r}, …) with {name!r} in it.")


@cache
def sources(view: type) -> Mapping[str, frozenset[str]]:
    """Return the vendor fields behind each declared attribute of a class: `name`, `billing`, `billing.email`.

    A unified field that another call reads has the fields that lead to it.
    """
    found: dict[str, set[str]] = {}
    for name in dir(view):
        if (declared := declared_of(view, name)) is None:
            continue
        for each in (name, *([declared.leads_to] if declared.leads_to else [])):
            found.setdefault(each, set()).update(declared.paths)
        for part, paths in declared.parts.items():
            found.setdefault(f"{name}.{part}", set()).update(paths)
    if issubclass(view, Struct):
        for name, path in vendor_paths(view).items():
            found.setdefault(name, set()).add(path)
    return {name: frozenset(paths) for name, paths in found.items()}


def first_names(view: type, unified: Iterable[str], *, but: frozenset[str] = frozenset()) -> dict[str, frozenset[str]]:
    """Return the names at the top of the document that unified fields need, parts (`billing.email`) and their keys
    included.

    A vendor that narrows its answers is asked by these; `but` come with every answer. What leads to a part leads to
    the whole; a field that is read from nothing of the document is left out.
    """
    found: dict[str, set[str]] = {}
    for name in unified:
        for each, paths in sources(view).items():
            whole, _, part = each.partition(".")
            if whole in {name, f"{name}_key"}:
                needed = {path.partition(".")[0] for path in paths} - but
                found.setdefault(name, set()).update(needed)
                if part:
                    found.setdefault(each, set()).update(needed)
    return {name: frozenset(keys) for name, keys in found.items()}


def filled_by(view: type) -> dict[str, frozenset[str]]:
    """Return which fields of other types the declarations of a class fill, by the types' names."""
    return merged([declared.fills for name in dir(view) if (declared := declared_of(view, name)) is not None])


def merged(several: Sequence[Mapping[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    """Return which fields of each type are filled by any of several."""
    found: dict[str, frozenset[str]] = {}
    for each in several:
        for name, fields_of_type in each.items():
            found[name] = found.get(name, frozenset()) | fields_of_type
    return found


def declared_of(view: type, name: str) -> Declared | None:
    """Return what an attribute of a class declares; None where it declares nothing."""
    return _declared(getattr(view, name, None))


@cache
def attributes_behind(view: type[Struct], name: str) -> frozenset[str]:
    """Return the attributes of a struct (`life`, `life.status`) that a property of it is told by; a plain field's own
    name.
    """
    if (declared := declared_of(view, name)) is None:
        return frozenset({name})
    return frozenset(
        attribute
        for attribute, path in vendor_paths(view).items()
        if any(each == path or each.startswith(f"{path}.") for each in declared.read_from)
    )


def vendor_paths(part: type[Struct], before: str = "") -> dict[str, str]:
    """Return the vendor's path of each field of a struct by its attribute, those of nested structs too."""
    found: dict[str, str] = {}
    for each in fields(part):
        if each.encode_name.startswith(NO_VENDORS):
            continue
        path = f"{before}{each.encode_name}"
        found[each.name] = path
        for inner in get_args(each.type):
            if isinstance(inner, type) and issubclass(inner, Struct):
                found |= {f"{each.name}.{name}": deep for name, deep in vendor_paths(inner, f"{path}.").items()}
    return found


def _declared(attribute: object) -> Declared | None:
    read = attribute.fget if isinstance(attribute, property) else attribute
    return getattr(read, _DECLARED, None)


def _paths_of(field: object) -> frozenset[str]:
    return declaration_of(field).paths


def declaration_of(field: object) -> Declared:
    """Return what is declared by a vendor path, several, or a declaration. Raise `TypeError` for anything else."""
    if isinstance(field, str):
        return Declared(frozenset({field}))
    if isinstance(field, tuple):
        return Declared(frozenset[str]().union(*map(_paths_of, cast("tuple[object, ...]", field))))
    if (declared := _declared(field)) is None:
        raise TypeError(f"{field!r} says of no vendor field: name one, or a declaration of this class")
    return declared
