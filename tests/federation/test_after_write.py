"""A customer is read again as soon as it was written; who waits for that gets what was there after the last write."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from federation.fake_system import Acme, request

from customer_gateway.federation.after_write import ReadAfterWrite
from customer_gateway.federation.customer import Customer, read_customers
from customer_gateway.system import Selection, WrittenDocument

if TYPE_CHECKING:
    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio


def acme() -> Acme:
    system = Acme("acme")
    system.documents = [{"id": "1", "name": "before"}]
    return system


async def shown_name(of: RequestContext, system: Acme) -> str | None:
    (found,) = (await read_customers(of, system, ["1"])).customers
    assert isinstance(found, Customer)
    return found.records[0].view.name


async def test_what_was_begun_early_is_what_the_answer_shows_by_one_call() -> None:
    system = acme()
    of = request(system)
    assert await shown_name(of, system) == "before"
    reading = ReadAfterWrite(of, system)

    system.documents = [{"id": "1", "name": "after"}]
    reading.begin("1")
    await reading.wait("1")

    assert (await shown_name(of, system), system.log) == ("after", ["customers 1", "customers 1"])


async def test_a_document_that_shows_the_write_is_the_answer_without_a_call() -> None:
    system = acme()
    of = request(system)
    assert await shown_name(of, system) == "before"
    reading = ReadAfterWrite(of, system)

    reading.begin("1", WrittenDocument({"id": "1", "name": "after"}, datetime.now(UTC)))
    await reading.wait("1")

    assert (await shown_name(of, system), system.log) == ("after", ["customers 1"])


async def test_a_document_of_another_customer_is_not_the_answer() -> None:
    system = acme()
    of = request(system)
    reading = ReadAfterWrite(of, system)

    reading.begin("1", WrittenDocument({"id": "2", "name": "another"}, datetime.now(UTC)))
    await reading.wait("1")

    assert (await shown_name(of, system), system.log) == ("before", ["customers 1"])


async def test_the_vendors_own_text_is_read_where_it_is_selected() -> None:
    """A writer has read the document by its values: their spelling is not kept."""
    system = acme()
    of = request(
        system, selection=Selection({"Customer": frozenset({"records"}), "CustomerRecord": frozenset({"raw"})})
    )
    reading = ReadAfterWrite(of, system)

    reading.begin("1", WrittenDocument({"id": "1", "name": "after"}, datetime.now(UTC)))
    await reading.wait("1")

    assert system.log == ["customers 1"]


async def test_what_was_never_begun_is_read_when_it_is_waited_for() -> None:
    system = acme()
    reading = ReadAfterWrite(request(system), system)

    await reading.wait("1")

    assert system.log == ["customers 1"]


async def test_a_customer_that_another_worker_went_on_to_write_is_read_anew() -> None:
    system = acme()
    of = request(system)
    reading = ReadAfterWrite(of, system)
    reading.begin("1")
    await asyncio.sleep(0.01)  # it was read

    system.documents = [{"id": "1", "name": "by another"}]
    reading.begin("1")
    await reading.wait("1")

    assert (await shown_name(of, system), system.log) == ("by another", ["customers 1", "customers 1"])


async def test_a_write_that_outlasts_its_request_reads_nothing_for_it() -> None:
    system = acme()
    reading = ReadAfterWrite(request(system), system)

    reading.begin(None)
    reading.end()
    reading.begin("1")
    await asyncio.sleep(0.01)

    assert system.log == []


async def test_a_write_that_goes_on_while_the_answer_is_waited_for_does_not_disturb_it() -> None:
    system = acme()
    reading = ReadAfterWrite(request(system), system)

    waiting = asyncio.create_task(reading.wait("1"))
    await asyncio.sleep(0)
    reading.begin("1")
    await asyncio.wait_for(waiting, 1)

    assert system.log == ["customers 1"]
