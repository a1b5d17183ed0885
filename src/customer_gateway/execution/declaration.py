"""How a field of the schema says how the breadth-first executor resolves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from graphql import GraphQLField, GraphQLObjectType

EXTENSION = "execution"
PYTHON_TYPE = "python_type"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is `getattr(parent, name)`; an Exception found there is the field's error.

    Arguments of the field do not change it; one that does not fit is the field's error, as everywhere.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Batched:
    """The field is resolved for all parents of a level by one call.

    `resolve(parents, context, **arguments)` gives, at once or awaited, a sequence as long as `parents` and in
    their order, or a `Partitioned`. An element that is an Exception is the error of that element; raising is the
    error of each.
    The parents belong to the executor: read them, do not change the sequence.
    """

    resolve: Callable[..., Awaitable[Sequence[object] | Partitioned] | Sequence[object] | Partitioned]


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A batched resolver's answer in parts: positions of parents, and an awaitable of the values at those positions.

    Together the parts name every parent once. Each goes on as a branch of its own as soon as it is there.
    """

    groups: Sequence[tuple[Sequence[int], Awaitable[Sequence[object]]]]


def declared(field: GraphQLField) -> Attribute | Batched | None:
    """The declaration in `field.extensions["execution"]`, None where the field has a resolver of its own.

    Raises TypeError on anything else, so that a misspelt declaration is not silently ignored.
    """
    declaration = field.extensions.get(EXTENSION)
    if declaration is None or isinstance(declaration, (Attribute, Batched)):
        return declaration
    raise TypeError(f"extensions['{EXTENSION}'] is neither Attribute nor Batched: {declaration!r}")


def python_type(object_type: GraphQLObjectType) -> type | None:
    """The class whose instances are of this object type, where `extensions["python_type"]` names one."""
    return object_type.extensions.get(PYTHON_TYPE)
