"""Columns into rows: the objects of a scope when all of their fields are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .deferred_column import DeferredColumn
from .field_errors import ErroredColumn, column_of, first_failures
from .rows import fill, rows_of

if TYPE_CHECKING:
    from .columns import Columnar
    from .plan import SelectionPlan


def joined(plan: SelectionPlan, columns: list[Any], count: int) -> Columnar:
    """Return the rows of columns that hold every field."""
    for column in columns:
        if not isinstance(column, list):
            return DeferredColumn(_joined_later, plan, columns, count)
    return failed(plan, rows_of(plan.names, columns, count), columns)


async def _joined_later(plan: SelectionPlan, columns: list[Any], count: int) -> list[Any]:
    # One after the other is as good as all at once: each goes on by itself, here they are only put together.
    for index, column in enumerate(columns):
        if not isinstance(column, list):
            columns[index] = await column
    return failed(plan, rows_of(plan.names, columns, count), columns)


def filled(plan: SelectionPlan, rows: list[Any], late: list[tuple[str, Any]], columns: list[Any]) -> Columnar:
    """Return the rows with late columns put into their places; `columns` are all that may hold failures."""
    for _, column in late:
        if not isinstance(column, list):
            return DeferredColumn(_filled_later, plan, rows, late, columns)
    for name, column in late:
        fill(rows, name, column)
    return failed(plan, rows, columns)


async def _filled_later(
    plan: SelectionPlan, rows: list[Any], late: list[tuple[str, Any]], columns: list[Any]
) -> list[Any]:
    arrived: list[list[Any]] = []
    for _, column in late:
        arrived.append(column if isinstance(column, list) else await column)
    for (name, _), column in zip(late, arrived, strict=True):
        fill(rows, name, column)
    return failed(plan, rows, [column for column in columns if isinstance(column, list)] + arrived)


def failed(plan: SelectionPlan, rows: list[Any], columns: list[Any]) -> list[Any]:
    """Return the rows with a failure in place of each object that one of its fields made null."""
    if not plan.fragile or ErroredColumn not in set(map(type, columns)):
        return rows
    for index, failure in first_failures(columns).items():
        rows[index] = failure
    return column_of(rows)
