"""What a complete pass says of the records that it has not seen: MISSING, GONE with proof, or nothing where it is
not to be believed.

GONE needs the vendor's own word: a read by the record's key that finds nothing, or a second complete pass without it,
where no look-up by key speaks against that: each that the system takes finds nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zlib import crc32

from customer_gateway.catalog.believed import COMPLETE, last_believed
from customer_gateway.catalog.suspicion import is_accepted, suspicion_of
from customer_gateway.errors import UpstreamError
from customer_gateway.model.catalog import RecordState, SyncStateName
from customer_gateway.model.passes import DOUBTED_IN, SUSPECT, Ended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.catalog.believed import BelievedPass
    from customer_gateway.catalog.passes import SystemPass
    from customer_gateway.model.passes import Absent, PassRow

MOST_LOOKED_UP: Final = 50
"""Records that a pass looks up by their keys, a call each; the others wait for the next pass."""
_MOST_FAILED: Final = 3


async def apply_absences(current: SystemPass, row: PassRow) -> Ended:
    """Mark the records that a complete pass has not seen, and return how it ended. Raises `UpstreamError`."""
    store, system = current.kit.store, current.system.name
    row = (await store.rows()).get(system, row)  # it may have been accepted while the pass ran
    absent = await store.find_absent(system, current.number, current.began)
    last = last_believed(row)
    # What came after the last pass that was believed may go as it came.
    lost = [] if last is None else [each for each in absent if last.had(each)]
    known = await store.count_present(system) + sum(each.state is RecordState.MISSING for each in lost)
    found = suspicion_of(len(lost), known, None if last is None else last.sample, current.position.sample)
    earlier = row.details.get(SUSPECT)
    if found is not None and not is_accepted(
        found, row, earlier, None if earlier is None else datetime.fromisoformat(earlier["at"])
    ):
        return Ended(SyncStateName.SUSPECT, {SUSPECT: found.as_details(current.kit.now())}, found.reason)
    await _mark_records(current, absent, last)
    complete = {
        "began": current.began.isoformat(),
        "at": current.kit.now().isoformat(),
        "seconds": (current.kit.now() - current.began).total_seconds(),
        "calls": current.calls_made,
        "number": current.number,
        "sample": current.position.sample,
    }
    # What was doubted while the pass ran is for the next one, which the doubt has asked for.
    is_before = earlier is not None and earlier.get(DOUBTED_IN, 0) < current.number
    return Ended(
        SyncStateName.IDLE,
        {COMPLETE: complete},
        is_complete=True,
        lifts=earlier if is_before else None,
        accepted_at=row.accepted_at,
    )


async def _mark_records(current: SystemPass, absent: Sequence[Absent], last: BelievedPass | None) -> None:
    """Mark records MISSING, look some of them up, and mark GONE what is proved, also by what the `last` pass lacked."""
    kit, system = current.kit, current.system.name
    missing = [each.key for each in absent if each.state is RecordState.PRESENT]
    already = [each.key for each in absent if each.state is RecordState.MISSING]
    began = current.began
    await kit.store.set_state(system, current.owner, missing, RecordState.MISSING, began, began)
    looked_at = kit.now()
    looked_up = await _look_up(current, [*_drawn(already, current.number), *_drawn(missing, current.number)])
    there = [key for key, found in looked_up.items() if found]
    gone = [key for key, found in looked_up.items() if found is False]
    await kit.store.set_state(system, current.owner, gone, RecordState.GONE, looked_at, began)
    # A list that leaves out one that is there, or may be, proves nothing of the others.
    if last is not None and all(found is False for found in looked_up.values()):
        gone = [each.key for each in absent if last.lacked(each) and each.key not in looked_up]
        await kit.store.set_state(system, current.owner, gone, RecordState.GONE, began, began)
    await _bring_back(current, there)


def _drawn(keys: Sequence[str], number: int) -> Sequence[str]:
    """Return keys in an order that differs from pass to pass: those that cannot be read do not always come first."""
    return sorted(keys, key=lambda key: crc32(f"{number} {key}".encode()))


async def _look_up(current: SystemPass, keys: Sequence[str]) -> dict[str, bool | None]:
    """Return whether records are there, by a call each of the first keys; None where a call may succeed later.

    A key that the system refuses to read is left out, and so are all of one that takes no such calls.
    """
    found: dict[str, bool | None] = {}
    if (writer := current.system.writer) is None:
        return found
    failed = 0
    for key in keys[:MOST_LOOKED_UP]:
        try:
            found[key] = await writer.read(key, current.calls.deadline()) is not None
        except UpstreamError as failure:
            failed += 1
            if failure.retryable:
                found[key] = None
        if failed >= _MOST_FAILED:
            break
    return found


async def _bring_back(current: SystemPass, keys: Sequence[str]) -> None:
    """Store what records are that the list has left out and that are there."""
    if not keys:
        return
    kit, system = current.kit, current.system
    route, read_at = system.customers(kit.selection), kit.now()
    views = await current.reads.load(route, keys)
    changes = await current.values([each for each in views if each is not None and not isinstance(each, UpstreamError)])
    await current.advance(changes, read_at)
    # Some were read before they became MISSING, with all of their kind: those reads bring none back.
    await kit.store.set_state(system.name, current.owner, keys, RecordState.PRESENT, kit.now())
