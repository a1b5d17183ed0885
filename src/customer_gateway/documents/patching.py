"""Turn a patch into new values of a vendor's document, and say all at once what of it is not written."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.changes import ABSENT, same, value_at, with_values
from customer_gateway.documents.choices import is_among
from customer_gateway.documents.sections import Written, section_of
from customer_gateway.documents.spelling import Unwritable
from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.changes import Refusal, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from customer_gateway.documents.writing import Present, Values, Writes
    from customer_gateway.model.changes import Patch

_NOT_WRITABLE: Final = "This system has no place for the field. System.capabilities lists what it takes."
_NO_SECTION: Final = "A section is not cleared as a whole. Give null for each field that is to be cleared."
_NO_CHOICE: Final = "It is not in this system's list. System.choices lists it."
_REQUIRED: Final = "This system demands a value. Give one."


@dataclass(frozen=True, slots=True)
class Spelled:
    """The new values by their places, and what is refused; nothing is to be sent where anything is refused.

    `paths` say for each place which field of the patch writes it.
    """

    values: Values
    refusals: Sequence[Refusal]
    paths: Mapping[str, tuple[str, ...]]


def spelled(writes: Writes, section: str, patch: Patch, now: Present, *, creates: bool) -> Spelled:
    """Return the values that a patch gives to the places of a document, as it stands `now`.

    `section` is the name of the section of this kind of system. What `creates` must have every required value.
    """
    values: Values = {}
    writers: dict[str, tuple[str, ...]] = {}
    refusals: list[Refusal] = []
    for written in chain.from_iterable(_written(writes, section, name, patch[name], now) for name in patch):
        if isinstance(written.value, Unwritable):
            refusals.append(Refusal(written.value.code, written.path, written.value.message))
        elif (other := _other_writer(writers, written)) is not None:
            first = ".".join(other)
            refusals.append(Refusal(RefusalCode.EXCLUSIVE, written.path, f"{first} writes the same place. Give one."))
        else:
            writers[written.place] = written.path
            values[written.place] = written.value
    checked = _Checks(writes, section, values, writers, now)
    broken = [*checked.too_long(), *checked.exclusive(), *checked.no_choice(), *checked.required(creates=creates)]
    return Spelled(values, [*refusals, *broken], writers)


def _other_writer(writers: Mapping[str, tuple[str, ...]], written: Written) -> tuple[str, ...] | None:
    """Return the path of another field that writes the place already, a part of it, or what it is a part of."""
    here = f"{written.place}."
    for place, path in writers.items():
        if path != written.path and (here.startswith(f"{place}.") or place.startswith(here)):
            return path
    return None


def _written(writes: Writes, section: str, name: str, value: Any, now: Present) -> Iterator[Written]:
    path = _path(name)
    if name == section and value is None:
        yield Written(path, name, Unwritable(_NO_SECTION))
    elif name == section:
        yield from section_of(writes, value, now, path)
    elif name in writes.fields:
        yield from _field(writes, name, value, now, path)
    elif value is None and (parts := [each for each in writes.fields if each.startswith(f"{name}.")]):
        for part in parts:
            yield from _field(writes, part, None, now, path)
    else:
        yield Written(path, name, Unwritable(_NOT_WRITABLE, RefusalCode.NOT_WRITABLE))


def _field(writes: Writes, name: str, value: Any, now: Present, path: tuple[str, ...]) -> Iterator[Written]:
    write = writes.fields[name]
    if value is None and write.cleared is None:
        yield Written(path, name, Unwritable(_REQUIRED, RefusalCode.REQUIRED))
        return
    try:
        values = write.cleared(now) if value is None and write.cleared is not None else write.spell(value, now)
    except Unwritable as why:
        yield Written(path, name, why)
    else:
        yield from (Written(path, place, new) for place, new in values.items())


def _path(name: str) -> tuple[str, ...]:
    return tuple(map(graphql_name, name.split(".")))


@dataclass(frozen=True, slots=True)
class _Checks:
    """The rules that a vendor documents, over the values as they would be sent."""

    writes: Writes
    section: str
    values: Values
    writers: Mapping[str, tuple[str, ...]]
    now: Present

    def too_long(self) -> Iterator[Refusal]:
        for place, value in self.values.items():
            most = self.writes.most.get(place)
            if most is not None and isinstance(value, str) and len(value) > most:
                message = f"The text is longer than this system takes: {most} characters. Shorten it."
                yield Refusal(RefusalCode.TOO_LONG, self.writers[place], message)

    def exclusive(self) -> Iterator[Refusal]:
        result = with_values(self.now.document, self.values)
        for pair in self.writes.exclusive:
            if all(value_at(result, place) is True for place in pair) and not self.values.keys().isdisjoint(pair):
                place = next(each for each in pair if each in self.values)
                message = f"This system takes only one of {' and '.join(pair)} as true. Set the other to false."
                yield Refusal(RefusalCode.EXCLUSIVE, self.writers[place], message)

    def no_choice(self) -> Iterator[Refusal]:
        """Refuse new values of places whose list is known and has no such entry."""
        for place, choices in self.now.choices.items():
            value = self.values.get(place)
            if not is_among(value, choices) and not same(value, value_at(self.now.document, place)):
                yield Refusal(RefusalCode.INVALID, self.writers[place], _NO_CHOICE)

    def required(self, *, creates: bool) -> Iterator[Refusal]:
        result = with_values(self.now.document, self.values)
        for place in sorted(self.writes.required):
            if (creates or place in self.values) and _is_blank(value_at(result, place)):
                yield Refusal(RefusalCode.REQUIRED, self.writers.get(place) or self._writer_of(place), _REQUIRED)

    def _writer_of(self, place: str) -> tuple[str, ...]:
        """Return the path of what would write a place: the unified field, else the vendor's own."""
        by_place = self.writes.fields_by_place.get(place)
        return _path(by_place[0]) if by_place else (self.section, *map(graphql_name, place.split(".")))


def _is_blank(value: Any) -> bool:
    return value is ABSENT or value is None or value == [] or (isinstance(value, str) and not value.strip())
