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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from urllib.parse import quote

from customer_gateway.documents.changes import ABSENT, value_at, with_values
from customer_gateway.documents.choices import Choice, ChoiceList
from customer_gateway.documents.spelling import Standing, email, vat_number
from customer_gateway.documents.structs import Struct, VendorLeaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.values import Document, DocumentContext

Values: TypeAlias = "dict[str, Any]"
"""New values by their places; `ABSENT` for a member that goes."""


@dataclass(frozen=True, slots=True)
class Present:
    """A vendor's document as it stands, and how it is read.

    `region` is the country in which its phones are dialled; `choices` are what fields that hold an id of a list may be,
    by their places; `answers` are those of the calls by which its parts were read, exact, by the member that each is.
    """

    document: Document
    context: DocumentContext
    region: str | None = None
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict[str, "Sequence[Choice]"])
    answers: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def with_values(self, values: Values) -> Present:
        return replace(self, document=with_values(self.document, values))

    def at(self, place: str) -> Standing:
        value = value_at(self.document, place)
        return Standing(None if value is ABSENT else value, self.region)


class WritableMember(NamedTuple):
    """A documented member of an object that a client may write, its place, and those of the object that it is."""

    name: str
    place: str
    inner: Sequence[WritableMember] | None


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """How one unified field is written: `spell` gives the new values of its `places`, or raises `Unwritable`.

    `cleared` gives those that clear it; None where nothing clears it.
    """

    places: tuple[str, ...]
    spell: Callable[[Any, Present], Values]
    cleared: Callable[[Present], Values] | None


@dataclass(frozen=True, slots=True)
class Resource:
    """A document of a customer that has calls of its own: method and path, with `{key}` for the customer's key and
    `{id}` for its own.

    `read` is the path that answers it, asked with `query`, out of whose answer `unwrap` takes it; blank where it comes
    with the customer. Where an answer `may_lack` it, None says so; anything else that is no object is an answer of
    another form.
    `made_with` are members of a new one; that of a new customer is sent with it, as its member `inline`, where named.

    An update sends the members that changed, nested objects whole but for those `in_part`; where it is `whole`, the
    document as it was read with the changes in it, without what is `left_out`. `delete` removes it where all of its
    `vital` members are cleared and nothing is set.
    """

    update: tuple[str, str] | None
    create: tuple[str, str] | None
    read: str = ""
    query: Sequence[tuple[str, str]] = ()
    unwrap: Callable[[Any], Any] = lambda answer: answer
    may_lack: bool = False
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
    moment: Callable[[datetime, DocumentContext], Any] = lambda moment, _context: moment.isoformat()
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
    def parts(self) -> tuple[str, ...]:
        """The members of a document, as a writer has it, that calls of their own answer."""
        return tuple(name for name, resource in self.resources.items() if name and resource.read)

    @cached_property
    def writable(self) -> Sequence[WritableMember]:
        """The documented members of the record that a client may write."""
        return self._writable(self.record, "")

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

    def _writable(self, struct: Struct, before: str) -> Sequence[WritableMember]:
        found: list[WritableMember] = []
        for each in struct.fields:
            if (place := f"{before}{each.vendor}") not in self.server_made:
                inner = self._writable(each.type, f"{place}.") if isinstance(each.type, Struct) else None
                found.append(WritableMember(each.vendor, place, inner))
        return found
