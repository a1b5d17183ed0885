"""What a vendor documents, as data: a struct per object, a line per field with its type and its meaning.

From these tables `api` makes the record types (`LemonsoftCustomer`, …), drift finds undocumented fields, and the
contract tests prove that every documented field can be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from customer_gateway.documents import record
from customer_gateway.documents.record import Record, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.documents.record import DocumentContext


class VendorLeaf(Enum):
    """The leaf types of documents; the GraphQL scalar of each is chosen in `api`."""

    ID = "ID"
    TEXT = "String"
    INT = "Int"
    LONG = "Long"
    DECIMAL = "Decimal"
    BOOLEAN = "Boolean"
    MOMENT = "DateTime"
    DAY = "Date"
    JSON = "JSON"


def graphql_name(vendor: str) -> str:
    """Name a vendor's field for GraphQL: `_id` → `id`, `Area_code` → `areaCode`, `customer_id` → `customerId`."""
    first, *rest = vendor.removeprefix("_").split("_")
    return first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)


@dataclass(frozen=True)
class VendorField:
    """One documented field: the vendor's name for it, its type, whether it is a list, and what it means.

    `named` is its GraphQL name where that is not the vendor's; `scopes` are those that a caller needs to read it.
    """

    vendor: str
    type: VendorLeaf | Struct
    about: str
    many: bool = False
    named: str = ""
    scopes: frozenset[str] = frozenset()

    @cached_property
    def name(self) -> str:
        return self.named or graphql_name(self.vendor)

    def read(self, part: Record) -> Any:
        """Return the typed value in a document: a leaf, a `Record` for a nested struct, a list of either, or None."""
        value = part.document.get(self.vendor)
        if value is None:
            return None
        if not self.many:
            return self._one(value, part.context)
        items: list[Any] = value if is_list(value) else [] if value == "" else [value]
        return [one for item in items if (one := self._one(item, part.context)) is not None]

    def _one(self, value: Any, context: DocumentContext) -> Any:
        if isinstance(self.type, VendorLeaf):
            return _READERS[self.type](value, self.vendor, context)
        document = record.read_object(value, self.vendor, context)
        return None if document is None else Record(document, context)


@dataclass(frozen=True)
class Struct:
    """One documented object. `name` is its GraphQL type; `ignored` are vendor fields left out, each with its reason."""

    name: str
    about: str
    fields: Sequence[VendorField]
    ignored: dict[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def known(self) -> frozenset[str]:
        """Every vendor name that a document may carry without a drift notice."""
        return frozenset(one.vendor for one in self.fields) | self.ignored.keys()

    @cached_property
    def by_vendor_name(self) -> dict[str, VendorField]:
        return {one.vendor: one for one in self.fields}

    def notice_undocumented(self, document: dict[str, Any], context: DocumentContext) -> None:
        """Notice the top-level fields of a document that are not documented."""
        if not document.keys() <= self.known:
            for vendor in document.keys() - self.known:
                context.drift.notice(vendor, f"not documented for {self.name}")


def identifier(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.ID, about)


def vendor_id(vendor: str, about: str) -> VendorField:
    """Return the vendor's id of a customer: `id` is the record's own, unique over all systems (docs/adr/0018)."""
    return VendorField(vendor, VendorLeaf.ID, about, named="vendorId")


def text(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.TEXT, about)


def texts(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.TEXT, about, many=True)


def integer(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.INT, about)


def long(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.LONG, about)


def decimal(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.DECIMAL, about)


def boolean(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.BOOLEAN, about)


def moment(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.MOMENT, about)


def day(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.DAY, about)


def json(vendor: str, about: str) -> VendorField:
    return VendorField(vendor, VendorLeaf.JSON, about)


def one(vendor: str, struct: Struct, about: str) -> VendorField:
    return VendorField(vendor, struct, about)


def many(vendor: str, struct: Struct | VendorLeaf, about: str) -> VendorField:
    return VendorField(vendor, struct, about, many=True)


def billing(field: VendorField) -> VendorField:
    """Return the field as one that says how a customer is billed: callers need `billing:read`."""
    return replace(field, scopes=field.scopes | {"billing:read"})


def secret(field: VendorField) -> VendorField:
    """Return the field as one that the customer's secrets stand in: callers need `secrets:read`."""
    return replace(field, scopes=field.scopes | {"secrets:read"})


def _text_as_sent(value: object, name: str, context: DocumentContext) -> str | None:
    return value if isinstance(value, str) else record.read_text(value, name, context)


def _anything(value: object, _name: str, _context: DocumentContext) -> object:
    return value


def _integer_of(bits: int) -> Callable[[Any, str, DocumentContext], int | None]:
    """Return the reader of signed integers of so many bits; a larger one is None with a notice."""
    bounds = range(-(2 ** (bits - 1)), 2 ** (bits - 1))

    def read(value: object, name: str, context: DocumentContext) -> int | None:
        number = record.read_integer(value, name, context)
        if number is not None and number not in bounds:
            context.drift.notice(name, f"larger than {bits} bits")
            return None
        return number

    return read


_READERS: dict[VendorLeaf, Callable[[Any, str, DocumentContext], Any]] = {
    VendorLeaf.ID: _text_as_sent,
    VendorLeaf.TEXT: _text_as_sent,
    VendorLeaf.INT: _integer_of(32),
    VendorLeaf.LONG: _integer_of(64),
    VendorLeaf.DECIMAL: record.read_decimal,
    VendorLeaf.BOOLEAN: record.read_flag,
    VendorLeaf.MOMENT: record.read_moment,
    VendorLeaf.DAY: record.read_day,
    VendorLeaf.JSON: _anything,
}
