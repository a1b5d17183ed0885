"""A customer's version is one and the same, by whichever way it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from systems.test_laws_of_writing import WRITTEN, value_of
from systems.test_plans_at_the_sandbox import EACH, Written

from customer_gateway.documents.patching import spelled
from customer_gateway.documents.versions import version_of
from customer_gateway.federation.customer import NoLinks, read_customers
from customer_gateway.federation.listing import customers_of
from customer_gateway.federation.request import Federation
from customer_gateway.federation.versions import read_versions
from customer_gateway.model.signed_cursors import CursorSigner
from customer_gateway.model.versions import version_of_record
from customer_gateway.operations.plan import update_plan
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import Selection
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.systems.registry import Vendor

pytestmark = [pytest.mark.anyio, pytest.mark.table]

ALL = pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)
WANT: Final = Selection({"Customer": frozenset({"version"})})


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(customers=30)
    yield box
    box.close()


def asked(written: Written, selection: Selection = WANT) -> RequestContext:
    federation = Federation({written.system.name: written.system}, CursorSigner(b"secret"), links=NoLinks())
    return federation.request(selection, Deadline.after(30))


async def by_list(written: Written) -> dict[str, Any]:
    request = asked(written)
    customers: list[Any] = (await customers_of(request, written.system, 30, None)).nodes
    versions = await read_versions(customers, request)
    return {each.key: version for each, version in zip(customers, versions, strict=True)}


async def by_key(written: Written, *keys: str) -> dict[str, Any]:
    request = asked(written)
    customers: list[Any] = [*(await read_customers(request, written.system, keys)).customers]
    return dict(zip(keys, await read_versions(customers, request), strict=True))


async def by_writer(written: Written, key: str) -> str:
    document = (await written.read(key)).document
    return version_of_record(written.system.name, key, version_of(written.writes, document))


@ALL
async def test_a_version_is_the_same_by_list_by_key_and_by_the_writer(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    written.stored.plant(key, written.facts.planted)
    keys = written.keys()[:5]

    listed = await by_list(written)
    batch = await by_key(written, *keys)

    assert len(set(batch.values())) == len(keys)
    assert {each: listed[each] for each in keys} == batch
    assert {each: await by_writer(written, each) for each in keys} == batch
    assert await by_key(written, key) == {key: batch[key]}


@ALL
async def test_what_the_server_makes_changes_no_version(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    before = await by_key(written, key)

    written.stamp(key)

    assert await by_key(written, key) == before
    assert await by_writer(written, key) == before[key]


@pytest.mark.parametrize(("vendor", "name"), EACH, ids=[f"{each.kind.slug}-{name}" for each, name in EACH])
async def test_every_write_that_changes_something_is_another_version(vendor: Vendor, name: str, box: Sandbox) -> None:
    written = Written(vendor, box)
    key = written.key_of_one()
    now = await written.read(key)
    values = spelled(written.writes, vendor.kind.slug, {name: value_of(vendor, name)}, now, creates=False)
    planned = update_plan(written.writes, key, now, values.values)
    before = await by_writer(written, key)

    await written.send(planned)

    after = (await by_key(written, key))[key]
    assert (after != before) == bool(planned)
    assert after == await by_writer(written, key)
