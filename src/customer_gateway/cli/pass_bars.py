"""How far passes are, for people: a bar a system with its rows, their rate, and the time that is left."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from rich.progress import Task, TaskID

    from customer_gateway.model.passes import PassRow


class _Rate(ProgressColumn):
    """Rows in a second."""

    def render(self, task: Task) -> Text:
        return Text("" if not task.speed else f"{task.speed:,.0f} rows/s")


@contextmanager
def bars(names: Sequence[str]) -> Generator[Callable[[Mapping[str, PassRow]], None]]:
    """Draw on standard error within the body; yield what is given the rows of the passes."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=not console.is_terminal) as drawn:
        tasks = {name: drawn.add_task(name, total=None) for name in names}

        def show(rows: Mapping[str, PassRow]) -> None:
            for name, row in rows.items():
                _draw(drawn, tasks[name], row)

        yield show


def _draw(drawn: Progress, task: TaskID, row: PassRow) -> None:
    if row.state is SyncStateName.RUNNING and row.position is not None:
        drawn.update(task, total=row.position.get("total"), completed=row.position.get("start", 0))
    elif row.requested_at is None and row.state is SyncStateName.IDLE:
        total = drawn.tasks[task].total or drawn.tasks[task].completed or 1
        drawn.update(task, total=total, completed=total)


def nothing(_rows: Mapping[str, PassRow]) -> None:
    """Draw nothing."""
