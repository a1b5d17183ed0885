"""Workers that are killed, or stand still, at every point of a write: nothing is lost, sent twice, or untold."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.crash_world import a_world
from operations.crash_writes import longest
from postgres_server import NEEDS_POSTGRES
from vendors import WRITES

from customer_gateway.operations.leases import LEASE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from operations.crash_world import World
    from postgres_server import PostgresServer

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

AT_WORK: Final = 4
"""So many runs do something at a time; all of them wait for leases to be out together."""
SECONDS: Final = LEASE.total_seconds()
"""As in operation: longer than a busy machine lets a worker wait that is to be cut off at its point, not before."""

LONGEST: Final = {system: facts.longest.steps for system, facts in WRITES.items()}
"""The commits and sends of each system's longest write, and what it is told to be in the end where it is cut off there.

Who is killed within a commit has not made it. Who stands still there keeps others from taking over; it goes on, and
sends what it has stored the intent of if it can prolong its lease first."""
TWO_CALLS: Final = [system for system, steps in LONGEST.items() if sum(name == "send" for name, *_ in steps) == 2]
NOT_SENT: Final = {"6 after update": "REJECTED", "7 before send": "REJECTED"}
GOES_ON: Final = {
    system: {"1 before begin": "APPLIED", **(NOT_SENT if facts.longest.creates else {})}
    for system, facts in WRITES.items()
}
"""What is otherwise where who stood still goes on: as if nothing was before anything was stored; and of a creation that
others cannot find it knows that it has not sent it."""
EACH: Final = pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGSTOP"])


def points_of(system: str) -> list[str]:
    """What a write passes, in order."""
    whens = {True: ("before", "after"), False: ("before", "within", "after")}
    return [f"{when} {step}" for step, *_ in LONGEST[system] for when in whens[step == "send"]]


def table_of(system: str, signal_name: str) -> dict[str, str]:
    """What is told in the end, for each point by its number and name."""
    stands = signal_name == "SIGSTOP"
    rows = [(before, within if stands or not within else before, after) for _, before, within, after in LONGEST[system]]
    states = [state for row in rows for state in row if state]
    names = [f"{number} {name}" for number, name in enumerate(points_of(system), 1)]
    return {**dict(zip(names, states, strict=True)), **(GOES_ON[system] if stands else {})}


async def state_after(world: World, system: str, at: str, signal_name: str, at_work: asyncio.Semaphore) -> str:
    """Cut a write off at a point, let others take it over, and return what it is told to be in the end."""
    number, when, _ = at.split()
    # Others would wait for who stands still within a commit, and take over what begins with a lease that is out.
    write, url = longest(world, system), world.new_journal(may_be_common=when != "within" and number != "1")
    how: dict[str, Any] = {"point": int(number), "signal_name": signal_name, "lease": SECONDS, "seconds": 60}
    async with at_work:
        process = await world.start(url, **how, **write.given)
        assert await process.stands_still()
        assert process.is_there() == (signal_name == "SIGSTOP")
    await asyncio.sleep(SECONDS)
    async with at_work:
        if process.is_there() and when != "within":
            told = await world.recovered(url, write.actor)
            assert told or number == "1", "others do not find the write"
            assert process.is_there(), "it went on by itself"
        process.send(signal.SIGCONT)
        said = await process.ended()
        return await write.check(world, await world.recovered(url, write.actor), said)


async def told_otherwise(world: World, tables: Mapping[str, Mapping[str, str]], signal_name: str) -> dict[str, Any]:
    """Cut writes off at the points of tables; return what is not told as there, or why a check failed."""
    at_work = asyncio.Semaphore(AT_WORK)

    async def found(system: str, at: str) -> str:
        try:
            return await state_after(world, system, at, signal_name, at_work)
        except (AssertionError, TimeoutError) as failure:
            return f"{type(failure).__name__}: {failure}"

    async def of(system: str) -> dict[str, str]:
        states = await asyncio.gather(*(found(system, at) for at in tables[system]))
        found_here = dict(zip(tables[system], states, strict=True))
        return {at: state for at, state in found_here.items() if state not in tables[system][at].split(" or ")}

    others = await asyncio.gather(*map(of, tables))
    return {system: other for system, other in zip(tables, others, strict=True) if other}


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
    tables = {system: table_of(system, signal_name) for system in LONGEST}
    async with a_world(tmp_path) as world:
        assert await told_otherwise(world, tables, signal_name) == {}


@NEEDS_POSTGRES
@EACH
async def test_a_write_that_is_cut_off_is_finished_or_told_on_postgresql_too(
    signal_name: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    tables = {system: table_of(system, signal_name) for system in TWO_CALLS}
    async with a_world(tmp_path, new_database=postgres.new_database) as world:
        assert await told_otherwise(world, tables, signal_name) == {}
