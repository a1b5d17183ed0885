"""Declare how a unified field is written: at one place, at several, by the label of a list's entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.documents.spelling import Unwritable, as_text, email
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.documents.writing import FieldWrite

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.writing import Present, Values
    from customer_gateway.model.changes import ListPatch
    from customer_gateway.model.value_objects import EmailPurpose


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
