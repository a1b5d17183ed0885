"""All that is refused of a mutation is told in one answer, each with its path; nothing is sent but the reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from named_callers import NamedKeys
from stories.test_writes import UPDATE, WRITTEN, first_customer, update, writing_gateway
from vendors import WRITES

from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.model.callers import Rights
from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from pathlib import Path

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("system", WRITTEN)
async def test_all_refusals_are_told_at_once_and_nothing_is_sent_but_reads(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    before = box.vendors[system].customers.bodies()
    async with writing_gateway(box, tmp_path) as gateway:
        customer = await first_customer(gateway, system)
        gateway.forget_calls()

        done = await update(gateway, id=customer["id"], patch=WRITES[system].refused.patch)

    found: dict[str, set[str]] = {}
    for each in done["userErrors"]:
        found.setdefault(each["code"], set()).add(".".join(each["field"]))
    assert found == WRITES[system].refused.by_code
    assert (done["operation"], done["customer"]["version"]) == (None, customer["version"])
    assert [call for call in gateway.log(system) if not call.startswith("GET") and "search" not in call] == []
    assert box.vendors[system].customers.bodies() == before


WRITER: Final = Rights(frozenset({"customers:read", "customers:write"}))


@pytest.mark.parametrize("system", WRITTEN)
async def test_of_what_a_caller_has_no_scope_for_nothing_but_that_is_told(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    keys = Authenticator(keys=NamedKeys({"writer": WRITER}))
    headers = {"authorization": "Bearer cg_writer"}
    section = WRITES[system].guarded
    patch = {"vatNumber": "DE1", "billing": {"paymentTermsId": "4711"}, **section}
    key = box.vendors[system].customers.keys()[0]
    given = {"id": encode_id("Customer", system, key), "patch": patch, "force": True}
    async with writing_gateway(box, tmp_path, authenticator=keys) as gateway:
        done = (await gateway.ask(UPDATE, {"input": given}, headers)).data["customerUpdate"]
        calls = gateway.paths(system)

    told = sorted((each["code"], ".".join(each["field"])) for each in done["userErrors"])
    own = [f"patch.{system}.{name}" for name in section.get(system, {})]
    assert told == [
        *(("FORBIDDEN", path) for path in sorted(["force", "patch.billing.paymentTermsId", *own])),
        ("INVALID", "patch.vatNumber"),
        ("VERSION_REQUIRED", "expectedVersion"),
    ]
    assert [path for path in calls if any(word in path.lower() for word in ("user", "person", "term", "list"))] == []
