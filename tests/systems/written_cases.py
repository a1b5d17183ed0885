"""What a law of writing is asked of: every place that the tables of a vendor let a client write, by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from systems.written_values import WrittenValues, entry_id
from vendors import WRITES

from customer_gateway.documents.sections import writable_fields
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.model.changes import ListPatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hypothesis.strategies import SearchStrategy

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.documents.values import Document

    Wrap = Callable[[Any], Mapping[str, Any]]
    """Makes a patch, or the section of one, of what is given for a field."""


@dataclass(frozen=True)
class Case:
    """One place, by its name among the tables: values of it, the patch that writes one, and the one that clears it."""

    name: str
    values: SearchStrategy[Any]
    patch: Wrap
    clear: Mapping[str, Any] | None

    @property
    def ops(self) -> frozenset[str]:
        """What is to be done with it."""
        return frozenset({"written", "changed"} | ({"cleared"} if self.clear is not None else set()))


@dataclass(frozen=True)
class EntryCase:
    """A list whose entries have ids: values of an entry, the id of a standing one, the patch that changes the list."""

    name: str
    place: str
    standing: Any
    values: SearchStrategy[Any]
    patch: Wrap
    ops: frozenset[str] = frozenset({"added", "removed"})


@dataclass(frozen=True)
class Cases:
    """The cases of one vendor's tables; the customer has entries in all of its lists, those `held` are left alone."""

    values: WrittenValues
    held: frozenset[str] = frozenset()

    def all(self) -> Iterator[Case | EntryCase]:
        writes, section = self.values.writes, self.values.section
        for name in writes.fields:
            yield self._of_field(name)
        yield from self._of_struct(writes.record, "", lambda given: {section: given}, self.values.now.document)

    def _of_field(self, name: str) -> Case:
        clear = {name: None} if self.values.writes.is_clearable(name) else None
        return Case(name, self.values.of_field(name), lambda given: {name: given}, clear)

    def _of_struct(
        self, struct: Struct, before: str, wrap: Wrap, standing: Document, identity: str | None = None
    ) -> Iterator[Case | EntryCase]:
        """Yield the cases of an object's members; of an entry of a list that has an `identity`, of the others."""
        for field in writable_fields(self.values.writes, struct, before):
            place = f"{before}{field.vendor}"
            if field.name != identity and place not in WRITES[self.values.section].key_places:
                yield from self._of_member(field, place, wrap, standing.get(field.vendor))

    def _of_member(self, field: VendorField, place: str, wrap: Wrap, standing: Any) -> Iterator[Case | EntryCase]:
        def patch(given: Any) -> Mapping[str, Any]:
            return wrap({field.name: given})

        if field.many:
            yield from self._of_list(field, place, patch, standing)
        elif isinstance(field.type, Struct):
            yield from self._of_struct(field.type, f"{place}.", patch, standing if is_object(standing) else {})
        else:
            yield Case(self._named(place), self.values.of_leaf(field, place), patch, self._clear(place, patch))

    def _of_list(self, field: VendorField, place: str, patch: Wrap, standing: Any) -> Iterator[Case | EntryCase]:
        entries = self.values.of_entries(field, place)
        whole = st.lists(entries, min_size=1, max_size=2)
        yield Case(self._named(place), whole, lambda given: patch(ListPatch(set=given)), self._clear(place, patch))
        if not isinstance(field.type, Struct):
            return
        name = entry_id(self.values.writes, field.type)
        if name is None:
            yield from self._of_struct(field.type, f"{place}.", lambda given: patch(ListPatch(set=[given])), {})
            return
        identity = next(each for each in field.type.fields if each.name == name)
        entries_of: list[Any] = standing if is_list(standing) else []
        free = [each for each in entries_of if is_object(each) and str(each[identity.vendor]) not in self.held]
        assert free, f"the customer has no entry of {place}"
        first = free[0]
        key = first[identity.vendor]
        yield EntryCase(self._named(f"{place}[]"), place, key, entries, patch)

        def update(given: Any) -> Mapping[str, Any]:
            return patch(ListPatch(update=[{name: key, **given}]))

        yield from self._of_struct(field.type, f"{place}.", update, first, name)

    def _clear(self, place: str, patch: Wrap) -> Mapping[str, Any] | None:
        """The patch that clears a place; null for the whole part where the vendor takes no part without it."""
        writes = self.values.writes
        if place in writes.required | writes.lasting:
            return None
        part, _, member = place.partition(".")
        if part in writes.resources and member in writes.resources[part].vital:
            return {self.values.section: {part: None}}
        return patch(None)

    def _named(self, place: str) -> str:
        return f"{self.values.section}:{place}"
