"""A customer is read from the document that its writer has read as it is from the system's list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from systems.test_laws_of_writing import WRITTEN
from systems.test_plans_at_the_sandbox import Written

from customer_gateway.documents.values import is_list
from customer_gateway.federation.indexing import written_customer
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING, WrittenDocument
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from customer_gateway.systems.registry import Vendor

pytestmark = [pytest.mark.anyio, pytest.mark.table]

ALL = pytest.mark.parametrize("vendor", WRITTEN, ids=lambda vendor: vendor.kind.slug)


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    box = Sandbox(customers=30)
    yield box
    box.close()


async def document_of(written: Written, key: str) -> WrittenDocument:
    present = await written.read(key)
    return WrittenDocument(present.document, datetime.now(UTC), present.answers)


def taken(written: Written, key: str, document: WrittenDocument) -> Any:
    """The customer of a document, in a request of its own."""
    return written_customer(written.system, key, document, RequestReads(Batchers(), EVERYTHING, Deadline.after(5)))


def told_by(vendor: Vendor, view: Any) -> dict[str, Any]:
    """What a view tells by itself, of which no reader is asked."""
    own = sorted(name for name in vendor.kind.supplies - vendor.kind.readers if "." not in name)
    told = {"link": view.link, **{name: comparable(getattr(view, name)) for name in own}}
    return told if "version" in vendor.kind.readers else {**told, "version": view.version}


def comparable(value: Any) -> Any:
    """Return contacts as the documents that they are views of."""
    return [getattr(each, "document", each) for each in value] if is_list(value) else value


@ALL
async def test_the_document_that_a_writer_reads_is_the_customer_that_the_list_has(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    planted = written.key_of_one()
    written.stored.plant(planted, written.facts.planted)
    page = await written.system.page(0, 30, EVERYTHING, Deadline.after(30), ask_next=False)
    compared = {planted, *written.keys()[:8]}
    listed = {view.key: told_by(vendor, view) for view in page.items if view.key in compared}

    found = {key: told_by(vendor, taken(written, key, await document_of(written, key))) for key in listed}

    assert found == listed
    assert {"name", "email"} <= listed[planted].keys()


@ALL
async def test_the_document_of_another_customer_is_not_taken(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    one, another = written.keys()[:2]

    assert taken(written, one, await document_of(written, another)) is None


@ALL
async def test_what_a_writer_has_read_besides_is_what_the_call_for_it_tells(vendor: Vendor, box: Sandbox) -> None:
    written = Written(vendor, box)
    for key in written.keys()[:8]:
        told = written.system.read_by_writer((await document_of(written, key)).answers)
        own = {route: (await route.fetch([key], Deadline.after(5)))[key] for route in told}

        assert bool(told) == bool(written.writes.parts)
        assert [comparable(each) for each in told.values()] == [comparable(each) for each in own.values()]
