"""The report on each level of an execution."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .columns import then
from .fields import BatchedField

if TYPE_CHECKING:
    from collections.abc import Callable

    from .columns import Columnar
    from .positions import Objects
    from .run import Plan


class ExecutedLevel(NamedTuple):
    """One selection, executed for all objects of its level.

    `path` has the response names above it. `batches` is the number of its batched resolvers; each is called once, or
    once a step where the level is long. `seconds` go from its beginning until its rows are complete, waits included.
    """

    path: tuple[str, ...]
    type_name: str
    objects: int
    batches: int
    seconds: float


Observer: TypeAlias = "Callable[[ExecutedLevel], None]"
"""Called when a level is complete; it must not raise. The root of a mutation is none: its fields are executed one after
the other."""


def observed(
    observer: Observer,
    plan: Plan,
    objects: list[Any],
    positions: Objects,
    select: Callable[[Plan, list[Any], Objects], Columnar],
) -> Columnar:
    """Return what `select` gives, and report the level once it is there."""
    begun = perf_counter()

    def report(rows: list[Any]) -> list[Any]:
        path = positions.path_at(0)
        names = tuple(key for key in path.as_list() if isinstance(key, str)) if path else ()
        batches = sum(isinstance(field, BatchedField) for field in plan.fields)
        observer(ExecutedLevel(names, plan.object_type.name, len(objects), batches, perf_counter() - begun))
        return rows

    return then(select(plan, objects, positions), report)
