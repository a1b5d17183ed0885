"""Record types (`LemonsoftCustomer`, …) made from the vendors' documented structs: one GraphQL type per struct."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import strawberry

from customer_gateway.api.declare import DECLARATION, merged
from customer_gateway.api.scalars import JSON, Long
from customer_gateway.api.system import CustomerRecord
from customer_gateway.documents.structs import Struct, VendorField, VendorLeaf
from customer_gateway.execution import Batched, attempted
from customer_gateway.federation.fields import read_record_field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from customer_gateway.documents.record import Record
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import Kind

_LEAVES: Final[dict[VendorLeaf, Any]] = {
    VendorLeaf.ID: strawberry.ID,
    VendorLeaf.TEXT: str,
    VendorLeaf.INT: int,
    VendorLeaf.LONG: Long,
    VendorLeaf.DECIMAL: Decimal,
    VendorLeaf.BOOLEAN: bool,
    VendorLeaf.MOMENT: datetime,
    VendorLeaf.DAY: date,
    VendorLeaf.JSON: JSON,
}


def record_types(kinds: Iterable[Kind]) -> list[type]:
    """Return the record types of the kinds' customers; nested structs become types of their own, each once."""
    made: dict[str, tuple[Struct, Any]] = {}
    return [_object_type(kind.record, made, kind) for kind in kinds]


def _object_type(struct: Struct, made: dict[str, tuple[Struct, Any]], kind: Kind | None = None) -> Any:
    """Return the type of a struct; with `kind`, the record type itself, some of whose fields a reader may answer."""
    if struct.name in made:
        of, known = made[struct.name]
        if of is not struct:
            raise TypeError(f"{struct.name} is documented twice, differently")
        return known
    bases = (CustomerRecord,) if kind else ()
    taken = {"id", "system", "key", "link", "raw", "version"} if kind else set[str]()
    namespace: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for field in struct.fields:
        if field.name in taken:
            raise TypeError(f"{struct.name}.{field.name} stands twice: {field.vendor} clashes with another field")
        taken.add(field.name)
        annotation: Any = _LEAVES[field.type] if isinstance(field.type, VendorLeaf) else _object_type(field.type, made)
        namespace["__annotations__"][field.name] = (list[annotation] if field.many else annotation) | None
        namespace[field.name] = strawberry.field(
            name=field.name, description=field.about, metadata={DECLARATION: Batched(_resolver(field, kind))}
        )
    python_class = type(struct.name, bases, namespace)
    object_type = strawberry.type(python_class, name=struct.name, description=struct.about)
    made[struct.name] = (struct, object_type)
    return object_type


def _resolver(field: VendorField, kind: Kind | None) -> Callable[..., Any]:
    reader = f"record.{field.vendor}"
    return _answered_by(reader) if kind is not None and reader in kind.readers else _column(field)


def _column(field: VendorField) -> Callable[..., list[Any]]:
    def resolve(parts: Sequence[Record], _request: RequestContext) -> list[Any]:
        return attempted(field.read, parts)

    return resolve


def _answered_by(reader: str) -> Callable[..., Any]:
    """Return a documented field that the vendor answers by another call than the document."""

    def resolve(views: Sequence[Any], request: RequestContext) -> Any:
        return merged(read_record_field(reader, views, request), len(views))

    return resolve
