"""What AutoDNS's own ways of writing are: a mandate with a route of its own, and changes that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from systems.test_laws_of_writing import WRITTEN
from systems.test_plans_at_the_sandbox import Written

from customer_gateway.documents.patching import spelled
from customer_gateway.operations.plan import update_plan
from customer_gateway.sandbox import Sandbox
from customer_gateway.sandbox.autodns import reviews

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("autodns")]


@pytest.fixture
def written() -> Generator[Written]:
    box = Sandbox(customers=30)
    yield Written(next(each for each in WRITTEN if each.kind.slug == "autodns"), box)
    box.close()


async def sent(written: Written, key: str, patch: dict[str, Any]) -> list[str]:
    """The calls that a patch makes."""
    now = await written.read(key)
    values = spelled(written.writes, "autodns", patch, now, creates=False)
    assert values.refusals == []
    planned = update_plan(written.writes, key, now, values.values)
    written.upstream.log.clear()
    await written.send(planned)
    return written.upstream.log.calls()


async def test_a_mandate_is_made_replaced_and_removed_by_its_own_route(written: Written) -> None:
    key = written.key_of_one()
    before = await written.read(key)
    way = f"/customer/{key}/sepa"
    assert "sepa" not in before.document or await sent(written, key, {"autodns": {"sepa": None}}) == [f"DELETE {way}"]

    mandate = {"iban": "DE02120300000000202051", "accountHolder": "A. Berg"}
    made = await sent(written, key, {"autodns": {"sepa": mandate}})
    replaced = await sent(written, key, {"autodns": {"sepa": {"accountHolder": "B. Berg"}}})
    standing = (await written.read(key)).document["sepa"]
    removed = await sent(written, key, {"autodns": {"sepa": None}})
    after = await written.read(key)

    assert (made, replaced, removed) == ([f"POST {way}"], [f"POST {way}"], [f"DELETE {way}"])
    assert (standing["iban"], standing["accountHolder"], len(standing["histories"])) == (mandate["iban"], "B. Berg", 1)
    assert "sepa" not in after.document
    assert await sent(written, key, {"autodns": {"sepa": None}}) == []
    but = {"sepa", "updated", "updater"}
    assert {name: value for name, value in after.document.items() if name not in but} == {
        name: value for name, value in before.document.items() if name not in but
    }


async def test_a_change_that_waits_holds_the_record_until_it_is_decided(written: Written) -> None:
    key = written.key_of_one()
    held = written.writes.held
    assert not held((await written.read(key)).document)

    await sent(written, key, {"first_name": "Neu"})
    waiting = await written.read(key)
    reviews(written.upstream).confirm(key)
    settled = await written.read(key)

    assert held(waiting.document)
    assert waiting.document["persistent"]["fname"] != waiting.document["fname"] == "Neu"
    assert not held(settled.document)
    assert settled.document["fname"] == "Neu"
