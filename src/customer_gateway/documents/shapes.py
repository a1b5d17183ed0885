"""Values of several vendor fields, declared: which fields they are read from, and which fields of theirs are filled.

    class NextCustomerView(Record):
        emails = email_addresses(("email", EmailPurpose.GENERAL), ("invoiceemail", EmailPurpose.BILLING))
        billing = value(Billing, email=email_address("invoiceemail"), taxable=flag("vat"))

    INVOICE = Shape(Invoice, key=integer_key("id"), number=text("invoiceno"), total=decimal("total"))

A field of a value is declared as a field of a view is (`documents.view`). What a vendor fills of a type follows from
its shapes, and from nothing else (docs/adr/0027-a-vendor-fact-stands-once.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from customer_gateway.documents import forms
from customer_gateway.documents.embedded import keyed
from customer_gateway.documents.record import Record, content_version, enumerated
from customer_gateway.documents.sources import Declared, declaration_of, demand_members, merged, reads
from customer_gateway.model.value_objects import CustomerStatus

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping


N = TypeVar("N")
V = TypeVar("V")

_IDENTITY: Final = frozenset({"system", "key", "customer_key", "kind", "lines"})
"""What no noun or value is without."""


class Shape(Generic[N]):
    """A noun, or a value of several fields, and the declaration that each field is read by.

    A vendor path in place of a declaration says what is read where something else than `read` makes the value. As an
    attribute of a view it is read from the view's document.
    """

    __slots__ = ("_empty", "_fields", "_noun", "declared_sources", "has_key")

    def __init__(self, noun: type[N], *, if_any: bool = False, **fields: Any) -> None:
        declared = {name: declaration_of(each) for name, each in fields.items()}
        filled = frozenset(name.removesuffix("_key") for name in fields.keys() - _IDENTITY)
        self._noun = noun
        self._fields = [(name, each) for name, each in fields.items() if not isinstance(each, str)]
        self._empty = noun() if if_any else None
        self.has_key = "system" in getattr(noun, "__dataclass_fields__", ())
        """Whether it is a noun, with a system and a key, and not a value."""
        self.declared_sources = Declared(
            frozenset[str]().union(*(each.read_from for each in declared.values())),
            parts={name: each.paths for name, each in declared.items()},
            fills=merged([{noun.__name__: filled}, *(each.fills for each in declared.values())]),
        )

    def __get__(self, record: Record | None, owner: type | None = None) -> Any:
        if record is None:
            return self
        found = self.read(record)
        return None if found == self._empty else found

    def holds(self, noun: N) -> bool:
        """Return whether any of the fields that are declared holds something."""
        return any(getattr(noun, name) is not None for name, _ in self._fields)

    def read(self, part: Record, *, read_through: str | None = None, **otherwise: Any) -> N:
        """Return the noun that a part of a document is read as; `otherwise` are fields that stand elsewhere.

        `read_through` is the customer that it was read through, whose it is where it names none.
        """
        if self.has_key:
            otherwise["system"] = part.context.system
        kind = type(part)
        for name, declared in self._fields:
            otherwise[name] = declared.__get__(part, kind)
        if read_through is not None and otherwise["customer_key"] is None:
            otherwise["customer_key"] = read_through
        return self._noun(**otherwise)


def value(noun: type[N], **fields: Any) -> N:
    """Return a value of several fields, also where none of them holds anything."""
    return cast("N", Shape(noun, **fields))


def value_if_any(noun: type[N], **fields: Any) -> N | None:
    """Return a value of several fields; None where none of them holds anything."""
    return cast("N | None", Shape(noun, if_any=True, **fields))


def inside(path: str, declared: V) -> V:
    """Return what is declared of the object at `path`."""
    attribute: Any = declared
    inner = declaration_of(attribute)

    @reads(*(f"{path}.{each}" for each in inner.paths), fills=inner.fills)
    def read(record: Record) -> Any:
        part = record.part(path)
        return attribute.__get__(part, type(part))

    return cast("V", property(read))


def each(vendor: str, shape: Shape[N]) -> list[N]:
    """Return every object of a list as a value."""

    @reads(vendor, fills=shape.declared_sources.fills)
    def read(record: Record) -> list[N]:
        return [shape.read(part) for part in record.parts(vendor)]

    return cast("list[N]", property(read))


def embedded(
    vendor: str, identity: str, made: Callable[..., N] | Shape[N], *key: str, form: re.Pattern[str] | None = None
) -> list[N]:
    """Return the nouns of a list inside of a customer, by their keys in it; `key` is what the customer's is read from.

    `made` is a shape, or a class that is given the document, how it is read, the customer's key and its own. Ids under
    `identity` are integers, or texts of a `form` that has neither a tilde nor a slash.
    """
    shape = cast("Shape[N] | None", made if isinstance(made, Shape) else None)

    @reads(*key, vendor, fills=shape.declared_sources.fills if shape else {})
    def read(customer: Any) -> list[Any]:
        owner = customer.key
        parts = [(f"{owner}/{key}", part) for key, part in keyed(customer.parts(vendor), vendor, identity, form)]
        if shape is not None:
            return [shape.read(part, key=key, customer_key=owner) for key, part in parts]
        make = cast("Callable[..., Any]", made)
        return [make(part.document, part.context, owner, key) for key, part in parts]

    return cast("list[N]", property(read))


def integer_key(vendor: str) -> str:
    """Return the key of a row whose id was put in its place as an integer."""
    return cast("str", property(reads(vendor)(lambda record: str(record.document[vendor]))))


def text_key(vendor: str) -> str:
    """Return the key of a row whose id was put in its place as a text."""
    return cast("str", property(reads(vendor)(lambda record: record.document[vendor])))


def link_to(path: str) -> str:
    """Return the address of a record in its vendor's API; `{}` is its key."""
    return cast("str", property(lambda record: record.context.base_url + path.format(record.key)))


