"""What a test does at a moment of a call: change a record between a read and a write, stop a caller, wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from inspect import isawaitable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Moment: TypeAlias = Literal["before", "after"]


@dataclass(slots=True)
class _Hook:
    moment: Moment
    call: str
    do: Callable[[], object]
    left: int


@dataclass(slots=True)
class Hooks:
    """Functions that run once, at a call that the vendor carries out; what one returns is awaited where it can be.

    `call` is written as the call log has it, without the query: `GET /customers/5`; `*` stands for any text. `nth`
    counts from the moment of asking: 1 is the next such call. What a fault or a limit refuses is not carried out.
    """

    _waiting: list[_Hook] = field(default_factory=list[_Hook])

    def before(self, call: str, do: Callable[[], object], *, nth: int = 1) -> None:
        """Run a function right before the vendor carries out a call."""
        self._waiting.append(_Hook("before", call, do, nth))

    def after(self, call: str, do: Callable[[], object], *, nth: int = 1) -> None:
        """Run a function when a call is carried out and its answer made, before the first byte of it is sent."""
        self._waiting.append(_Hook("after", call, do, nth))

    def clear(self) -> None:
        self._waiting.clear()

    async def run(self, moment: Moment, call: str) -> None:
        due: list[_Hook] = []
        for hook in self._waiting:
            if hook.moment == moment and fnmatchcase(call, hook.call):
                hook.left -= 1
                if hook.left == 0:
                    due.append(hook)
        for hook in due:
            self._waiting.remove(hook)
            if isawaitable(outcome := hook.do()):
                await outcome
