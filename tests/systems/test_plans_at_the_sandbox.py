"""Plans carried out at the sandbox: the calls as planned, the stored document changed at those places and no others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from systems.test_laws_of_writing import BESIDE, WRITTEN, leaves, value_of, writes_of
from vendors import WRITES

from customer_gateway.documents import exact
from customer_gateway.documents.changes import same, value_at
from customer_gateway.documents.patching import spelled
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.model.operations import OperationKind
from customer_gateway.operations.plan import create_plan, update_plan
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from customer_gateway.documents.choices import Choice
    from customer_gateway.documents.writing import Present
    from customer_gateway.operations.plan import PlannedWrite
    from customer_gateway.systems.registry import Vendor
    from customer_gateway.systems.writer import Writer

pytestmark = [pytest.mark.anyio, pytest.mark.table]

ALL = pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)
EACH = [(vendor, name) for vendor in WRITTEN for name in writes_of(vendor).fields]


class Written:
    """One vendor of a sandbox, and its writer."""

    def __init__(self, vendor: Vendor, box: Sandbox) -> None:
        self.vendor = vendor
        slug = vendor.kind.slug
        self.facts = WRITES[slug]
        self.upstream = box.vendors[slug]
        base_url = f"http://{slug}.test{self.upstream.base_path}"
        settings = vendor.settings.model_validate({"base_url": base_url, **self.upstream.credentials})
        transport = httpx.ASGITransport(app=self.upstream.app)
        self.system: Any = vendor.connect(slug, settings, Wiring(transport=lambda _: transport))
        self.writes = writes_of(vendor)
        self.writer: Writer = self.system.writer
        self.stored = self.upstream.customers

    def key_of_one(self) -> str:
        """The key of a customer as the gateway has it."""
        return self.keys()[3]

    def keys(self) -> list[str]:
        return self.stored.keys()

    def document(self, key: str) -> Any:
        """The document as it is stored; its numbers as they are spelled there."""
        return json.loads(self.stored.text(key), parse_float=str)

    def stamp(self, key: str) -> None:
        """Let the server change what it makes of a customer, and nothing that a client wrote."""
        customer = exact.decode(self.stored.text(key).encode())
        self.stored.plant(key, exact.encode(self.facts.stamped(customer)).decode())

    async def read(self, key: str) -> Present:
        found = await self.writer.read(key, Deadline.after(10), await self.choices())
        assert found is not None
        return found

    async def choices(self) -> Mapping[str, Sequence[Choice]]:
        """What the ids of lists may be by which fields are written."""
        return await self.writer.choices(tuple(self.facts.choices), Deadline.after(10))

    async def send(self, planned: Sequence[PlannedWrite]) -> None:
        for each in planned:
            body = exact.encode(each.body)
            await self.writer.send(each.method, each.path, each.template, body, Deadline.after(10))


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(customers=30)
    yield box
    box.close()


def says(found: Any, wanted: Any) -> bool:
    """Whether a value says what was written: the entries of a list have got ids of their own."""
    if is_list(wanted) and is_list(found):
        return len(wanted) == len(found) and all(map(says, found, wanted))
    if is_object(wanted) and is_object(found):
        return all(says(found.get(name), value) for name, value in wanted.items())
    return same(found, wanted)


def all_but(document: Any, places: set[str]) -> dict[str, Any]:
    """What a stored document says outside some places."""
    return dict(leaves(document, places))


@pytest.mark.parametrize(("vendor", "name"), EACH, ids=[f"{each.kind.slug}-{name}" for each, name in EACH])
async def test_a_planned_write_changes_its_places_in_the_store_and_no_others(
    vendor: Vendor, name: str, box: Sandbox
) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    if any(each.whole for each in written.writes.resources.values()):
        written.stored.plant(key, '{"xUnknown":{"price":1.10,"list":[1,null,{"of":2.50}]}}')
    now = await written.read(key)
    values = spelled(written.writes, vendor.kind.slug, {name: value_of(vendor, name)}, now, creates=False)
    planned = update_plan(written.writes, key, now, values.values)
    before = written.document(key)
    written.upstream.log.clear()

    await written.send(planned)

    assert values.refusals == []
    assert written.upstream.log.calls() == [f"{each.method} {each.path}" for each in planned]
    places = {change.place for each in planned for change in each.changes}
    after = await written.read(key)
    for place in places - BESIDE:
        assert says(value_at(after.document, place), values.values[place])
    places |= written.facts.answered | written.facts.stamps
    assert all_but(after.document, places) == all_but(now.document, places)
    assert all_but(written.document(key), places) == all_but(before, places)


@ALL
async def test_a_plan_for_values_that_stand_there_makes_no_call(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    now = await written.read(key)
    [place] = written.writes.fields["name"].places

    assert update_plan(written.writes, key, now, {place: value_at(now.document, place)}) == []


NEW = ("name", "kind", "first_name", "last_name", "email", "phone", "address.postal_code", "address.city")


@ALL
async def test_a_planned_creation_makes_the_customer_in_one_call(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    slug, before = vendor.kind.slug, set(written.keys())
    now = written.writer.present({}, await written.choices())
    patch = {name: value_of(vendor, name) for name in NEW if name in written.writes.fields}
    if "address.country_code" in written.writes.fields:
        patch["address.country_code"] = "DE"
    section = {slug: written.facts.new[slug]} if slug in written.facts.new else {}
    values = spelled(written.writes, slug, {**patch, **section}, now, creates=True)
    planned = create_plan(written.writes, values.values)
    written.upstream.log.clear()

    await written.send(planned)

    assert values.refusals == []
    assert written.upstream.log.calls() == [f"POST {planned[0].path}"]
    [key] = set(written.keys()) - before
    made = await written.read(key)
    for place, value in values.values.items():
        assert says(value_at(made.document, place), value), place


@ALL
async def test_a_customer_is_taken_out_of_use_and_brought_back(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    writes = written.writes
    if writes.archive is None or writes.restore is None:
        assert (writes.archive, writes.restore) == (None, None)
        assert not {OperationKind.ARCHIVE, OperationKind.RESTORE} & written.facts.calls.keys()
        return
    first = await written.read(key)

    await written.send(update_plan(writes, key, first, writes.archive(first)))
    archived = await written.read(key)
    await written.send(update_plan(writes, key, archived, writes.restore(archived)))
    back = await written.read(key)

    places = set(writes.archive(first))
    moved = places | written.facts.stamps
    assert all_but(archived.document, moved) == all_but(first.document, moved)
    assert {place: value_at(archived.document, place) for place in places} == writes.archive(first)
    assert {place: value_at(back.document, place) for place in places} == writes.restore(first)
