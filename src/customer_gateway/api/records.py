"""Record types (`LemonsoftCustomer`, …) made from the vendors' documented structs: one GraphQL type per struct."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import strawberry

from customer_gateway.api.declare import DECLARATION
from customer_gateway.api.scalars import JSON, Long
from customer_gateway.api.system import CustomerRecord
from customer_gateway.execution import Batched
from customer_gateway.model.documents import Field, Leaf, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from customer_gateway.model.record import Record

_LEAVES: Final[dict[Leaf, Any]] = {
    Leaf.ID: strawberry.ID,
    Leaf.TEXT: str,
    Leaf.INT: int,
    Leaf.LONG: Long,
    Leaf.DECIMAL: Decimal,
    Leaf.BOOLEAN: bool,
    Leaf.MOMENT: datetime,
    Leaf.DAY: date,
    Leaf.JSON: JSON,
}


def record_types(structs: Iterable[Struct]) -> list[type]:
    """The record types of the customers' structs; nested structs become types of their own, each once."""
    made: dict[str, Any] = {}
    return [_object_type(struct, made, (CustomerRecord,)) for struct in structs]


def _object_type(struct: Struct, made: dict[str, Any], bases: tuple[type, ...] = ()) -> Any:
    if struct.name in made:
        return made[struct.name]
    taken = {"system", "key", "link", "raw"} if bases else set[str]()
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for field in struct.fields:
        if field.name in taken:
            raise TypeError(f"{struct.name}.{field.name} stands twice: {field.vendor} clashes with another field")
        taken.add(field.name)
        annotation: Any = _LEAVES[field.type] if isinstance(field.type, Leaf) else _object_type(field.type, made)
        namespace["__annotations__"][field.name] = (list[annotation] if field.many else annotation) | None
        namespace[field.name] = strawberry.field(
            name=field.name, description=field.about, metadata={DECLARATION: Batched(_column(field))}
        )
    python_class = type(struct.name, bases, namespace)
    made[struct.name] = strawberry.type(python_class, name=struct.name, description=struct.about)
    return made[struct.name]


def _column(field: Field) -> Callable[..., list[Any]]:
    def resolve(parts: Sequence[Record], _request: object) -> list[Any]:
        return [field.read(part) for part in parts]

    return resolve
