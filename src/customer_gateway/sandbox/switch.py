"""The fault switch: which faults are switched on at a vendor, and which of them a call meets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from customer_gateway.sandbox.fault import Fault
from customer_gateway.sandbox.faults import bomb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.fault import Application, FaultKind

    _Calls = tuple[str, str]


@dataclass(slots=True)
class Faults:
    """The faults switched on at one vendor; of several that fit a call the one with the longest path happens.

    Of two with the same path the one that names the method does.
    """

    _active: dict[_Calls, Fault] = field(default_factory=dict["_Calls", Fault])
    _left: dict[_Calls, int] = field(default_factory=dict["_Calls", int])

    def set(  # noqa: PLR0913 - the fields of a fault, by name
        self,
        kind: FaultKind,
        *,
        latency: float = 0.0,
        status: int = 503,
        retry_after: float | str | None = None,
        html: bool = False,
        path: str = "",
        calls: int | None = None,
        pause: float = 0.5,
        method: str = "",
        applied: Application | None = None,
        keys: Sequence[str] = (),
        share: float = 0.0,
        off: int = 0,
    ) -> None:
        """Switch a fault on, in place of an earlier one for the same path and method. Fields as in `Fault`."""
        wait = None if retry_after is None else str(retry_after)
        self.switch(Fault(kind, latency, status, wait, html, path, calls, pause, method, applied, keys, share, off))

    def switch(self, fault: Fault) -> None:
        if fault.kind == "gzip_bomb":
            bomb()  # packed now: half a second of work that should not stall the call that meets it
        calls = (fault.path, fault.method)
        self._active[calls] = fault
        self._left.pop(calls, None)
        if fault.calls is not None:
            self._left[calls] = fault.calls

    def clear(self) -> None:
        self._active.clear()
        self._left.clear()

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._active.values()))

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that this call meets; one with a number of calls is used up by it."""
        fitting = [calls for calls in self._active if path.startswith(calls[0]) and calls[1] in ("", method)]
        if not fitting:
            return None
        chosen = max(fitting, key=lambda calls: (len(calls[0]), calls[1]))
        fault = self._active[chosen]
        if fault.calls is not None:
            self._left[chosen] -= 1
            if self._left[chosen] <= 0:
                del self._active[chosen], self._left[chosen]
        return fault
