"""Write the vendor's own fields: a section of a patch, named as the record type, to places of the document.

Nested objects merge. A list takes `set`, or entries to add, update and remove by their ids; what an entry holds beyond
what was given stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from customer_gateway.documents.changes import with_values
from customer_gateway.documents.forms import email_addresses
from customer_gateway.documents.spelling import Unwritable, email, iban, whole_number
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.model.changes import ListPatch, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Present, Writes

_IBAN: Final = "iban"
_LASTING: Final = "This system does not clear the field. Give a value, or leave it out."
_OF_A_LIST: Final = "Set the whole list: its entries have no ids."


@dataclass(frozen=True, slots=True)
class Written:
    """One place that a field of a section writes, or why it does not; `path` are the GraphQL names that lead to it."""

    path: tuple[str, ...]
    place: str
    value: Any


def section_of(writes: Writes, given: Mapping[str, Any], now: Present, path: tuple[str, ...]) -> Iterator[Written]:
    """Write what a section gives; a `value` that is `Unwritable` is a refusal."""
    return _Section(writes, now).members(writes.record, given, "", path, now.document)


def writable_fields(writes: Writes, struct: Struct, before: str = "") -> list[VendorField]:
    """Return the documented fields of an object that a client may write; `before` is the place of the object."""
    return [each for each in struct.fields if f"{before}{each.vendor}" not in writes.server_made]


def clears_of(writes: Writes, given: Mapping[str, Any]) -> int:
    """Return how many fields a section clears: null for an object clears each of its members, unless it goes whole."""
    return sum(_clears(writes, writes.record, given, ""))


def _clears(writes: Writes, struct: Struct, given: Mapping[str, Any], before: str) -> Iterator[int]:
    named = {each.name: each for each in struct.fields}
    for name, value in given.items():
        field = named[name]
        place = f"{before}{field.vendor}"
        if value is None:
            yield _count(writes, field, place)
        elif isinstance(field.type, Struct):
            for part in value.update if isinstance(value, ListPatch) else (value,):
                yield from _clears(writes, field.type, part, f"{place}.")


def _count(writes: Writes, field: VendorField, place: str) -> int:
    removed = place in writes.resources and writes.resources[place].delete is not None
    if not isinstance(field.type, Struct) or field.many or removed or _goes_whole(writes, place):
        return 1
    members = writable_fields(writes, field.type, f"{place}.")
    return sum(_count(writes, each, f"{place}.{each.vendor}") for each in members)


def _goes_whole(writes: Writes, place: str) -> bool:
    """Return whether null takes an object away: one that the vendor does not take without some member."""
    return any(each.startswith(f"{place}.") for each in writes.lasting)


class _Section:
    """Writes fields of one section."""

    def __init__(self, writes: Writes, now: Present) -> None:
        self._writes = writes
        self._now = now

    @cached_property
    def _standing(self) -> frozenset[tuple[str, str]]:
        """The texts of the document, by their places."""
        return frozenset(_texts_of(self._now.document, ""))

    def members(
        self, struct: Struct, given: Mapping[str, Any], before: str, path: tuple[str, ...], standing: Document
    ) -> Iterator[Written]:
        """Write the members of an object, which stands as `standing` at the place `before`."""
        named = {each.name: each for each in struct.fields}
        for name, value in given.items():
            field = named[name]
            place, here = f"{before}{field.vendor}", (*path, name)
            present = standing.get(field.vendor)
            if self._has_members(field, place) and not (value is None and _goes_whole(self._writes, place)):
                struct = cast("Struct", field.type)
                members = self._cleared(struct, f"{place}.") if value is None else value
                inner = present if is_object(present) else {}
                yield from self.members(struct, members, f"{place}.", here, inner)
                continue
            refused: list[Written] = []
            try:
                written = Written(here, place, self._value(field, value, place, present, here, refused))
            except Unwritable as why:
                refused.append(Written(here, place, why))
            else:
                if not refused:
                    yield written
            yield from refused

    def _has_members(self, field: VendorField, place: str) -> bool:
        return isinstance(field.type, Struct) and not field.many and place not in self._writes.server_made

    def _cleared(self, struct: Struct, before: str) -> Mapping[str, Any]:
        """Return what clears every member of an object that a client may write."""
        return {each.name: None for each in writable_fields(self._writes, struct, before)}

    def _value(
        self,
        field: VendorField,
        value: Any,
        place: str,
        present: Any,
        path: tuple[str, ...],
        refused: list[Written],
    ) -> Any:
        """Return the new value of a place; what of a list's entries is refused is added to `refused`."""
        if (reason := self._writes.server_made.get(place)) is not None:
            raise Unwritable(f"This system makes the field itself. {reason}", RefusalCode.NOT_WRITABLE)
        if value is None and place in self._writes.lasting:
            raise Unwritable(_LASTING, RefusalCode.REQUIRED)
        if value is None:  # null would leave a list as it was at a vendor that takes whole documents
            return [] if field.many and self._writes.cleared is None else self._writes.cleared
        if field.many:
            entries = _Entries(self, field, place, path, refused)
            return entries.written(value, list(present) if is_list(present) else [])
        return self.leaf(cast("VendorLeaf", field.type), value, place)

    def id_of_entries(self, field: VendorField) -> VendorField:
        struct = field.type
        if not isinstance(struct, Struct):
            raise Unwritable(_OF_A_LIST)
        identity = struct.by_vendor_name.get(self._writes.entry_ids.get(struct.name, "id"))
        if identity is None:
            raise Unwritable(_OF_A_LIST)
        return identity

    def leaf(self, leaf: VendorLeaf, value: Any, place: str) -> Any:
        if leaf is VendorLeaf.MOMENT:
            return self._writes.moment(value, self._now.context)
        if leaf is VendorLeaf.DAY:
            return value.isoformat()
        if (leaf is VendorLeaf.ID and self._writes.numeric_ids) or place in self._writes.numbers:
            return whole_number(value, self._now.at(""))
        if leaf is VendorLeaf.DECIMAL:
            return Decimal(str(value))
        return self._text(value, place) if leaf is VendorLeaf.TEXT else value

    def _text(self, text: str, place: str) -> str:
        """Return a text in the form of its place: as a unified field would write it, IBANs compact.

        A blank one clears the field at some vendors and has no form; one that is too long is refused as such. One that
        stands at the place already, in any entry of a list, is sent in whichever form. A place for an e-mail address
        may hold several: each is checked, and the text is sent as given.
        """
        form = self._writes.forms.get(place) or (iban if place.rpartition(".")[2] == _IBAN else None)
        if form is None or not text.strip() or len(text) > self._writes.most.get(place, len(text)):
            return text
        if (place, text) in self._standing:
            return text
        if form is not email:
            return str(form(text, self._now.at("")))
        for part in email_addresses(text):
            form(part, self._now.at(""))
        return text


