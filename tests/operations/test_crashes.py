"""Workers that are killed, or stand still, at every point of a write: nothing is lost, sent twice, or untold."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest
from operations.crash_world import a_world
from operations.crash_writes import longest
from operations.crashing import LEASE
from postgres_server import NEEDS_POSTGRES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from operations.crash_world import World
    from postgres_server import PostgresServer

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

SIDE_BY_SIDE: Final = 14
"""So many runs wait for leases to be out at the same time."""

_TIMES: Final = 3

CREATION: Final = (
    ("begin", "NOTHING", "REJECTED"),
    ("update", "REJECTED", "UNKNOWN"),  # that a search finds nothing does not prove that nothing comes
    ("send", "UNKNOWN", "APPLIED"),
    ("update", "APPLIED", "APPLIED"),
    ("update", "APPLIED", "APPLIED"),
)
LONGEST: Final = {
    **dict.fromkeys(("pland", "next", "lemonsoft"), CREATION),
    "autodns": (
        *CREATION[:4],
        ("update", "APPLIED", "PARTIAL"),
        ("send", "PARTIAL", "APPLIED"),
        ("update", "APPLIED", "APPLIED"),
    ),
    "billbee": (
        ("begin", "NOTHING", "REJECTED"),
        ("update", "REJECTED", "REJECTED"),
        ("send", "REJECTED", "APPLIED"),
        ("update", "APPLIED", "PARTIAL"),
        ("send", "PARTIAL", "APPLIED"),
        ("update", "APPLIED", "APPLIED"),
    ),
}
"""The commits and sends of a system's longest write, and what it is told to be in the end where it is cut off before
each, and after: of a call that was to be sent and shows no trace, that it was not applied; what is left is sent."""
EACH: Final = pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGSTOP"])


def points_of(system: str) -> list[str]:
    return [f"{when} {step}" for step, _, _ in LONGEST[system] for when in ("before", "after")]


def states_of(system: str, signal_name: str) -> list[str]:
    """What is told in the end, for each point. Who stood still before anything was stored goes on as if nothing was."""
    states = [state for _, before, after in LONGEST[system] for state in (before, after)]
    return ["APPLIED", *states[1:]] if signal_name == "SIGSTOP" else states


async def state_after(world: World, system: str, point: int, signal_name: str) -> str:
    """Cut a write off at a point, let others take it over, and return what it is told to be in the end."""
    write, url = longest(world, system), world.new_journal()
    process = await world.start(url, point=point, signal_name=signal_name, **write.given)
    if signal_name == "SIGSTOP":
        await process.stands_still()
        await asyncio.sleep(LEASE.total_seconds())
        with suppress(TimeoutError):  # it may stand still in a transaction, which others wait for
            await world.recovered(url, write.actor, patience=10)
        process.send(signal.SIGCONT)
    said = await process.ended()
    return await write.check(world, await world.recovered(url, write.actor), said)


async def state_expected_after(world: World, system: str, point: int, signal_name: str) -> str:
    """Return the same, of three times at most the first that is as expected; a check that fails is returned at once.

    A busy machine may let a worker wait so long that it loses its lease without any signal.
    """
    state = ""
    for _ in range(_TIMES):
        try:
            state = await state_after(world, system, point, signal_name)
        except (AssertionError, TimeoutError) as failure:
            return f"{type(failure).__name__}: {failure}"
        if state == states_of(system, signal_name)[point - 1]:
            break
    return state


async def states_after_each(world: World, systems: Sequence[str], signal_name: str) -> dict[str, list[str]]:
    """Cut the longest writes off at each of their points; return what they are told to be, or how a check failed."""
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def at(system: str, point: int) -> str:
        async with turns:
            return await state_expected_after(world, system, point, signal_name)

    async def of(system: str) -> list[str]:
        return await asyncio.gather(*(at(system, number + 1) for number in range(len(points_of(system)))))

    return dict(zip(systems, await asyncio.gather(*map(of, systems)), strict=True))


async def test_the_longest_writes_pass_these_points(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for system in LONGEST:
            write, url = longest(world, system), world.new_journal()
            said = await (await world.start(url, **write.given)).ended()

            assert said == {"points": points_of(system), "state": "APPLIED"}
            assert await write.check(world, await world.recovered(url, write.actor), said) == "APPLIED"


@EACH
async def test_a_write_that_is_cut_off_at_any_point_is_finished_or_told(signal_name: str, tmp_path: Path) -> None:
    """The process is killed, or stands still until its lease is out and others have taken over, and then goes on."""
    async with a_world(tmp_path) as world:
        states = await states_after_each(world, [*LONGEST], signal_name)

    assert states == {system: states_of(system, signal_name) for system in LONGEST}


@NEEDS_POSTGRES
@EACH
async def test_a_write_that_is_cut_off_is_finished_or_told_on_postgresql_too(
    signal_name: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    systems = ["autodns", "billbee"]
    async with a_world(tmp_path, database=postgres.new_database()) as world:
        states = await states_after_each(world, systems, signal_name)

    assert states == {system: states_of(system, signal_name) for system in systems}
