"""A stream of changes at a vendor while somebody reads it, the same for the same seed, with a log of each."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from customer_gateway.sandbox.clock import VendorClock
    from customer_gateway.sandbox.population import Population
    from customer_gateway.sandbox.store import Document

ChangeKind: TypeAlias = Literal["appeared", "changed", "vanished", "returned"]
# How often each happens. As many come as go, so that a vendor keeps about as many customers as it has.
_MIX: Final[dict[ChangeKind, int]] = {"changed": 6, "vanished": 2, "appeared": 1, "returned": 1}
_MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the how many-th, what became of whom, and when by the vendor's clock, in seconds since 1970."""

    number: int
    kind: ChangeKind
    key: str
    at: float


class Churn:
    """Customers that appear, change, vanish and come back: `per_second` of them, and `per_call` more at every call.

    Changes that are due are made right before a call is answered, and stamped with the moment they were due at: nobody
    can tell the difference. A part of a change per call adds up over calls. Calls of the sandbox's own routes and
    log-ins are none.
    """

    def __init__(self, population: Population, clock: VendorClock) -> None:
        self.log: list[Change] = []
        self.is_running = False
        self._population = population
        self._clock = clock
        self._per_second = self._per_call = self._owed = self._reached = 0.0
        self._rng = Random()

    def start(self, *, per_second: float = 0.0, per_call: float = 0.0, seed: str = "churn") -> None:
        """Begin the stream, anew where it runs. The log of an earlier one is cleared."""
        if not (0 <= per_second <= _MOST and 0 <= per_call <= _MOST and per_second + per_call):
            raise ValueError(f"Churn needs `per_second` or `per_call`, a number above 0 and up to {_MOST}.")
        self._population.prepare()
        self._per_second, self._per_call, self._owed = float(per_second), float(per_call), 0.0
        self._rng = Random(seed)
        self._reached = self._clock.true()
        self.log = []
        self.is_running = True

    def stop(self) -> None:
        """Make the changes that are due, and no more from now on. The log stays."""
        self._catch_up()
        self.is_running = False

    def truth(self) -> dict[str, Document]:
        """Return the customers that there are now, by key, when the changes that are due have been made."""
        self._catch_up()
        return self._population.documents()

    def meet_call(self) -> None:
        """Make the changes that are due when a call comes in."""
        self._catch_up()
        if self.is_running:
            self._owed += self._per_call
            while self._owed >= 1:
                self._owed -= 1
                self.step()

    def step(self, at: float | None = None) -> Change:
        """Make the next change now, whether the stream runs or not."""
        moment = self._clock() if at is None else at
        kind: ChangeKind = self._rng.choices(list(_MIX), weights=list(_MIX.values()))[0]
        change = self._made(kind, moment)
        self.log.append(change)
        return change

    def _catch_up(self) -> None:
        if not (self.is_running and self._per_second):
            return
        now, pause = self._clock.true(), 1 / self._per_second
        with self._population.at_once():
            while self._reached + pause <= now:
                self._reached += pause
                self.step(self._reached + self._clock.offset)

    def _made(self, kind: ChangeKind, at: float) -> Change:
        """Make a change of this kind, or of another where this one cannot be: nobody is there, or left to come."""
        population, number = self._population, len(self.log) + 1
        if kind == "returned" and (gone := population.vanished()):
            key = self._rng.choice(gone)
            population.come_back(key, at)
            return Change(number, kind, key, at)
        size = population.size()
        if kind in ("appeared", "returned") or not size:
            new = population.appear(at)
            if new is not None:
                return Change(number, "appeared", new, at)
            if population.vanished():
                return self._made("returned", at)
        key = population.key_at(self._rng.randrange(size))
        if kind == "vanished":
            population.vanish(key)
            return Change(number, kind, key, at)
        population.change(key, at)
        return Change(number, "changed", key, at)
