"""Work that does not fit into one iteration of the event loop, done in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.execution.compile.coroutines import close_coroutines

from .budget import STEP
from .columns import gathered
from .positions import OfSome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .columns import Columnar
    from .positions import Positions
    from .run import Run

    Complete = Callable[[list[Any], Positions], Columnar]

STEPS_UNDER_WAY: Final = 3
"""As many steps of one level are begun before the first of them is done."""


def in_steps(run: Run, values: list[Any], work: int, positions: Positions, complete: Complete) -> Awaitable[list[Any]]:
    """Return the completed column of values that are so much work each: some in each iteration of the event loop."""
    return run.spawn(_in_steps(run, values, work, positions, complete))


async def _in_steps(run: Run, values: list[Any], work: int, positions: Positions, complete: Complete) -> list[Any]:
    size = max(1, STEP // work)
    starts = range(0, len(values), size)
    columns: list[Columnar] = []
    for place, start in enumerate(starts):
        if place >= STEPS_UNDER_WAY:
            # What several steps wait for may come for all of them in one iteration of the loop.
            earlier = columns[place - STEPS_UNDER_WAY]
            columns[place - STEPS_UNDER_WAY] = earlier if isinstance(earlier, list) else await earlier
        step = values[start : start + size]
        try:
            await run.budget.wait(work * len(step), positions)
        except BaseException:
            close_coroutines(values[start:])
            run.cancel()
            raise
        columns.append(complete(step, OfSome(positions, range(start, start + len(step)))))
    indices = [range(start, min(start + size, len(values))) for start in starts]
    column = gathered([None] * len(values), list(zip(indices, columns, strict=True)))
    return column if isinstance(column, list) else await column
