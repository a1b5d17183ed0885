"""Whichever systems fail, and however they do: the others answer in full, in time, and the failing ones are named."""

from __future__ import annotations

import asyncio
import time
from itertools import combinations, cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from gateway import SYSTEMS, Answer, gateway_over
from stories.mishaps import MISHAPS, Mishap
from vendors import sandbox

from customer_gateway.http.graphiql.examples import DEMO_QUERY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

DEADLINE_SECONDS = 1.0
MOST_SECONDS = DEADLINE_SECONDS + 0.05

# What a whole system may do, its log-in included: a log-in refused with a 4xx is refused credentials, whatever 4xx.
WHOLE = [name for name in MISHAPS if name not in {"404", "409", "422"}]
SUBSETS = [
    subset for size in sorted({1, 2, len(SYSTEMS) - 1, len(SYSTEMS)} - {0}) for subset in combinations(SYSTEMS, size)
]
"""One system, two, all but one, all. Each subset takes up to a deadline, so three and more are not all tried."""


class Told(NamedTuple):
    answer: Answer
    seconds: float


def mishaps_of(subset: Sequence[str]) -> dict[str, str]:
    """A mishap for each failing system: mixed, the same every time, each of them somewhere."""
    first = sum(map(len, SUBSETS[: SUBSETS.index(tuple(subset))]))
    return {system: WHOLE[7 * place % len(WHOLE)] for place, system in enumerate(subset, start=first)}


@pytest.fixture(scope="module")
def healthy() -> list[Any]:
    """What all systems answer when nothing is wrong."""

    async def ask() -> list[Any]:
        async with gateway_over(sandbox()) as gateway:
            return (await gateway.ask(DEMO_QUERY)).data["systems"]

    return asyncio.run(ask())


def test_every_mishap_befalls_some_system() -> None:
    befallen = {mishap for subset in SUBSETS for mishap in mishaps_of(subset).values()}
    failing = [tuple(subset) for subset in SUBSETS]

    assert len(set(failing)) == len(failing)
    assert {len(subset) for subset in failing} >= {1, len(SYSTEMS)}
    assert befallen == set(WHOLE)


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
async def test_failing_systems_cost_their_own_fields_within_the_deadline(
    subset: tuple[str, ...], healthy: list[Any], box: Sandbox
) -> None:
    mishaps = {system: MISHAPS[name] for system, name in mishaps_of(subset).items()}

    async with box.serving() as urls:
        for system, mishap in mishaps.items():
            await mishap.befall(box, system)
        told = await from_a_fresh_gateway(box, urls)
        if told.seconds > MOST_SECONDS:
            told = await from_a_fresh_gateway(box, urls)  # a machine that is busy with other things may be late once

    assert not differences(told.answer, healthy, mishaps)
    assert told.seconds <= MOST_SECONDS


async def from_a_fresh_gateway(box: Sandbox, urls: dict[str, str]) -> Told:
    async with gateway_over(box, urls=urls, deadline_seconds=DEADLINE_SECONDS) as gateway:
        began = time.perf_counter()
        answer = await gateway.ask(DEMO_QUERY)
        return Told(answer, time.perf_counter() - began)


def differences(answer: Answer, healthy: list[Any], mishaps: dict[str, Mishap]) -> list[Any]:
    """What is not as it should be: healthy systems in full, failing ones null with their own error."""
    systems: list[Any] = answer.partial["systems"] if answer.partial else []
    wrong: list[Any] = [
        found
        for found, whole in zip(systems, healthy, strict=False)
        if (found["name"] not in mishaps and found != whole)
        or (found["name"] in mishaps and found["customers"] is not None)
    ]
    if [each["name"] for each in systems] != list(SYSTEMS):
        wrong.append(systems)
    paths = {error["extensions"].get("system"): error.get("path") for error in answer.errors}
    if len(answer.errors) != len(mishaps) or paths != {
        name: ["systems", SYSTEMS.index(name), "customers"] for name in mishaps
    }:
        wrong.append(paths)
    return wrong + [error for error in answer.errors if not mishaps[error["extensions"]["system"]].told(error)]


BREAKER: dict[str, dict[str, Any]] = {"breaker": {"failures": 2, "open_seconds": 1.5}}
PAGE = "query ($system: String!) { system(name: $system) { customers(first: 3) { nodes { name } } } }"


@pytest.mark.parametrize(
    ("system", "mishap"), [*zip(SYSTEMS, cycle(["503", "refused", "reset", "hang", "500 HTML"]), strict=False)]
)
async def test_a_recovered_system_answers_who_waited_as_long_as_told(system: str, mishap: str, box: Sandbox) -> None:
    async with (
        box.serving() as urls,
        gateway_over(box, urls=urls, tables=BREAKER, vendor_budget=True, deadline_seconds=2) as gateway,
    ):
        whole = await gateway.ask(PAGE, {"system": system})
        await MISHAPS[mishap].befall(box, system)
        for _ in range(int(BREAKER["breaker"]["failures"])):
            await gateway.ask(PAGE, {"system": system})
        gateway.forget_calls()
        shut = await gateway.ask(PAGE, {"system": system})
        spared = gateway.log(system)
        await box.start(system)
        box.vendors[system].faults.clear()
        wait = shut.errors[0]["extensions"]["retryAfterMs"]
        await asyncio.sleep(wait / 1000 + 0.01)
        recovered = await gateway.ask(PAGE, {"system": system})

    assert shut.codes == ["UPSTREAM_UNAVAILABLE"]
    assert wait <= 1500
    assert spared == []
    assert recovered.data == whole.data
