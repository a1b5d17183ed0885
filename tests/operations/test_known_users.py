"""Users that a patch names are looked up in one read, only where a place gets another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.world import working
from vendors import sandbox

from customer_gateway.model.changes import ListPatch
from customer_gateway.model.operations import UserErrorCode
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from operations.world import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland", "autodns", "lemonsoft")]

UNIFIED: Final[Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]] = {
    "pland": lambda keys: {"billing.recipient_ids": keys},
    "autodns": lambda keys: {"billing.recipient_ids": keys},
    "lemonsoft": lambda keys: {"owner_id": keys[0]},
}
SECTION: Final[Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]] = {
    "pland": lambda keys: {"pland": {"invoiceCCRecipientIds": ListPatch(set=keys)}},
    "autodns": lambda keys: {"autodns": {"billingUsers": ListPatch(set=[as_object(key) for key in keys])}},
    "lemonsoft": lambda keys: {"lemonsoft": {"sellerNumber": int(keys[0])}},
}
NOBODY: Final = {"pland": "a" * 24, "autodns": "nobody/4", "lemonsoft": "4711"}
EACH = pytest.mark.parametrize("system", UNIFIED)


def as_object(key: str) -> dict[str, Any]:
    name, _, context = key.rpartition("/")
    return {"user": name, "context": int(context)}


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


async def known(worker: Worker, system: str) -> list[str]:
    people = await worker.federation.systems[system].people(3, 2, Deadline.after(5))
    assert people is not None
    return [each.key for each in people.items]


async def planned(worker: Worker, system: str, patch: Mapping[str, Any], **otherwise: Any) -> list[Any]:
    """What is refused of a dry run; the call log is that of the dry run alone."""
    key = worker.box.vendors[system].customers.keys()[3]
    worker.forget_calls()
    done = await worker.update(system, key, patch, force=True, dry_run=True, **otherwise)
    return [(each.code, each.field) for each in done.errors]


def people_read(worker: Worker, system: str) -> list[str]:
    return [call for call in worker.calls(system) if "user" in call.lower() or "person" in call.lower()]


@EACH
@pytest.mark.parametrize("patch_of", [UNIFIED, SECTION], ids=["unified", "section"])
async def test_users_that_the_vendor_has_are_taken_and_read_in_one_call(
    worker: Worker, system: str, patch_of: Mapping[str, Any]
) -> None:
    keys = await known(worker, system)

    assert await planned(worker, system, patch_of[system](keys)) == []
    assert len(people_read(worker, system)) == 1
    assert worker.writes(system) == []


@EACH
@pytest.mark.parametrize("patch_of", [UNIFIED, SECTION], ids=["unified", "section"])
async def test_a_user_whom_the_vendor_does_not_have_is_refused_by_the_path(
    worker: Worker, system: str, patch_of: Mapping[str, Any]
) -> None:
    patch = patch_of[system]([NOBODY[system]])
    [(code, field)] = await planned(worker, system, patch)

    assert code is UserErrorCode.INVALID
    assert field is not None
    assert field[1] == ("billing" if "billing.recipient_ids" in patch else system if system in patch else "ownerId")


IN_ENTRIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "autodns": {"comments": ListPatch(add=[{"text": "x", "user": {"user": "nobody", "context": 4}}])},
    "lemonsoft": {"circulations": ListPatch(add=[{"personNumber": 4711, "circulationType": 1}])},
}


@pytest.mark.parametrize("system", IN_ENTRIES)
async def test_a_user_in_an_entry_of_a_list_is_looked_up_too(worker: Worker, system: str) -> None:
    [place] = IN_ENTRIES[system]

    refused = await planned(worker, system, {system: IN_ENTRIES[system]})

    assert refused == [(UserErrorCode.INVALID, ("patch", system, place))]
    assert len(people_read(worker, system)) == 1


@EACH
async def test_without_a_user_in_the_patch_none_is_read(worker: Worker, system: str) -> None:
    assert await planned(worker, system, {"name": "Neumann"}) == []
    assert people_read(worker, system) == []


@EACH
async def test_users_that_stand_there_already_are_not_read(worker: Worker, system: str) -> None:
    key = worker.box.vendors[system].customers.keys()[3]
    patch = UNIFIED[system](await known(worker, system))
    done = await worker.update(system, key, patch, force=True)
    assert done.errors == []

    assert await planned(worker, system, patch) == []
    assert people_read(worker, system) == []


@EACH
async def test_users_that_cannot_be_read_are_a_failure_and_no_refusal(worker: Worker, system: str) -> None:
    patch = UNIFIED[system](await known(worker, system))
    path = {"pland": "/users/", "autodns": "/user/_search", "lemonsoft": "/api/persons"}[system]
    worker.box.vendors[system].faults.set("status", status=400, path=path)
    key = worker.box.vendors[system].customers.keys()[3]

    done = await worker.update(system, key, patch, force=True)
    refused = await worker.update(system, key, {**patch, "vat_number": "DE1"}, force=True)

    assert [each.code for each in done.errors] == [UserErrorCode.UPSTREAM_BAD_RESPONSE]
    assert [each.code for each in refused.errors] == [UserErrorCode.INVALID, UserErrorCode.UPSTREAM_BAD_RESPONSE]
    assert worker.writes(system) == []
