"""Declare what can be written of a vendor's customer: unified field → places of the document, and how.

    WRITES = Writes(
        record=CUSTOMER,
        resources={"": Resource(update=("PATCH", "/customers/{key}"), create=("POST", "/customers/"))},
        fields={"name": at("name"), "email": at("contact.email", first_email), …},
        server_made={"_id": "Pland gives it."},
    )

From these tables follow the plan of a mutation, `capabilities`, the typed sections of the input and docs/writing.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from customer_gateway.documents.changes import ABSENT, value_at, with_values
from customer_gateway.documents.choices import Choice, ChoiceList
from customer_gateway.documents.spelling import Standing, Unwritable, as_text, email, vat_number
from customer_gateway.documents.structs import VendorLeaf
from customer_gateway.documents.values import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.structs import Struct
    from customer_gateway.documents.values import Document, DocumentContext
    from customer_gateway.model.changes import ListPatch
    from customer_gateway.model.value_objects import EmailPurpose

Values: TypeAlias = "dict[str, Any]"
"""New values by their places; `ABSENT` for a member that goes."""


@dataclass(frozen=True, slots=True)
class Present:
    """A vendor's document as it stands, and how it is read.

    `region` is the country in which its phones are dialled; `choices` are what fields that hold an id of a list may be,
    by their places.
    """

    document: Document
    reading: DocumentContext
    region: str | None = None
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict[str, "Sequence[Choice]"])

    def with_values(self, values: Values) -> Present:
        return replace(self, document=with_values(self.document, values))

    def at(self, place: str) -> Standing:
        value = value_at(self.document, place)
        return Standing(None if value is ABSENT else value, self.region)


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """How one unified field is written: `spell` gives the new values of its `places`, or raises `Unwritable`.

    `cleared` gives those that clear it; None where nothing clears it.
    """

    places: tuple[str, ...]
    spell: Callable[[Any, Present], Values]
    cleared: Callable[[Present], Values] | None


def at(place: str, spell: Spell = as_text, cleared: Any = None) -> FieldWrite:
    """Declare a field that stands at one place; `cleared` is what stands there without a value."""
    return FieldWrite((place,), lambda value, now: {place: spell(value, now.at(place))}, lambda _now: {place: cleared})


def by_label(place: str, wanted: Callable[[Any], str]) -> FieldWrite:
    """Declare a field that holds an id of a list: the one of the entry whose label is `wanted`, in any case."""

    def spell(value: Any, now: Present) -> Values:
        label = wanted(value).casefold()
        for choice in now.choices.get(place, ()):
            if (choice.label or "").strip().casefold() == label:
                return {place: choice.value}
        raise Unwritable("This system's list has no such entry. System.choices lists it.")

    return FieldWrite((place,), spell, lambda _now: {place: None})


def never_cleared(write: FieldWrite) -> FieldWrite:
    """Declare a field that has a value always."""
    return FieldWrite(write.places, write.spell, None)


def emails_at(places: Mapping[EmailPurpose, str], cleared: Any = None, *, several: bool = False) -> FieldWrite:
    """Declare the addresses of a customer: a place for each purpose, of a list of texts where it holds `several`.

    A purpose of which `set` has none is cleared; `add` and `remove` go by the addresses that stand there.
    """

    def spell(wanted: ListPatch, now: Present) -> Values:
        strangers = {each.purpose for each in (*(wanted.set or ()), *wanted.add)} - places.keys()
        if strangers:
            known = ", ".join(purpose.value for purpose in places)
            raise Unwritable(f"This system has no e-mail address of such a purpose. It has {known}.")
        return {place: _addresses(place, purpose, wanted, now) for purpose, place in places.items()}

    def _addresses(place: str, purpose: EmailPurpose, wanted: ListPatch, now: Present) -> Any:
        here = now.at(place)
        standing = _texts(here.value)
        given = [email(each.address, here) for each in wanted.set or () if each.purpose is purpose]
        added = [email(each.address, here) for each in wanted.add if each.purpose is purpose]
        kept = given if wanted.set is not None else _without(standing, wanted.remove)
        result = list(dict.fromkeys([*kept, *added]))
        if several:
            return result or cleared
        if len(result) > 1:
            raise Unwritable(f"This system holds one e-mail address of the purpose {purpose.value}. Give one.")
        return result[0] if result else cleared

    return FieldWrite(tuple(places.values()), spell, lambda _now: dict.fromkeys(places.values(), cleared))


def lines_at(*places: str, cleared: Any = None, from_last: bool = False) -> FieldWrite:
    """Declare lines of text that stand at a place each; fewer lines fill the first places, or `from_last` the last."""

    def spell(lines: Sequence[str], now: Present) -> Values:
        if len(lines) > len(places):
            raise Unwritable(f"This system has {len(places)} such lines. Give no more.")
        filled = places[len(places) - len(lines) :] if from_last else places[: len(lines)]
        spelled = [as_text(line, now.at(place)) for line, place in zip(lines, filled, strict=True)]
        return {**dict.fromkeys(places, cleared), **dict(zip(filled, spelled, strict=True))}

    return FieldWrite(places, spell, lambda _now: dict.fromkeys(places, cleared))


def texts_at(place: str, member: str = "", cleared: Any = None) -> FieldWrite:
    """Declare a list of texts at a place: of objects that hold the text as `member`, where it is named.

    Objects that stay are sent as they stand.
    """

    def made(text: str, now: Present) -> Any:
        spelled = as_text(text, now.at(place))
        return {member: spelled} if member else spelled

    def text_of(item: Any) -> Any:
        return item.get(member) if member and is_object(item) else item

    def spell(wanted: ListPatch, now: Present) -> Values:
        present = now.at(place).value
        standing: list[Any] = present if is_list(present) else []
        if wanted.set is not None:
            kept = [next((item for item in standing if text_of(item) == text), made(text, now)) for text in wanted.set]
        else:
            gone = set(wanted.remove)
            kept = [item for item in standing if text_of(item) not in gone]
        return {place: [*kept, *(made(text, now) for text in wanted.add)] or cleared}

    return FieldWrite((place,), spell, lambda _now: {place: cleared})


def one_text_at(place: str, cleared: Any = None) -> FieldWrite:
    """Declare a list of texts of which the vendor holds one."""

    def spell(wanted: ListPatch, now: Present) -> Values:
        standing = _texts(now.at(place).value)
        kept = list(wanted.set) if wanted.set is not None else _without(standing, wanted.remove)
        result = [*kept, *wanted.add]
        if len(result) > 1:
            raise Unwritable("This system holds one text here. Set one.")
        return {place: as_text(result[0], now.at(place)) if result else cleared}

    return FieldWrite((place,), spell, lambda _now: {place: cleared})


def _texts(value: Any) -> list[str]:
    items: list[Any] = value if is_list(value) else [value]
    return [item for item in items if isinstance(item, str) and item.strip()]


def _without(texts: Sequence[str], removed: Sequence[str]) -> list[str]:
    gone = {text.casefold() for text in removed}
    return [text for text in texts if text.casefold() not in gone]


@dataclass(frozen=True, slots=True)
class Resource:
    """A document of a customer that has calls of its own: method and path, with `{key}` for the customer's key and
    `{id}` for its own.

    `read` is the path that answers it, out of whose answer `unwrap` takes it; blank where it comes with the customer.
    `made_with` are members of a new one; that of a new customer is sent with it, as its member `inline`, where named.

    An update sends the members that changed, nested objects whole but for those `in_part`; where it is `whole`, the
    document as it was read with the changes in it, without what is `left_out`. `delete` removes it where all of its
    `vital` members are cleared and nothing is set.
    """

    update: tuple[str, str] | None
    create: tuple[str, str] | None
    read: str = ""
    unwrap: Callable[[Any], Any] = lambda answer: answer
    made_with: Mapping[str, Any] = field(default_factory=dict[str, Any])
    inline: str = ""
    whole: bool = False
    in_part: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    delete: tuple[str, str] | None = None
    vital: frozenset[str] = frozenset()

    def is_removed_by(self, values: Values) -> bool:
        """Return whether new values at places leave nothing of a document."""
        cleared = {place for place, value in values.items() if value in (None, ABSENT)}
        return self.delete is not None and self.vital <= cleared == values.keys()

    def update_body(self, document: Document, values: Values) -> Document:
        """Return what an update sends of a document with new values at places."""
        result = with_values(document, values)
        if self.whole:
            return {name: value for name, value in result.items() if name not in self.left_out}
        body: Document = {}
        for place in values:
            top, _, deeper = place.partition(".")
            if deeper and top in self.in_part:
                body = with_values(body, {place: value_at(result, place)})
            else:
                body[top] = result.get(top)
        return body

    def create_body(self, values: Values) -> Document:
        """Return what creates a document: what has no value is left out."""
        given = {place: value for place, value in values.items() if value not in (None, ABSENT)}
        return with_values({**self.made_with}, given)


@dataclass(frozen=True, eq=False)
class Writes:
    """What can be written of a vendor's customer.

    `resources` are by the member of the document that has calls of its own; "" are those of all others. `archive`
    takes a customer out of use and `restore` brings it back; None where the vendor has nothing for it.
    `server_made` are the places that no client writes, with the reason; `required` those that always have a value;
    `most` the longest text of a place in characters; `exclusive` pairs of flags of which one may be true. `lasting`
    are the places that the vendor never leaves without a value, or keeps as they were when it is sent none.
    `own_forms` are the forms of the vendor's own texts that no unified field writes, or writes in its own way.
    `country` says in which country phones are dialled. `cleared` is what stands at a place without a value;
    `moment` spells a point in time, `path_of` a key in a path. `held` says of a document whether a change of it
    waits for the vendor's review, `archived` whether the vendor refuses every change of it. `numeric_ids` says that
    ids are numbers, `numbers` which texts are; `entry_ids` which member parts the entries of a list, by their
    struct's name; `ids` of which type ids are in a section. `lists` are those whose ids places hold. `users` are
    the places that hold users, each with what gives a user's key. `identity` are the members that make a customer's
    key. `traces` are those by which a new one is found again whose creation was not answered, `created` is where
    its vendor's stamp stands. `named` gives the texts of a refusal that name what is refused.
    """

    record: Struct
    resources: Mapping[str, Resource]
    archive: Callable[[Present], Values] | None
    restore: Callable[[Present], Values] | None
    fields: Mapping[str, FieldWrite]
    server_made: Mapping[str, str]
    required: frozenset[str] = frozenset()
    most: Mapping[str, int] = field(default_factory=dict[str, int])
    exclusive: Sequence[tuple[str, str]] = ()
    lasting: frozenset[str] = frozenset()
    own_forms: Mapping[str, Spell] = field(default_factory=dict[str, "Spell"])
    country: str = ""
    cleared: Any = None
    moment: Callable[[datetime, DocumentContext], Any] = lambda moment, _reading: moment.isoformat()
    numeric_ids: bool = False
    numbers: frozenset[str] = frozenset()
    path_of: Callable[[str], str] = lambda key: quote(key, safe="")
    held: Callable[[Document], bool] = lambda _document: False
    archived: Callable[[Document], bool] = lambda _document: False
    entry_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    lists: Mapping[str, ChoiceList] = field(default_factory=dict[str, ChoiceList])
    users: Mapping[str, Callable[[Any], Iterable[str]]] = field(
        default_factory=dict[str, "Callable[[Any], Iterable[str]]"]
    )
    identity: tuple[str, ...] = ("id",)
    traces: tuple[str, ...] = ()
    created: str = "created"
    named: Callable[[Any], Iterable[str]] = lambda _explanation: ()
    ids: VendorLeaf = VendorLeaf.ID

    @cached_property
    def fields_by_place(self) -> Mapping[str, tuple[str, ...]]:
        """The unified fields that write each place."""
        found: dict[str, tuple[str, ...]] = {}
        for name, write in self.fields.items():
            for place in write.places:
                found[place] = (*found.get(place, ()), name)
        return found

    @cached_property
    def forms(self) -> Mapping[str, Spell]:
        """The forms in which texts are written, by their places: also where a section gives them."""
        checks = {"vat_number": vat_number, "email": email, "billing.email": email}
        unified = {
            place: check for name, check in checks.items() if name in self.fields for place in self.fields[name].places
        }
        return {**unified, **self.own_forms}

    def is_required(self, name: str) -> bool:
        """Return whether a unified field has a value always."""
        return not self.required.isdisjoint(self.fields[name].places)

    def key_of(self, document: Document) -> str | None:
        """Return the key of a customer's document; None where it lacks a part of it."""
        parts = [document.get(name) for name in self.identity]
        known = [str(part) for part in parts if isinstance(part, (str, int)) and part != ""]
        return "/".join(known) if len(known) == len(parts) else None

    def is_clearable(self, name: str) -> bool:
        return self.fields[name].cleared is not None and not self.is_required(name)
