"""One vendor on a socket, and a customer of it that has a value at every place: laws of writing are tried on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from systems.test_laws_of_writing import writes_of
from vendors import WRITES

from customer_gateway.documents import exact
from customer_gateway.documents.changes import ABSENT, value_at
from customer_gateway.documents.patching import spelled
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.operations.plan import create_plan, update_plan
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Mapping, Sequence

    from customer_gateway.documents.changes import Change
    from customer_gateway.documents.writing import Present, Values
    from customer_gateway.operations.plan import PlannedWrite
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.systems.registry import Vendor
    from customer_gateway.systems.writer import Writer

INSIDE: Final = {"xInside": Decimal("2.50")}
UNKNOWN: Final = {"xUnknown": {"price": Decimal("1.10"), "list": [1, None, {"of": Decimal("2.50")}]}}
IN_A_LIST: Final = re.compile(r"\[\d+\]")
_DEADLINE: Final = 10.0


def own_values(slug: str, users: Sequence[str], document: Any) -> Mapping[str, st.SearchStrategy[Any]]:
    """Values of places that the vendor alone checks."""
    return {
        place: st.from_regex(values, fullmatch=True) if isinstance(values, re.Pattern) else st.sampled_from(values)
        for place, values in WRITES[slug].own_values(users, document).items()
    }


@dataclass
class AtTheSandbox:
    """One vendor on a socket, its writer, and one of its customers, which has a value at every place."""

    vendor: Vendor
    runner: asyncio.Runner
    box: Sandbox
    system: Any
    key: str
    done: dict[str, set[str]] = field(default_factory=dict[str, "set[str]"])

    def __post_init__(self) -> None:
        self.slug = self.vendor.kind.slug
        self.facts = WRITES[self.slug]
        self.writes = writes_of(self.vendor)
        self.writer: Writer = self.system.writer
        self.upstream = self.box.vendors[self.slug]
        self.stored = self.upstream.customers
        self.unseen = {*self.writes.server_made, *self.facts.stamps, *self.facts.answered}

    def document(self) -> Any:
        """The document as it is stored, its numbers with all of their digits."""
        return exact.decode(self.stored.text(self.key).encode())

    async def read(self) -> Present:
        found = await self.writer.read(self.key, Deadline.after(_DEADLINE), self.choices)
        assert found is not None
        return found

    async def set_out(self) -> None:
        """Plant the vendor's sample and undocumented members; the vendor puts in order what it keeps in order."""
        self.choices = await self.writer.choices(self.writes.lists, Deadline.after(_DEADLINE))
        people = await self.system.people(0, 5, Deadline.after(_DEADLINE))
        self.users = [] if people is None else [each.key for each in people.items]
        sample = exact.decode((Path(__file__).parent / self.slug / "samples" / "full.json").read_bytes())
        kept = {*self.writes.identity, "number", "Number"}
        planted = {
            each.vendor: sample[each.vendor]
            for each in self.writes.record.fields
            if each.vendor in sample and each.vendor not in self.writes.server_made and each.vendor not in kept
        }
        filled = {**self.with_unknown(self.writes.record, planted), **self.facts.excluding_none, **UNKNOWN}
        self.stored.plant(self.key, exact.encode(filled).decode())
        for collection, key in self.facts.beside(self.upstream, self.key).values():
            collection.plant(key, exact.encode(INSIDE).decode())
        now = await self.read()
        found = spelled(self.writes, self.slug, {"name": "Neumann"}, now, creates=False)
        await self.send(update_plan(self.writes, self.key, now, found.values))

    def with_unknown(self, struct: Struct, given: Any, part: str = "") -> Any:
        """A document with an undocumented number in every object, and `1.10` at every documented fraction."""
        if is_list(given):
            return [self.with_unknown(struct, each, part) for each in given]
        if not is_object(given):
            return given
        made: dict[str, Any] = {}
        for name, value in given.items():
            known = struct.by_vendor_name.get(name)
            if known is not None and isinstance(known.type, Struct):
                made[name] = self.with_unknown(known.type, value, part or name)
            else:
                made[name] = Decimal("1.10") if known is not None and known.type is VendorLeaf.DECIMAL else value
        removable = part in self.writes.resources and self.writes.resources[part].delete is not None
        return made if removable or not part else {**made, **INSIDE}

    async def make(self, patch: Mapping[str, Any]) -> Sequence[Change]:
        """Plan a patch, send it, and hold what is stored against it."""
        now = await self.read()
        found = spelled(self.writes, self.slug, patch, now, creates=False)
        assert found.refusals == []
        return await self.carry_out(now, found.values)

    async def create(self, patch: Mapping[str, Any]) -> Values:
        """Make a customer, which is looked at from then on; return what it was made with."""
        found = spelled(self.writes, self.slug, patch, self.writer.present({}, self.choices), creates=True)
        assert found.refusals == []
        key = ""
        for each in create_plan(self.writes, found.values):
            path, body = (
                each.path.replace("{key}", self.writes.path_of(key)) if key else each.path,
                exact.encode(each.body),
            )
            made = await self.writer.send(each.method, path, each.template, body, Deadline.after(_DEADLINE))
            key = made.key or key
        self.key = key
        return found.values

    async def carry_out(self, now: Present, values: Values) -> Sequence[Change]:
        before = self.document()
        planned = update_plan(self.writes, self.key, now, values)
        await self.send(planned)
        after, stored = await self.read(), self.document()
        changes = [change for each in planned for change in each.changes]
        for change in changes:
            assert self.shows(change.place, value_at(after.document, change.place), change.after), change.place
        places = {change.place for change in changes}
        assert self.leaves(after.document, places) == self.leaves(now.document, places)
        assert self.leaves(stored, places) == self.leaves(before, places)
        return changes

    async def send(self, planned: Sequence[PlannedWrite]) -> None:
        self.upstream.log.clear()
        for each in planned:
            body = exact.encode(each.body)
            await self.writer.send(each.method, each.path, each.template, body, Deadline.after(_DEADLINE))
        assert self.upstream.log.calls() == [f"{each.method} {each.path}" for each in planned]

    def shows(self, place: str, found: Any, wanted: Any) -> bool:
        """Whether a place says what was written, to the digit; entries of a list may have got members."""
        if place == "MetaData" and is_list(found):
            found = [each for each in found if str(each["Id"]) not in self.held or holds_id(wanted, each["Id"])]
        if is_list(wanted) and is_list(found):
            return len(wanted) == len(found) and all(
                self.shows(place, *pair) for pair in zip(found, wanted, strict=True)
            )
        if is_object(wanted) and is_object(found):
            names = [name for name in wanted if f"{place}.{name}" not in self.unseen]
            return all(self.shows(f"{place}.{name}", found.get(name, ABSENT), wanted[name]) for name in names)
        if wanted in (None, ABSENT, []):
            return found in (None, ABSENT, []) or place in self.facts.defaults
        return type(found) is type(wanted) and str(found) == str(wanted)

    @property
    def held(self) -> frozenset[str]:
        """The ids of entries of lists that stay there whatever is sent."""
        return self.facts.held(self.document())

    def leaves(self, document: Any, places: set[str]) -> dict[str, str]:
        """Every value of a document but those at some places, and those that the vendor makes."""
        return dict(self._leaves(document, places | self.unseen, ""))

    def _leaves(self, value: Any, without: set[str], place: str) -> Iterator[tuple[str, str]]:
        if IN_A_LIST.sub("", place) in without or value is None:
            return
        if is_object(value):
            for name, inner in value.items():
                yield from self._leaves(inner, without, f"{place}.{name}".removeprefix("."))
        elif is_list(value):
            for index, inner in enumerate(value):
                yield from self._leaves(inner, without, f"{place}[{index}]")
        else:
            yield place, str(value)

    async def undo(self, first: Present, changed: set[str]) -> None:
        """Write back what stood at some places, and find the document as it was."""
        await self.carry_out(await self.read(), {place: value_at(first.document, place) for place in changed})
        assert self.leaves((await self.read()).document, set()) == self.leaves(first.document, set())

    def note(self, name: str, what: str) -> None:
        self.done.setdefault(name, set()).add(what)


def holds_id(entries: Any, key: object) -> bool:
    return any(each.get("Id") == key for each in entries or ())


def entries_at(document: Any, place: str) -> list[Any]:
    """The entries of a list; of one within the entries of another, those of its first."""
    found: Any = document
    for name in place.split("."):
        found = (found[0] if is_list(found) else found).get(name)
    return list(found or ())
