"""A client asks again as docs/errors.md says: for the systems that failed, and no sooner than they said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS, gateway_over

from customer_gateway.http.graphiql.examples import DEMO_QUERY

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

ERRORS = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


async def test_only_the_systems_that_failed_are_asked_again(box: Sandbox, executor: ExecutorName) -> None:
    (again,) = re.findall(r"query Again.*", ERRORS)
    failing = list(SYSTEMS[-2:])
    async with gateway_over(box, executor=executor) as gateway:
        for name in failing:
            box.vendors[name].faults.set("status", status=503, retry_after="60")
        answer = await gateway.ask(DEMO_QUERY)
        for name in failing:
            box.vendors[name].faults.clear()
        gateway.forget_calls()
        told = [error["extensions"] for error in answer.errors if error["extensions"]["retryable"]]
        rest = await gateway.ask(again, {"failed": [each["system"] for each in told]})
        asked = [name for name in SYSTEMS if gateway.log(name)]

    assert {(each["system"], each["retryAfterMs"]) for each in told} == {(name, 60_000) for name in failing}
    assert [each["name"] for each in rest.data["systems"] if each["customers"]["nodes"]] == [
        each["system"] for each in told
    ]
    assert asked == failing