def version_by(stamp: str = "") -> str:
    """Return the vendor's stamp of the last change, else a version of the content."""
    if not stamp:
        return cast("str", property(lambda record: content_version(record.document)))

    @reads(stamp)
    def read(record: Record) -> str:
        return record.text(stamp) or content_version(record.document)

    return cast("str", property(read))


def code(vendor: str, form: Callable[[str], str | None]) -> str | None:
    """Return a code in the published form that `form` (of `documents.forms`) gives."""
    return read_by(vendor, lambda record: record.code(vendor, form))


def currency_code(vendor: str) -> str | None:
    """Return a currency as ISO 4217 has it."""
    return code(vendor, forms.currency_code)


def vat(vendor: str) -> str | None:
    """Return a VAT number, compact where it is one of its country."""
    return read_by(vendor, lambda record: forms.vat_number(sent) if (sent := record.text(vendor)) else None)


def first_text(*vendor: str) -> str | None:
    """Return the first of these texts that is not blank."""
    demand_members(*vendor)
    return read_by(vendor, lambda record: next(filter(None, map(record.text, vendor)), None))


def mapped(declared: V | None, change: Callable[[V], N]) -> N | None:
    """Return what `change` makes of the value that is declared; None stays None."""
    attribute: Any = declared
    return read_by(
        attribute, lambda record: None if (found := attribute.__get__(record, type(record))) is None else change(found)
    )


def member(vendor: str, table: Mapping[Any, V], other: V | None = None) -> V | None:
    """Return what a table of numbers, or of words in upper case, gives for a value.

    One that it does not have is `other`, else None with a notice.
    """
    numbers = all(isinstance(each, int) for each in table)

    def read(record: Record) -> V | None:
        sent = record.integer(vendor) if numbers else (record.text(vendor) or "").strip().upper()
        if other is not None:
            return None if sent is None else table.get(sent, other)
        return enumerated(table, sent, vendor, record.context)

    return read_by(vendor, read)


def status_by(*flags: tuple[str, bool, CustomerStatus]) -> CustomerStatus | None:
    """Return the status of the first flag that has its value, else ACTIVE; None from a flag on that cannot be read."""

    def read(record: Record) -> CustomerStatus | None:
        for vendor, value, status in flags:
            flag = record.flag(vendor)
            if flag is value:
                return status
            if flag is None and record.holds(vendor):
                return None
        return CustomerStatus.ACTIVE

    return read_by(tuple(vendor for vendor, _, _ in flags), read)


def only(declared: V | None) -> list[V]:
    """Return a list of the one value that is declared, empty where there is none."""
    attribute: Any = declared

    @reads(attribute)
    def read(record: Record) -> list[Any]:
        return [] if (found := attribute.__get__(record, type(record))) is None else [found]

    return cast("list[V]", property(read))


def read_by(vendor: Any, read: Callable[[Record], V | None]) -> V | None:
    """Return what `read` gives, declared to be read from these vendor fields."""
    return cast("V | None", property(reads(vendor)(read)))
