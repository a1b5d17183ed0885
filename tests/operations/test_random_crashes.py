"""Workers, and those that take over from them, are killed or stand still at random points, alone and together."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.crash_world import a_world
from operations.crash_writes import check_together, longest, own_key, shortest
from operations.crashing import LEASE
from systems.test_laws_of_writing import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from operations.crash_world import Process, World

pytestmark = pytest.mark.anyio

SIDE_BY_SIDE: Final = 14
SYSTEMS: Final = tuple(vendor.kind.slug for vendor in WRITTEN)
MOST_POINTS: Final = 18
RUNS: Final = 50
"""Of each kind: all of them together are a hundred."""
RUNS_OF_A_FUZZ: Final = 100
FUZZES: Final = 15
"""Twice as many worlds, each with so many runs, are three thousand."""


def _fault(draw: random.Random) -> dict[str, Any]:
    return {"point": draw.randint(1, MOST_POINTS), "signal_name": draw.choice(["SIGKILL", "SIGSTOP"])}


async def _ended_or_still(processes: Iterable[Process]) -> None:
    """Wait until all have ended or stand still, but for those that wait for one who stands still in a transaction."""
    await asyncio.gather(*(each.stands_still(patience=5) for each in processes))


async def one_write(world: World, draw: random.Random) -> None:
    """One write is cut off, and so may be those that take it over; who stood still goes on at any time after."""
    system, url = draw.choice(SYSTEMS), world.new_journal()
    write = longest(world, system) if draw.random() < 0.7 else shortest(world, system)
    processes = [await world.start(url, **_fault(draw), **write.given)]
    for _ in range(draw.randint(0, 2)):
        await _ended_or_still(processes)
        await asyncio.sleep(LEASE.total_seconds() * draw.choice([0.3, 1.1]))
        if draw.random() < 0.3:
            processes[-1].send(signal.SIGCONT)
        processes.append(await world.start(url, **_fault(draw)))
    await _ended_or_still(processes)
    if draw.random() < 0.5:
        await asyncio.sleep(LEASE.total_seconds())
        with suppress(TimeoutError):  # who stands still in a transaction keeps others from theirs
            await world.recovered(url, write.actor, patience=5)
    for each in draw.sample(processes, len(processes)):
        each.send(signal.SIGCONT)
    said = [await each.ended() for each in processes]
    await write.check(world, await world.recovered(url, write.actor), said[0])


async def writes_of_one_record(world: World, draw: random.Random) -> None:
    """Several workers write to the same places of a record, and each of them may be cut off."""
    system, url = draw.choice(SYSTEMS), world.new_journal()
    key = own_key(world, system)
    writes = [shortest(world, system, key) for _ in range(draw.randint(2, 3))]
    processes = [
        await world.start(url, **(_fault(draw) if draw.random() < 0.7 else {}), **each.given) for each in writes
    ]
    await _ended_or_still(processes)
    await asyncio.sleep(LEASE.total_seconds() * draw.choice([0.2, 1.1]))
    for each in draw.sample(processes, len(processes)):
        each.send(signal.SIGCONT)
    for each in processes:
        await each.ended()
    await check_together(world, writes, [await world.recovered(url, each.actor) for each in writes])


KINDS: Final = {"one write": one_write, "writes of one record": writes_of_one_record}


async def faults_of(
    path: Path, run: Callable[[World, random.Random], Awaitable[None]], numbers: range
) -> dict[int, str]:
    """Return by their numbers what failed of runs, each of which draws from its own."""
    turns, found = asyncio.Semaphore(SIDE_BY_SIDE), dict[int, str]()
    async with a_world(path, customers=300) as world:

        async def at(number: int) -> None:
            async with turns:
                try:
                    await run(world, random.Random(number))
                except (AssertionError, TimeoutError) as failure:
                    found[number] = f"{type(failure).__name__}: {failure}"

        await asyncio.gather(*map(at, numbers))
    return found


async def test_the_runs_of_a_world_write_to_records_of_their_own(tmp_path: Path) -> None:
    """Each has a journal, and two journals know nothing of each other's leases: one would overwrite the other."""
    async with a_world(tmp_path) as world:
        writes = [write(world, system) for system in SYSTEMS for write in (shortest, longest) for _ in range(3)]
        records = [(each.system, each.key) for each in writes if each.key is not None]
        process = await world.start(world.new_journal(), **writes[0].given)

        assert len(set(records)) == len(records)
        with pytest.raises(AssertionError, match="two journals write"):
            await world.start(world.new_journal(), **writes[0].given)
        await process.ended()


@pytest.mark.alone
@pytest.mark.parametrize("kind", KINDS)
async def test_random_crashes_are_finished_or_told(kind: str, tmp_path: Path) -> None:
    assert await faults_of(tmp_path, KINDS[kind], range(RUNS)) == {}


@pytest.mark.hypothesis
@pytest.mark.skipif("FUZZ" not in os.environ, reason="thousands of random points are tried by `make fuzz`")
@pytest.mark.parametrize("number", range(FUZZES))
@pytest.mark.parametrize("kind", KINDS)
async def test_thousands_of_random_crashes_are_finished_or_told(kind: str, number: int, tmp_path: Path) -> None:
    first = (number + 1) * RUNS_OF_A_FUZZ
    assert await faults_of(tmp_path, KINDS[kind], range(first, first + RUNS_OF_A_FUZZ)) == {}
