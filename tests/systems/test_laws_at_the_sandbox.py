"""Every place that can be written is written, changed and cleared over HTTP, and nothing else is another after it."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from systems.at_the_sandbox import AtTheSandbox, entries_at, own_values
from systems.test_laws_of_writing import WRITTEN, places_of
from systems.written_cases import Case, Cases, EntryCase
from systems.written_values import WrittenValues, entry_id
from vendors import WRITES

from customer_gateway.documents.changes import ABSENT, value_at
from customer_gateway.documents.patching import spelled
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.values import is_object
from customer_gateway.model.changes import ListPatch
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from customer_gateway.documents.writing import Writes
    from customer_gateway.systems.registry import Vendor

pytestmark = [pytest.mark.table, pytest.mark.hypothesis]

EXAMPLES: Final = 20 if os.environ.get("FUZZ") else 2


def wanted(writes: Writes, slug: str) -> dict[str, set[str]]:
    """What is to be done with every place of the tables, by the names of the cases."""
    made = {name: {"written", "changed"} for name in writes.fields}
    for name in writes.fields:
        made[name] |= {"cleared"} if writes.is_clearable(name) else set()
    for place, each in places_of(writes.record):
        if any(place == one or place.startswith(f"{one}.") for one in {*writes.server_made, *WRITES[slug].key_places}):
            continue
        if isinstance(each.type, Struct) and not each.many:
            continue
        if is_identity(writes, place):
            continue
        lasts = place in writes.required | writes.lasting
        made[f"{slug}:{place}"] = {"written", "changed"} | (set() if lasts else {"cleared"})
        if isinstance(each.type, Struct) and entry_id(writes, each.type) is not None:
            made[f"{slug}:{place}[]"] = {"added", "removed"}
    return made


def is_identity(writes: Writes, place: str) -> bool:
    """Whether a place is the id by which an entry of a list is told apart."""
    struct, before = writes.record, ""
    many = False
    for name in place.split("."):
        field = struct.by_vendor_name[name]
        if many and field.name == entry_id(writes, struct):
            return before + name == place
        many, before = field.many, f"{before}{name}."
        struct = field.type if isinstance(field.type, Struct) else struct
    return False


@pytest.fixture(scope="module")
def runner() -> Generator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


@pytest.fixture
def standing(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Generator[AtTheSandbox]:
    vendor: Vendor = request.param
    box, stack = Sandbox(customers=10), AsyncExitStack()
    slug = vendor.kind.slug
    urls = runner.run(stack.enter_async_context(box.serving()))
    table = {"base_url": urls[slug], **box.vendors[slug].credentials, "limits": {"vendor_budget": False}}
    system: Any = vendor.connect(slug, vendor.settings.model_validate(table), Wiring())
    made = AtTheSandbox(vendor, runner, box, system, box.vendors[slug].customers.keys()[3])
    runner.run(made.set_out())
    yield made
    runner.run(system.aclose())
    runner.run(stack.aclose())
    box.close()


EACH = pytest.mark.parametrize("standing", WRITTEN, ids=lambda vendor: vendor.kind.slug, indirect=True)
# A failure leaves the customer changed, so that smaller examples would tell of other things.
LAW = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def values_of(standing: AtTheSandbox) -> WrittenValues:
    now, users = standing.runner.run(standing.read()), standing.users
    return WrittenValues(standing.writes, standing.slug, now, users, own_values(standing.slug, users, now.document))


@EACH
def test_every_place_is_written_changed_and_cleared_and_nothing_else_is_another(standing: AtTheSandbox) -> None:
    others = {key: standing.stored.text(key) for key in standing.stored.keys() if key != standing.key}  # noqa: SIM118 - a collection is no dict

    for case in Cases(values_of(standing), standing.held).all():
        ask(standing, case)

    assert {name: sorted(what) for name, what in standing.done.items()} == {
        name: sorted(what) for name, what in wanted(standing.writes, standing.slug).items()
    }
    assert {key: standing.stored.text(key) for key in others} == others


@EACH
def test_a_patch_of_several_places_and_its_inverse_leave_the_document_as_it_was(standing: AtTheSandbox) -> None:
    cases = [each for each in Cases(values_of(standing), standing.held).all() if isinstance(each, Case)]
    # What an id of Billbee's entries points to, the vendor keeps in the list: that is one place with it.
    free = [each for each in cases if not each.name.endswith(".Id")]
    alone = [each for each in free if not is_in_a_list(standing.writes, each.name.rpartition(":")[2])]

    @settings(LAW, max_examples=10 * EXAMPLES)
    @given(st.lists(st.sampled_from(alone), min_size=2, max_size=8, unique_by=lambda case: case.name), st.data())
    def law(chosen: list[Case], data: st.DataObject) -> None:
        patch: dict[str, Any] = {}
        for case in chosen:
            patch = merged(patch, case.patch(data.draw(case.values, case.name)))
        standing.runner.run(hold_patch(standing, patch))

    law()


@EACH
def test_a_customer_is_made_with_a_value_at_every_place_of_the_section(standing: AtTheSandbox) -> None:
    others = {key: standing.stored.text(key) for key in standing.stored.keys()}  # noqa: SIM118 - a collection is no dict

    numbers = count(20_000_000)  # which the vendors hold each once

    @settings(LAW, max_examples=10 * EXAMPLES)
    @given(values_of(standing).of_section())
    def law(section: dict[str, Any]) -> None:
        number = {"number": type(section["number"])(next(numbers))} if "number" in section else {}
        standing.runner.run(hold_creation(standing, {**section, **number, **standing.facts.excluding_none}))

    law()

    named = {name.rpartition(":")[2] for name in wanted(standing.writes, standing.slug) if ":" in name}
    places = {each for each in named if not each.endswith("[]") and not is_in_a_list(standing.writes, each)}
    left = (places | standing.facts.key_places) - standing.done.keys()
    assert left == standing.facts.after_creation
    assert {key: standing.stored.text(key) for key in others} == others


def ask(standing: AtTheSandbox, case: Case | EntryCase) -> None:
    """Hold the law for a case with some values; a failure names it."""
    two = isinstance(case, Case)

    @LAW
    @given(st.lists(case.values, min_size=2 if two else 1, max_size=2, unique_by=repr))
    def law(values: list[Any]) -> None:
        if isinstance(case, Case):
            standing.runner.run(hold(standing, case, values))
        else:
            standing.runner.run(hold_entries(standing, case, values))

    try:
        law()
    except BaseException as error:
        error.add_note(f"{standing.slug}: {case.name}")
        raise


async def hold(standing: AtTheSandbox, case: Case, values: Sequence[Any]) -> None:
    first, stored = await standing.read(), standing.document()
    changed: set[str] = set()
    patches = [case.patch(value) for value in values]
    for patch in patches if case.clear is None else [*patches, case.clear]:
        changes = await standing.make(patch)
        if changes and patch is case.clear:
            standing.note(case.name, "cleared")
        elif changes:
            standing.note(case.name, "written")
            if any(change.before not in (None, ABSENT, []) for change in changes):
                standing.note(case.name, "changed")
        changed |= {change.place for change in changes}
    await standing.undo(first, changed)
    assert standing.leaves(standing.document(), set()) == standing.leaves(stored, set())


async def hold_entries(standing: AtTheSandbox, case: EntryCase, values: Sequence[Any]) -> None:
    """Add entries behind those that stand there, and remove one of these by its id."""
    first = await standing.read()
    before = entries_at(first.document, case.place)
    for what, patch, length in (
        ("added", ListPatch(add=values), len(before) + len(values)),
        ("removed", ListPatch(remove=[str(case.standing)]), len(before) - 1),
    ):
        changes = await standing.make(case.patch(patch))
        assert len(entries_at((await standing.read()).document, case.place)) == length
        standing.note(case.name, what)
        await standing.undo(first, {change.place for change in changes})


async def hold_patch(standing: AtTheSandbox, patch: dict[str, Any]) -> None:
    first = await standing.read()
    assume(not spelled(standing.writes, standing.slug, patch, first, creates=False).refusals)
    changes = await standing.make(patch)
    await standing.undo(first, {change.place for change in changes})


async def hold_creation(standing: AtTheSandbox, section: dict[str, Any]) -> None:
    values = await standing.create({standing.slug: section})
    made = await standing.read()
    for place, value in values.items():
        assert standing.shows(place, value_at(made.document, place), value), place
        standing.note(place, "written")


def merged(one: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two patches in one: what both give of an object is put together."""
    result = {**one}
    for name, value in other.items():
        before = result.get(name)
        result[name] = merged(before, value) if is_object(before) and is_object(value) else value
    return result


def is_in_a_list(writes: Writes, place: str) -> bool:
    """Whether a place stands in the entries of a list."""
    return any(each.many and place.startswith(f"{other}.") for other, each in places_of(writes.record))
