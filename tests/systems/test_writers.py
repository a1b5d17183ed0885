"""Every system's writer at its sandbox: what it sends and makes, what lists hold, and how a lost creation is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from scripted import ScriptedVendor, customer
from systems.test_laws_of_writing import WRITTEN, value_of, writes_of
from systems.test_plans_at_the_sandbox import NEW, Written
from vendors import FACTS, WRITES

from customer_gateway.documents import exact
from customer_gateway.documents.patching import spelled
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.operations.plan import create_plan
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import CreateTrace
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from customer_gateway.operations.plan import PlannedWrite
    from customer_gateway.systems.registry import Vendor
    from customer_gateway.systems.writer import Writer

pytestmark = [pytest.mark.anyio, pytest.mark.table]

ALL = pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(customers=30)
    yield box
    box.close()


def soon() -> Deadline:
    return Deadline.after(20)


async def planned_creation(written: Written, **more: Any) -> PlannedWrite:
    vendor, slug = written.vendor, written.vendor.kind.slug
    now = written.writer.present({}, await written.choices())
    patch = {name: value_of(vendor, name) for name in NEW if name in written.writes.fields}
    if "address.country_code" in written.writes.fields:
        patch["address.country_code"] = "DE"
    section = {slug: written.facts.new[slug]} if slug in written.facts.new else {}
    values = spelled(written.writes, slug, {**patch, **section, **more}, now, creates=True)
    assert values.refusals == []
    [planned, *_] = create_plan(written.writes, values.values)
    return planned


async def sent(written: Written, planned: PlannedWrite) -> str | None:
    body = exact.encode(planned.body)
    return (await written.writer.send(planned.method, planned.path, planned.template, body, soon())).key


@ALL
async def test_a_creation_tells_the_key_of_the_customer_that_it_made(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    before = set(written.keys())

    key = await sent(written, await planned_creation(written))

    assert {key} == set(written.keys()) - before


@ALL
@pytest.mark.parametrize("numbered", [False, True], ids=["by-name", "by-number"])
async def test_a_creation_whose_answer_is_lost_is_found(vendor: Vendor, box: Sandbox, numbered: bool) -> None:
    written = Written(vendor, box)
    planned = await planned_creation(written, **(written.facts.numbered if numbered else {}))
    before = set(written.keys())
    found_before = await written.writer.search_before(planned.body, soon())
    trace = CreateTrace(planned.body, datetime.now(UTC), found_before)

    nothing_yet = await written.writer.find_created(trace, soon())
    written.upstream.faults.set("status", status=502, path=planned.path, calls=1, applied="before")
    with pytest.raises(UpstreamError) as lost:
        await sent(written, planned)
    found = await written.writer.find_created(trace, soon())

    assert nothing_yet == []
    assert lost.value.applied is None
    assert set(found or ()) == set(written.keys()) - before != set()


@ALL
async def test_a_customer_of_before_is_not_taken_for_the_one_that_was_made(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    planned = await planned_creation(written)
    await sent(written, planned)
    before = await written.writer.search_before(planned.body, soon())
    trace = CreateTrace(planned.body, datetime.now(UTC) + timedelta(minutes=5), before)

    assert await written.writer.find_created(trace, soon()) == []


@ALL
async def test_a_customer_of_the_same_name_that_shows_another_value_is_not_taken_for_it(
    vendor: Vendor, box: Sandbox
) -> None:
    written = Written(vendor, box)
    planned = await planned_creation(written)
    trace = CreateTrace(planned.body, datetime.now(UTC), await written.writer.search_before(planned.body, soon()))
    other = await planned_creation(written, phone="+49 221 1111111")
    await sent(written, other)

    assert await written.writer.find_created(trace, soon()) == []


@pytest.mark.vendors("billbee")
async def test_without_an_email_billbee_has_no_way_to_tell(box: Sandbox) -> None:
    [vendor] = [each for each in WRITTEN if each.kind.slug == "billbee"]
    writer = Written(vendor, box).writer

    assert await writer.search_before({"Name": "A"}, soon()) == []
    assert await writer.find_created(CreateTrace({"Name": "A"}, datetime.now(UTC)), soon()) is None


@ALL
async def test_choices_are_the_entries_of_the_documented_lists(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    labels = written.facts.labels

    found = await written.writer.choices([*written.writes.lists, "name", "no.such.place"], soon())

    assert found.keys() == written.writes.lists.keys() == labels.keys()
    for place, label in labels.items():
        assert found[place]
        assert all(choice.value is not None and choice.label for choice in found[place])
        assert label is None or label in [choice.label for choice in found[place]]


@ALL
async def test_a_list_that_an_installation_does_not_have_is_left_out(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    for each in written.writes.lists.values():
        written.upstream.faults.set("status", status=404, path=each.path)

    assert await written.writer.choices(written.writes.lists, soon()) == {}


@ALL
async def test_a_refusal_names_the_places_of_what_it_refuses(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    planned = await planned_creation(written)
    name, value = written.facts.unfit
    body = exact.encode({**planned.body, name: value})
    method, template = written.writes.resources[""].create or ("", "")

    with pytest.raises(UpstreamBadResponse) as refused:
        await written.writer.send(method, planned.path, template, body, soon())

    assert refused.value.applied is False
    assert written.writer.named_places(refused.value) == [name]


def answering(slug: str, answers: Mapping[str, Any]) -> Writer:
    """The writer of a vendor that answers reads of these paths with what is given."""
    [vendor] = [each for each in WRITTEN if each.kind.slug == slug]
    table = {"base_url": f"http://{slug}.test", **FACTS[slug].credentials}
    way = ScriptedVendor(slug, [customer(slug)], {f"GET {path}": answer for path, answer in answers.items()})
    system: Any = vendor.connect(slug, vendor.settings.model_validate(table), Wiring(transport=lambda _name: way))
    return system.writer


@ALL
async def test_a_404_says_that_a_key_is_unknown_and_an_answer_without_an_entity_is_refused(vendor: Vendor) -> None:
    slug, writes = vendor.kind.slug, writes_of(vendor)
    path = writes.resources[""].read.replace("{key}", writes.path_of(FACTS[slug].key))

    assert await answering(slug, {path: httpx.Response(404)}).read(FACTS[slug].key, soon()) is None
    for body in (b"null", b"[]", *WRITES[slug].no_entity):
        with pytest.raises(UpstreamBadResponse, match="did not answer an entity"):
            await answering(slug, {path: body}).read(FACTS[slug].key, soon())


@ALL
async def test_the_document_of_another_customer_is_refused(vendor: Vendor) -> None:
    slug, writes = vendor.kind.slug, writes_of(vendor)
    path = writes.resources[""].read.replace("{key}", writes.path_of(FACTS[slug].key))
    other = {name: part + 1 if isinstance(part, int) else f"{part}0" for name, part in FACTS[slug].identity.items()}

    answer = WRITES[slug].wrapped(other)
    with pytest.raises(UpstreamBadResponse, match="did not answer the entity that was asked for"):
        await answering(slug, {path: answer}).read(FACTS[slug].key, soon())


@pytest.mark.vendors("billbee")
@pytest.mark.parametrize("body", [b"null", b'{"Data":null}', b'{"Data":{}}'])
async def test_an_answer_without_a_list_of_addresses_does_not_say_that_there_is_none(body: bytes) -> None:
    key = FACTS["billbee"].key
    none_there = answering("billbee", {f"/customers/{key}/addresses": b'{"Data":[]}'})
    assert (await none_there.read(key, soon()) or none_there.present({})).document["InvoiceAddress"] is None

    with pytest.raises(UpstreamBadResponse, match="did not answer an entity"):
        await answering("billbee", {f"/customers/{key}/addresses": body}).read(key, soon())


@ALL
async def test_users_are_listed_page_by_page(vendor: Vendor, box: Sandbox) -> None:
    system = Written(vendor, box).system
    first = await system.people(0, 3, soon())
    if "User" not in FACTS[vendor.kind.slug].nouns:
        assert first is None
        return
    rest = await system.people(3, 500, soon())

    users = [*first.items, *rest.items]
    assert (first.has_next, rest.has_next, len(first.items)) == (True, False, 3)
    assert len({user.key for user in users}) == len(users)
    assert all(user.name or user.email for user in users)
    known = await system.users.fetch([user.key for user in users[:3]], soon())
    assert all(known[user.key].name == user.name for user in users[:3])
