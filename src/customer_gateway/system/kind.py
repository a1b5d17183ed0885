"""A vendor: what is true of all its systems, known without configuration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from customer_gateway.documents.sources import filled_by, merged, sources
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.documents.shapes import Shape
    from customer_gateway.documents.structs import Struct
    from customer_gateway.documents.writing import Writes
    from customer_gateway.model.nouns import Contact, Customer, User


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A vendor: what is true of every system of this kind, known without configuration.

    `record` is the documented customer, from which the record type is made; `view` reads it as a `Customer`, and what
    it does not declare the vendor has not; `readers` are the unified fields that another call tells, by name
    (`contacts`, `billing.payment_terms`; `record.Address` is a field of the record type). `contacts` and `users` are
    the classes of its contacts and users, `nouns` the shapes of what else other calls answer. `about` says in a phrase
    what the vendor sells, `unix_seconds` that its numbers of time are seconds, not milliseconds. `writes` says what can
    be written; None where nothing can.
    """

    slug: str
    title: str
    record: Struct
    view: type[Customer]
    readers: frozenset[str]
    contacts: tuple[type[Contact], ...] = ()
    users: tuple[type[User], ...] = ()
    nouns: tuple[Shape[Any], ...] = ()
    about: str = ""
    unix_seconds: bool = False
    writes: Writes | None = None

    @property
    def supplies(self) -> frozenset[str]:
        """The unified fields that this vendor has a source for."""
        return _supplies_of(self)

    @property
    def details(self) -> Mapping[str, frozenset[str]]:
        """The fields that it fills of the unified types around a customer: model names by GraphQL type."""
        return _details_of(self)

    def tells(self, type_name: str, name: str) -> bool:
        """Return whether this vendor has a source for the field `name` (a model name) of a unified type around
        `Customer`.
        """
        classes: Mapping[str, tuple[type, ...]] = {"Contact": self.contacts, "User": self.users}
        if type_name in classes:
            return any(getattr(each, name, None) is not None for each in classes[type_name])
        return name in self.details.get(type_name, ())


@cache
def _supplies_of(kind: Kind) -> frozenset[str]:
    keys = {name: f"{name}_key" for name in ("owner", "updater", "creator")}
    told = sources(kind.view)
    return frozenset(name for name in UNIFIED_FIELDS if name in kind.readers or keys.get(name, name) in told)


@cache
def _details_of(kind: Kind) -> Mapping[str, frozenset[str]]:
    """Return what the view, its contacts and the nouns declare, and the parts of `billing` that readers look up."""
    views = map(filled_by, (kind.view, *kind.contacts))
    billing = frozenset(name.removeprefix("billing.") for name in kind.readers if name.startswith("billing."))
    shapes = (each.declared_sources.fills for each in kind.nouns)
    return merged([*views, *shapes, {"Billing": billing} if billing else {}])