def _texts_of(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a document with its place; the entries of a list have the list's."""
    if isinstance(value, str):
        yield place, value
    elif is_object(value):
        for name, inner in value.items():
            yield from _texts_of(inner, f"{place}.{name}".removeprefix("."))
    elif is_list(value):
        for inner in value:
            yield from _texts_of(inner, place)


@dataclass(frozen=True, slots=True)
class _Entries:
    """The entries of one list of a section: `path` leads to the list, what is refused of them is added to `refused`.

    The path of an entry says what is done with it, and its position there: `contacts`, `update`, `0`, `phone`.
    """

    section: _Section
    field: VendorField
    place: str
    path: tuple[str, ...]
    refused: list[Written]

    def written(self, wanted: ListPatch, entries: list[Any]) -> list[Any]:
        """Return the list with what is wanted, of the `entries` that stand there."""
        if wanted.set is not None:
            return self._made(wanted.set, "set")
        identity = self.section.id_of_entries(self.field)
        for number, given in enumerate(wanted.update):
            path = (*self.path, "update", str(number))
            index = self._found(entries, identity.vendor, given.get(identity.name), path)
            if index is not None:
                members = {name: value for name, value in given.items() if name != identity.name}
                entries[index] = self._entry(members, entries[index], path)
        for number, key in enumerate(wanted.remove):
            index = self._found(entries, identity.vendor, key, (*self.path, "remove", str(number)))
            if index is not None:
                del entries[index]
        return [*entries, *self._made(wanted.add, "add")]

    def _made(self, given: Sequence[Any], how: str) -> list[Any]:
        return [self._entry(item, {}, (*self.path, how, str(number))) for number, item in enumerate(given)]

    def _entry(self, value: Any, standing: Document, path: tuple[str, ...]) -> Any:
        """Return a leaf as the vendor writes it, or an object: that which stands there with new members."""
        if isinstance(self.field.type, VendorLeaf):
            try:
                return self.section.leaf(self.field.type, value, self.place)
            except Unwritable as why:
                self.refused.append(Written(path, self.place, why))
                return None
        values: dict[str, Any] = {}
        before = f"{self.place}."
        for written in self.section.members(self.field.type, value, before, path, standing):
            if isinstance(written.value, Unwritable):
                self.refused.append(written)
            else:
                values[written.place.removeprefix(before)] = written.value
        return with_values(standing, values)

    def _found(self, entries: Sequence[Any], identity: str, key: object, path: tuple[str, ...]) -> int | None:
        try:
            return _index_of(entries, identity, key)
        except Unwritable as why:
            self.refused.append(Written(path, self.place, why))
            return None


def _index_of(entries: Sequence[Any], identity: str, key: object) -> int:
    for index, entry in enumerate(entries):
        if is_object(entry) and key is not None and str(entry.get(identity)) == str(key):
            return index
    raise Unwritable("No entry of the list has that id. Read the record again.")
