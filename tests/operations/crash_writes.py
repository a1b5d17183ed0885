"""The writes that are cut off: the longest of each system, and what is to be seen of one afterwards."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from operations.cells import NEW
from vendors import WRITES

from customer_gateway.model.operations import OperationState, WriteStatus
from customer_gateway.operations.lookup import is_shown
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operations.crash_world import World

    from customer_gateway.model.journal import StoredOperation

_OPEN: Final = (OperationState.UNKNOWN, OperationState.PENDING)
_DOUBTFUL: Final = (WriteStatus.UNKNOWN, WriteStatus.PENDING)


@dataclass(frozen=True, eq=False)
class CutOff:
    """One write. Every call of it has `mark` in its body, which is in no other write's."""

    system: str
    mark: str
    kind: str
    key: str | None
    patch: dict[str, Any]

    @property
    def actor(self) -> str:
        """Who asks for it: nobody else's operations are looked at."""
        return f"key:{self.mark}"

    @property
    def given(self) -> dict[str, Any]:
        """What a worker is told of it."""
        named = {"system": self.system, "kind": self.kind, "key": self.key}
        return {**named, "patch": self.patch, "actor": self.actor}

    def sent(self, world: World) -> Counter[str]:
        """The calls of it that the vendor got, and how often."""
        entries = world.box.vendors[self.system].log.entries
        return Counter(
            f"{each.method} {each.path}"
            for each in entries
            if self.mark.encode() in each.body and not (each.login or "search" in each.path.lower())
        )

    def made(self, world: World) -> list[str]:
        """The keys of customers that show it."""
        customers = world.box.vendors[self.system].customers
        return [key for key in customers.keys() if self.mark in json.dumps(customers.get(key))]  # noqa: SIM118 - no mapping

    async def check(self, world: World, told: Sequence[StoredOperation], said: dict[str, Any] | None) -> str:
        """Hold what the journal tells, and what the process has said, against what the vendor has; return the state."""
        sent = self.sent(world)
        assert all(number == 1 for number in sent.values()), f"sent twice: {sent}"
        made = self.made(world) if self.key is None else [self.key]
        assert len(made) <= 1, f"made twice: {made}"
        if not told:
            assert not sent, f"not told: {sent}"
            return "NOTHING"
        newest = told[0]  # what was sent late is told by an operation of its own, after the one that was given up
        assert newest.state is not OperationState.RUNNING
        shown = [await self.is_shown(world, made, newest, index) for index in range(len(newest.writes))]
        for each, is_there in zip(newest.writes, shown, strict=True):
            says = each.status is WriteStatus.APPLIED
            assert says == is_there or each.status in _DOUBTFUL, f"told {each.status}, at the vendor: {is_there}"
        assert newest.state is not OperationState.REJECTED or newest.errors
        if said is not None and said.get("state") == "APPLIED":
            assert shown
            assert all(shown)
        return newest.state.value

    async def is_shown(self, world: World, made: list[str], operation: StoredOperation, index: int) -> bool:
        if not made:
            return False
        writer = world.federation.systems[self.system].writer
        assert writer is not None
        present = await writer.read(made[0], Deadline.after(10))
        assert present is not None
        return is_shown(present.document, operation.writes[index])


def keys_of(world: World, system: str) -> list[str]:
    """Return the keys of the customers of a system that takes changes of them."""
    customers = world.box.vendors[system].customers
    return [key for key in customers.keys() if WRITES[system].takes_changes(customers.get(key) or {})]  # noqa: SIM118 - no mapping


def own_key(world: World, system: str) -> str:
    """Return the key of a customer that no other write of this world is given, unless it is told to take the same."""
    return keys_of(world, system)[next(world.records)]


def longest(world: World, system: str) -> CutOff:
    """Return a new write of a system's kind that takes the most commits and calls."""
    number = next(world.numbers)
    mark = f"Crash{number}x"
    wanted = WRITES[system].longest
    patch = dict(wanted.patch(number, mark))
    if not wanted.creates:
        return CutOff(system, mark, "UPDATE", own_key(world, system), patch)
    told = {**NEW[system], "name": mark, "email": f"{mark.lower()}@example.com", **patch}
    told.pop("kind", None)  # as the vendor spells it, in its section: what a worker is told is JSON
    return CutOff(system, mark, "CREATE", None, told)


def shortest(world: World, system: str, key: str | None = None) -> CutOff:
    """Return a new write that takes one call, of a customer of its own unless one is named."""
    mark = f"Crash{next(world.numbers)}x"
    return CutOff(system, mark, "UPDATE", key or own_key(world, system), {"address.city": mark})


async def check_together(world: World, writes: Sequence[CutOff], told: Sequence[Sequence[StoredOperation]]) -> None:
    """Hold what the journal tells of writes of the same places of one record against what the vendor has."""
    says: Counter[str] = Counter()
    stands: Counter[str] = Counter()
    for write, operations in zip(writes, told, strict=True):
        sent = write.sent(world)
        assert all(number == 1 for number in sent.values()), f"sent twice: {sent}"
        assert operations or not sent, f"not told: {sent}"
        for operation in operations[:1]:
            assert operation.state is not OperationState.RUNNING
            for index, call in enumerate(operation.writes):
                shown = await write.is_shown(world, [write.key or ""], operation, index)
                applied = call.status is WriteStatus.APPLIED
                assert applied or not shown or operation.state in _OPEN, f"applied, and told to be {call.status}"
                says[call.resource] += applied
                stands[call.resource] += shown
    assert all(stands[part] == 1 for part in says if says[part]), f"lost: told {says}, there is {stands}"
