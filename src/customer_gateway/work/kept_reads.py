"""Keep for a minute what was read where a deadline cut off the rest: asked again, a request gets further and ends.

A minute, because the largest page of customers takes 50 s where a vendor allows two calls a second. Nothing is kept of
a request that was answered whole.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from datetime import timedelta
from itertools import count
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, TypeVar

from customer_gateway.errors import UpstreamRateLimited, UpstreamTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

K = TypeVar("K")

KEPT_SECONDS: Final = 60.0
OLDEST_SECONDS: Final = 2 * KEPT_SECONDS
"""How long ago a call may have begun whose answer is kept."""
_MOST: Final = 2_000
KEPT: Final = f"kept for {KEPT_SECONDS:.0f} s: send the same request again, or ask for fewer at once"
CUT_OFF: Final = (UpstreamTimeout, UpstreamRateLimited)
"""What stands in place of a value for which there was no time."""

_NUMBERS: Final = count()


class KeptReads:
    """Keep what was read of one system, by what it is a part of (`whole`, such as a route) and a key.

    The oldest goes first. A write drops all of it, and what was begun before a write is not kept after it.
    """

    def __init__(self, *, seconds: float = KEPT_SECONDS, most: int = _MOST) -> None:
        self._seconds = seconds
        self._most = most
        self._wholes: dict[object, dict[Any, tuple[float, Any]]] = {}
        self._written_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return sum(map(len, self._wholes.values()))

    def keep(self, whole: object, values: Mapping[Any, Any], began: float, ended: float) -> None:
        """Keep what was read between these moments of the loop's clock; failures and what is kept already are not."""
        loop, until = asyncio.get_running_loop(), ended + self._seconds
        if began <= self._written_at or until <= loop.time():
            return
        entries = self._wholes.setdefault(whole, {})
        for key, value in values.items():
            if not isinstance(value, Exception):
                entries.setdefault(key, (until, value))
        self._drop_oldest()
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._expire)

    def find(self, whole: object, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return what is kept of these keys."""
        entries = self._wholes.get(whole)
        if not entries:
            return {}
        now = asyncio.get_running_loop().time()
        found = {key: entries[key] for key in keys if key in entries}
        return {key: value for key, (until, value) in found.items() if until > now}

    def all_of(self, whole: object) -> dict[Any, Any]:
        """Return everything that is kept of `whole`, by its keys."""
        return self.find(whole, self._wholes.get(whole, ()))

    def discard(self, whole: object, keys: Iterable[Any]) -> None:
        """Keep these no longer."""
        entries = self._wholes.get(whole, {})
        for key in keys:
            entries.pop(key, None)

    def drop_at_write(self) -> None:
        """Drop everything, as after a write; what reads in flight bring is not kept either."""
        self._wholes.clear()
        self._written_at = asyncio.get_running_loop().time()

    def _drop_oldest(self) -> None:
        surplus = len(self) - self._most
        if surplus > 0:
            places = [(until, whole, key) for whole, each in self._wholes.items() for key, (until, _) in each.items()]
            for _, whole, key in sorted(places, key=itemgetter(0))[:surplus]:
                del self._wholes[whole][key]

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for whole, entries in list(self._wholes.items()):
            self._wholes[whole] = {key: entry for key, entry in entries.items() if entry[0] > now}
            if not self._wholes[whole]:
                del self._wholes[whole]
        soonest = min((until for entries in self._wholes.values() for until, _ in entries.values()), default=None)
        self._timer = None if soonest is None else loop.call_at(soonest, self._expire)


class PathCall(Protocol):
    """A call that equals another one like it, and its path, by which it is looked up."""

    @property
    def path(self) -> str: ...


class AnsweredCalls:
    """Answer calls of a read that the same read (`whole`), which was cut off, has made; note those that this one makes.

    They are found in the context that it was begun in (`ANSWERED_CALLS`).
    """

    def __init__(self, kept: KeptReads, whole: object) -> None:
        self._kept = kept
        self._whole = whole
        self._began = asyncio.get_running_loop().time()
        self._by_path: dict[str, list[tuple[object, PathCall, Any]]] = {}
        for number, (call, answer) in kept.all_of(whole).items():
            self._by_path.setdefault(call.path, []).append((number, call, answer))
        self._used: dict[object, None] = {}
        self._made: dict[object, tuple[PathCall, Any]] = {}

    @classmethod
    def begin(cls, kept: KeptReads, whole: object) -> Self:
        """Begin a read: the calls that are made in this context are its."""
        calls = cls(kept, whole)
        ANSWERED_CALLS.set(calls)
        return calls

    @property
    def age(self) -> float:
        """Return by how many seconds the calls may be older than the read."""
        return OLDEST_SECONDS if self._used else 0.0

    @property
    def progress(self) -> str:
        """Return what the failure of a read that was cut off says of its calls; blank where there are none."""
        count = len(self._used) + len(self._made)
        if not count:
            return ""
        return (
            f"1 call fit in the time and is {KEPT}" if count == 1 else f"{count} calls fit in the time and are {KEPT}"
        )

    def find(self, call: PathCall) -> Any:
        """Return the answer to an equal call, None where there is none."""
        for number, known, answer in self._by_path.get(call.path, ()):
            if known == call:
                self._used[number] = None
                return answer
        return None

    def note(self, call: PathCall, answer: object) -> None:
        """Note the answer to a call that this read has made."""
        self._made[next(_NUMBERS)] = (call, answer)

    def end(self, *, cut_off: bool) -> None:
        """End the read: keep its calls where it was cut off, else keep those that it has used no longer."""
        if cut_off:
            self._kept.keep(self._whole, self._made, self._began, asyncio.get_running_loop().time())
        else:
            self._kept.discard(self._whole, self._used)


ANSWERED_CALLS: Final[ContextVar[AnsweredCalls | None]] = ContextVar("answered_calls", default=None)
"""Those of the read in whose context a call is made; None outside of one."""


def age_of_kept_calls() -> timedelta:
    """Return how much older than the read in this context the calls may be that it is made of."""
    calls = ANSWERED_CALLS.get()
    return timedelta(seconds=0 if calls is None else calls.age)


def with_progress(values: Mapping[K, Any], progress: str) -> dict[K, Any]:
    """Return the values of a read; the failures of those for which there was no time end with this progress."""
    longer = {id(each): each.after(progress) for each in values.values() if isinstance(each, CUT_OFF)}
    return {key: longer.get(id(value), value) for key, value in values.items()}


class ReadLog:
    """Note what one request has read of each system. Once it was cut off there, all of that is kept."""

    def __init__(self, kept: Callable[[str], KeptReads]) -> None:
        self._kept = kept
        self._read: dict[str, list[tuple[object, Mapping[Any, Any], float, float]]] = {}
        self._cut_off: set[str] = set()

    def of(self, system: str) -> KeptReads:
        """Return what is kept of a system."""
        return self._kept(system)

    def find(self, system: str, whole: object, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return what is kept of these keys of a request before this one."""
        return self._kept(system).find(whole, keys)

    def note(self, system: str, whole: object, values: Mapping[Any, Any], began: float) -> None:
        """Note what was read since `began`."""
        read = (whole, values, began, asyncio.get_running_loop().time())
        if system in self._cut_off:
            self._kept(system).keep(*read)
        else:
            self._read.setdefault(system, []).append(read)

    def cut_off(self, system: str) -> None:
        """Keep what was read of the system, and what will be."""
        self._cut_off.add(system)
        for read in self._read.pop(system, ()):
            self._kept(system).keep(*read)
