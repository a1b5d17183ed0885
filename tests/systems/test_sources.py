"""What a view declares to read is what it reads, of every vendor."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from systems.test_contract import context, sample, samples, view_of
from vendors import VENDORS

from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.documents.row import Part, Row
from customer_gateway.documents.sources import declared_of, sources, vendor_paths
from customer_gateway.model import nouns, value_objects
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_gateway.systems.registry import Vendor

TYPES = (
    *(nouns.BankAccount, nouns.SepaMandate, nouns.PaymentCard, nouns.LedgerAccount, nouns.Agreement, nouns.Invoice),
    *(value_objects.Address, value_objects.Billing, value_objects.EInvoice, value_objects.AgreementProduct),
)
ALL = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.kind.slug)
IDENTITY = ("link", "key", "context", "document", "system")
"""What every view has beside its fields; `key` is in every answer."""


class Recorded(dict[str, Any]):
    """A document that notes the dotted paths of the names that are read of it."""

    def __init__(self, document: dict[str, Any], seen: set[str], before: str = "") -> None:
        super().__init__({name: recorded(value, seen, f"{before}{name}.") for name, value in document.items()})
        self._seen, self._before = seen, before

    def get(self, name: str, default: Any = None, /) -> Any:
        self._seen.add(f"{self._before}{name}")
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self._seen.add(f"{self._before}{name}")
        return super().__getitem__(name)


def recorded(value: Any, seen: set[str], before: str) -> Any:
    if is_list(value):
        return [recorded(each, seen, before) for each in value]
    return Recorded(value, seen, before) if is_object(value) else value


class RecordedRow:
    """A row that notes the vendor's paths of the fields that its properties read."""

    def __init__(self, row: Any, seen: set[str], paths: dict[str, str], before: str = "") -> None:
        self._row, self._seen, self._paths, self._before = row, seen, paths, before

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._row.__class__, name)
        if isinstance(attribute, property) and attribute.fget is not None and name not in IDENTITY:
            return attribute.fget(self)
        value = getattr(self._row, name)
        if (path := self._paths.get(f"{self._before}{name}")) is not None:
            self._seen.add(path)
        if isinstance(value, Part):
            return RecordedRow(value, self._seen, self._paths, f"{self._before}{name}.")
        return value


def read_paths(vendor: Vendor, name: str, document: dict[str, Any]) -> set[str]:
    """The paths that one attribute of the view reads of a document."""
    seen: set[str] = set()
    view_class: Any = vendor.kind.view
    if issubclass(view_class, Row):
        getattr(RecordedRow(view_of(vendor, document), seen, vendor_paths(view_class)), name)
    else:
        getattr(view_class(Recorded(document, seen), context(vendor)), name)
    return seen


def documents(vendor: Vendor, name: str) -> Iterator[dict[str, Any]]:
    """The samples, and the full one without each of the fields that are declared: what stands in for it is read."""
    yield from samples(vendor)
    full = sample(vendor, "full")
    for path in sources(vendor.kind.view)[name]:
        first = path.partition(".")[0]
        if first.lower() == "id":
            continue  # without it there is nothing to read
        yield {key: value for key, value in full.items() if key != first}
        yield {**full, first: False}
        if is_object(inner := full.get(first)):
            yield {**full, first: {key: value for key, value in inner.items() if key != path.partition(".")[2]}}


def names_of(vendor: Vendor) -> list[str]:
    """What the view declares, and the unified fields that it has, declared or not."""
    unified = {f"{name}_key" if name in {"owner", "updater", "creator"} else name for name in UNIFIED_FIELDS}
    view = vendor.kind.view
    own = {name for name in dir(view) if declared_of(view, name) is not None}
    return sorted(own | {name for name in unified if getattr(view, name, None) is not None})


def covers(declared: str, read: str) -> bool:
    return read == declared or read.startswith(f"{declared}.")


@ALL
def test_every_field_that_a_view_has_is_declared(vendor: Vendor) -> None:
    assert [name for name in names_of(vendor) if name not in sources(vendor.kind.view)] == []


@ALL
def test_a_view_reads_what_it_declares_and_no_other_field(vendor: Vendor) -> None:
    for name in names_of(vendor):
        declared = sources(vendor.kind.view)[name]
        read = {path for document in documents(vendor, name) for path in read_paths(vendor, name, document)}

        unread = {each for each in declared if not any(covers(each, path) for path in read)}
        undeclared = {path for path in read if not any(covers(each, path) or covers(path, each) for each in declared)}
        assert (unread, undeclared) == (set(), set()), name


@ALL
def test_a_declared_field_is_documented(vendor: Vendor) -> None:
    known = vendor.kind.record.by_vendor_name

    declared = {path.partition(".")[0] for name in names_of(vendor) for path in sources(vendor.kind.view)[name]}

    assert declared - known.keys() == set()


@ALL
def test_a_noun_reads_what_its_shape_declares_and_no_other_field(vendor: Vendor) -> None:
    for shape in vendor.kind.nouns:
        seen: set[str] = set()
        identity = ("key", "customer_key") if shape.has_key else ()
        elsewhere = {name: "1" for name in identity if name not in shape.declared_sources.parts}
        shape.read(Record(Recorded({"id": 1, "Id": 1}, seen), context(vendor)), **elsewhere)

        declared = {path.partition(".")[0] for path in shape.declared_sources.paths}
        assert {path.partition(".")[0] for path in seen} == declared


@ALL
def test_what_is_filled_of_a_type_is_a_field_of_it(vendor: Vendor) -> None:
    known = {type_.__name__: set(getattr(type_, "_fields", None) or names_in(type_)) for type_ in TYPES}

    assert {name for name in vendor.kind.details if name not in known} == set()
    assert {(name, each) for name, told in vendor.kind.details.items() for each in told - known[name]} == set()


def names_in(type_: Any) -> set[str]:
    """The fields of a noun, by the names of what their keys lead to."""
    return {each.name.removesuffix("_key") for each in fields(type_)} | {"recipients"}


def test_a_view_that_reads_an_undeclared_field_or_declares_an_unread_one_is_found() -> None:
    seen: set[str] = set()
    Record(Recorded({"a": {"b": 1}}, seen), context(VENDORS[0])).part("a").integer("b")

    assert seen == {"a", "a.b"}
    assert not covers("a.c", "a.b")
    assert covers("a", "a.b")
