"""Values to write, derived from the tables of what can be written: by type, length, list and form of each place."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from customer_gateway.documents.patching import spelled
from customer_gateway.documents.sections import writable_fields
from customer_gateway.documents.spelling import (
    country,
    country_code,
    currency,
    email,
    iban,
    language,
    phone,
    phone_in_parts,
    vat_number,
)
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.model.changes import ListPatch
from customer_gateway.model.value_objects import CustomerKind, EmailAddress, EmailPurpose, Gender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.documents.writing import Present, Writes

EMAILS: Final = st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@[a-z]{1,8}\.example", fullmatch=True)
WELL_FORMED: Final[Mapping[Any, SearchStrategy[str]]] = {
    vat_number: st.sampled_from(["DE136695976", "FI01120389", "SE556036079301"]),
    email: EMAILS,
    phone: st.integers(7_000_000, 7_999_999).map("+49 221 {}".format),
    phone_in_parts: st.integers(7_000_000, 7_999_999).map("+49-221-{}".format),
    country: st.sampled_from(["DE", "FI", "NO", "SE"]),
    country_code: st.sampled_from(["DE", "FI", "NO", "SE"]),
    currency: st.sampled_from(["CHF", "EUR", "NOK", "SEK"]),
    language: st.sampled_from(["de", "en", "fi", "sv"]),
    iban: st.sampled_from(["DE02120300000000202051", "FI2112345600000785", "SE4550000000058398257466"]),
}
"""Texts of each form, as every vendor that has the form writes them."""

_CHARACTERS: Final = st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="\ufffd")
_LONGEST: Final = 40
_MOMENTS: Final = st.integers(10**9, 2 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_JSON: Final = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(string.ascii_letters, min_size=1, max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=3,
)
LEAVES: Final[Mapping[VendorLeaf, SearchStrategy[Any]]] = {
    VendorLeaf.ID: st.integers(1, 2**31 - 1).map(str),
    VendorLeaf.INT: st.integers(-(2**31), 2**31 - 1),
    VendorLeaf.LONG: st.integers(0, 2**53),
    VendorLeaf.DECIMAL: st.decimals(-10_000, 10_000, places=2),
    VendorLeaf.BOOLEAN: st.booleans(),
    VendorLeaf.MOMENT: _MOMENTS,
    VendorLeaf.DAY: st.dates(),
    VendorLeaf.JSON: _JSON,
}
_UNIFIED: Final[Mapping[str, SearchStrategy[Any]]] = {
    "kind": st.sampled_from(CustomerKind),
    "gender": st.sampled_from(Gender),
    "language": WELL_FORMED[language],
    "vat_number": WELL_FORMED[vat_number],
    "email": EMAILS,
    "billing.email": EMAILS,
    **dict.fromkeys(("phone", "mobile", "fax"), WELL_FORMED[phone]),
    **dict.fromkeys(("address.country_code", "address.country"), WELL_FORMED[country]),
    **dict.fromkeys(("is_supplier", "billing.taxable"), st.booleans()),
    "billing.credit_limit": LEAVES[VendorLeaf.DECIMAL],
}
"""Those whose type is the model's own, and no text of the place that they are written to."""


def texts(longest: int = _LONGEST) -> SearchStrategy[str]:
    """Texts that are not blank, of at most so many characters."""
    return st.text(_CHARACTERS, min_size=1, max_size=min(longest, _LONGEST)).filter(lambda text: bool(text.strip()))


def _some(values: SearchStrategy[Any]) -> SearchStrategy[list[Any]]:
    return st.lists(values, min_size=1, max_size=2, unique=True)


def _all_for(purposes: Sequence[EmailPurpose], addresses: Sequence[str]) -> ListPatch:
    return ListPatch(set=[EmailAddress(*pair) for pair in zip(addresses, purposes, strict=True)])


