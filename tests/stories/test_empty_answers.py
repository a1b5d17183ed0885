"""An answer without a body where rows were due: every read of every system tells it as the vendor's bad answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from stories.selections import CUSTOMER, NODE, nouns_in

if TYPE_CHECKING:
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PAGE = f"""query ($system: String!) {{ system(name: $system) {{
    customers(first: 20) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {CUSTOMER} }} }}
}} }}"""
NODES = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }}"


class Whole(NamedTuple):
    """What a system is asked when all is well: one id of each noun, and the beginnings of the paths called."""

    ids: list[str]
    paths: list[str]


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 204}, {"kind": "empty_body"}], ids=["204", "empty"])
@pytest.mark.parametrize("system", SYSTEMS)
async def test_an_empty_answer_of_any_path_is_a_bad_response_of_its_system(
    system: str, fault: dict[str, Any], box: Sandbox
) -> None:
    whole = await when_well(box, system)

    assert len(whole.paths) > 1
    for path in whole.paths:
        box.vendors[system].faults.clear()
        box.vendors[system].faults.set(**fault, path=path)
        async with gateway_over(box) as gateway:
            answers = [await gateway.ask(PAGE, {"system": system}), await gateway.ask(NODES, {"ids": whole.ids})]

        errors = [error["extensions"] for answer in answers for error in answer.errors]
        assert {(each["code"], each.get("system"), each.get("retryable")) for each in errors} == {
            ("UPSTREAM_BAD_RESPONSE", system, False)
        }, path
        assert None not in [answer.partial for answer in answers]


async def when_well(box: Sandbox, system: str) -> Whole:
    async with gateway_over(box) as gateway:
        ids = await one_of_each(gateway, system)
        await gateway.ask(NODES, {"ids": ids})
        paths = [call.partition(" ")[2] for call in gateway.paths(system)]
    return Whole(ids, sorted({beginning(path) for path in paths}))


async def one_of_each(gateway: Gateway, system: str) -> list[str]:
    page = (await gateway.ask(PAGE, {"system": system})).data["system"]["customers"]["nodes"]
    return list({noun["__typename"]: noun["id"] for noun in nouns_in(page)}.values())


def beginning(path: str) -> str:
    """A path up to the first key in it: faults are of a path's beginning."""
    return re.sub(r"(?<=/)[0-9a-f]*[0-9][0-9a-f]*(/.*)?$", "", path)
