"""Input types of the sections (`PlandCustomerPatch`, …), made from what a vendor documents, less what the server makes.

Values keep their GraphQL names, as `documents.sections` reads them; a list arrives as a `ListPatch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLInputField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from customer_gateway.documents.sections import writable_fields
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.model.changes import ListPatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import GraphQLNamedType

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.documents.writing import Writes

    LeafType = Callable[[str], GraphQLNamedType]
    """Gives a scalar or an enum by its name."""

_SET: Final = "The whole list, in its order; null or an empty list empties it. Give it alone."


def list_patch(given: Mapping[str, Any]) -> ListPatch:
    """Return what becomes of a list; `set: null` empties it."""
    whole: Sequence[Any] | None = (given["set"] or ()) if "set" in given else None
    added, updated, removed = (given.get(name) or () for name in ("add", "update", "remove"))
    return ListPatch(whole, added, updated, removed)


def list_input(name: str, about: str, members: Mapping[str, tuple[Any, str]]) -> GraphQLInputObjectType:
    """Return the input type of a change of a list; `members` give the items' type and the meaning of `add`, …."""
    fields = {
        member: GraphQLInputField(GraphQLList(GraphQLNonNull(item)), description=told)
        for member, (item, told) in {**members, "set": (members["set"][0], _SET)}.items()
    }
    return GraphQLInputObjectType(name, fields, description=about, out_type=list_patch)


class SectionTypes:
    """Makes the input types of sections, each once; `leaf` gives the scalars of the schema."""

    def __init__(self, leaf: LeafType) -> None:
        self._leaf = leaf
        self._made: dict[str, GraphQLInputObjectType] = {}

    def section(self, writes: Writes) -> GraphQLInputObjectType:
        """Return the input type of a kind's section."""
        places = _places_of(writes.record)
        return self._object(writes.record, writes, places)

    def _object(self, struct: Struct, writes: Writes, places: Mapping[str, Sequence[str]]) -> GraphQLInputObjectType:
        name = f"{struct.name}Patch"
        if name not in self._made:
            # Fields that are made when they are asked for: an object may hold one of its own type.
            self._made[name] = GraphQLInputObjectType(
                name,
                lambda: self._fields(struct, writes, places),
                description=f"{struct.about} What is to change of it.",
            )
        return self._made[name]

    def _fields(
        self, struct: Struct, writes: Writes, places: Mapping[str, Sequence[str]]
    ) -> dict[str, GraphQLInputField]:
        writable = {each.name for before in places[struct.name] for each in writable_fields(writes, struct, before)}
        identity = entry_id(struct, writes) if struct is not writes.record else None
        return {
            each.name: GraphQLInputField(self._type(each, writes, places), description=_about(each, writes, struct))
            for each in struct.fields
            if each.name in writable or each is identity
        }

    def _type(self, field: VendorField, writes: Writes, places: Mapping[str, Sequence[str]]) -> Any:
        if isinstance(field.type, VendorLeaf):
            leaf = self._leaf(_type_of(field.type, writes).value)
            return self._list_of_leaves(leaf) if field.many else leaf
        item = self._object(field.type, writes, places)
        return self._list_of_objects(item, field.type, writes) if field.many else item

    def _list_of_leaves(self, leaf: GraphQLNamedType) -> GraphQLInputObjectType:
        return self._list(f"{leaf.name}SetPatch", {"set": (leaf, _SET)}, "What becomes of a list: it is set whole.")

    def _list_of_objects(self, item: GraphQLInputObjectType, struct: Struct, writes: Writes) -> GraphQLInputObjectType:
        identity = entry_id(struct, writes)
        if identity is None:
            about = "What becomes of a list whose entries have no ids: it is set whole."
            return self._list(f"{struct.name}ListPatch", {"set": (item, _SET)}, about)
        key = self._leaf(_type_of(VendorLeaf(identity.type), writes).value)
        members = {
            "set": (item, _SET),
            "add": (item, "Entries that come at the end."),
            "update": (item, f"Entries that change, each with its `{identity.name}`: what is not named of one stays."),
            "remove": (key, f"The entries that go, by their `{identity.name}`."),
        }
        return self._list(f"{struct.name}ListPatch", members, "Either set alone, or add, update and remove.")

    def _list(self, name: str, members: Mapping[str, tuple[Any, str]], about: str) -> GraphQLInputObjectType:
        if name not in self._made:
            self._made[name] = list_input(name, about, members)
        return self._made[name]


def _type_of(leaf: VendorLeaf, writes: Writes) -> VendorLeaf:
    """Return the type of a leaf in a section: one of a client's numbers is not kept within 32 bits."""
    if leaf is VendorLeaf.ID:
        return writes.ids
    return VendorLeaf.LONG if leaf is VendorLeaf.INT else leaf


def entry_id(struct: Struct, writes: Writes) -> VendorField | None:
    """Return the field that tells the entries of a list apart; None where none does."""
    return struct.by_vendor_name.get(writes.entry_ids.get(struct.name, "id"))


def _about(field: VendorField, writes: Writes, struct: Struct) -> str:
    if struct is not writes.record:
        return field.about
    rules: list[str] = []
    if field.vendor in writes.required:
        rules.append("Always has a value.")
    elif field.vendor in writes.lasting:
        rules.append("Cannot be cleared.")
    if (most := writes.most.get(field.vendor)) is not None:
        rules.append(f"At most {most:,} characters.")
    return " ".join([field.about, *rules])


def _places_of(record: Struct) -> Mapping[str, Sequence[str]]:
    """Return where each documented object stands, with a dot at the end; one within itself is not looked into again."""
    found: dict[str, list[str]] = {}

    def add(struct: Struct, before: str, around: tuple[Struct, ...]) -> None:
        found.setdefault(struct.name, []).append(before)
        for field in struct.fields:
            if isinstance(field.type, Struct) and field.type not in (*around, struct):
                add(field.type, f"{before}{field.vendor}.", (*around, struct))

    add(record, "", ())
    return found