@dataclass(frozen=True)
class WrittenValues:
    """What can be written to a vendor's customer as it stands `now`, whose system has these `users`, by their keys.

    `own` are values of places that the vendor alone checks.
    """

    writes: Writes
    section: str
    now: Present
    users: Sequence[str]
    own: Mapping[str, SearchStrategy[Any]]

    def of_field(self, name: str) -> SearchStrategy[Any]:
        """Values of a unified field that the tables take."""
        return self._of_field(name).filter(lambda value: self._is_taken({name: value}))

    def _of_field(self, name: str) -> SearchStrategy[Any]:
        places = self.writes.fields[name].places
        special: Mapping[str, Callable[[], SearchStrategy[Any]]] = {
            "owner_id": lambda: st.sampled_from(self.users),
            "billing.recipient_ids": lambda: _some(st.sampled_from(self.users)),
            "currency": lambda: self._currencies(places[0]),
            "emails": self._emails,
            "notes": lambda: _some(texts()).map(lambda given: ListPatch(set=given)),
            "address.lines": lambda: _some(texts(min(self.writes.most.get(place, _LONGEST) for place in places))),
        }
        if name in special:
            return special[name]()
        return _UNIFIED[name] if name in _UNIFIED else self._of_place(places)

    def _currencies(self, place: str) -> SearchStrategy[Any]:
        choices = self.now.choices.get(place)
        return WELL_FORMED[currency] if choices is None else st.sampled_from([choice.label for choice in choices])

    def _of_place(self, places: Sequence[str]) -> SearchStrategy[Any]:
        """Texts of a unified field, by the field of the vendor's that it is written to."""
        found = self._documented(places[0])
        if found is None:
            return texts()
        return self.of_leaf(found, places[0]).map(str)

    def _documented(self, place: str) -> VendorField | None:
        struct: Any = self.writes.record
        found: VendorField | None = None
        for name in place.split("."):
            found = struct.by_vendor_name.get(name) if isinstance(struct, Struct) else None
            struct = None if found is None else found.type
        return found

    def _emails(self) -> SearchStrategy[ListPatch]:
        """One address of each purpose that the system has."""
        purposes = [each for each in EmailPurpose if self._is_taken({"emails": _all_for([each], ["a@a.example"])})]
        addresses = st.lists(EMAILS, min_size=len(purposes), max_size=len(purposes), unique=True)
        return addresses.map(lambda given: _all_for(purposes, given))

    def _is_taken(self, patch: Mapping[str, Any]) -> bool:
        return not spelled(self.writes, self.section, patch, self.now, creates=False).refusals

    def of_leaf(self, field: VendorField, place: str) -> SearchStrategy[Any]:
        """Values of a field of the section that holds one value, as its input type takes them."""
        if place in self.own:
            return self.own[place]
        if (choices := self.now.choices.get(place)) is not None:
            return st.sampled_from([choice.value for choice in choices])
        if place in self.writes.numbers:
            return st.integers(100_000, 2**31).map(str)
        if field.type is VendorLeaf.TEXT:
            form = self.writes.forms.get(place) or (iban if place.rpartition(".")[2] == "iban" else None)
            return WELL_FORMED[form] if form else texts(self.writes.most.get(place, _LONGEST))
        assert isinstance(field.type, VendorLeaf)
        return LEAVES[field.type]

    def of_entries(self, field: VendorField, place: str) -> SearchStrategy[Any]:
        """Entries of a list: values, or objects with every member that a client may write."""
        if not isinstance(field.type, Struct):
            return self.of_leaf(field, place)
        identity = entry_id(self.writes, field.type)
        members = {
            each.name: self._member(each, f"{place}.{each.vendor}")
            for each in writable_fields(self.writes, field.type, f"{place}.")
            if each.name != identity
        }
        return st.fixed_dictionaries(members)

    def of_section(self) -> SearchStrategy[Any]:
        """Sections with a value of every field that a client may write."""
        members = writable_fields(self.writes, self.writes.record)
        return st.fixed_dictionaries({each.name: self._member(each, each.vendor) for each in members})

    def _member(self, field: VendorField, place: str) -> SearchStrategy[Any]:
        if field.many:
            return st.lists(self.of_entries(field, place), min_size=1, max_size=2).map(lambda each: ListPatch(set=each))
        return self.of_entries(field, place)


def entry_id(writes: Writes, struct: Struct) -> str | None:
    """The GraphQL name of the field that tells the entries of a list apart; None where none does."""
    found = struct.by_vendor_name.get(writes.entry_ids.get(struct.name, "id"))
    return None if found is None else found.name
