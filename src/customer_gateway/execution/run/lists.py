"""Columns of lists: all their items are one column."""

from __future__ import annotations

from asyncio import isfuture
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.pyutils import is_iterable

from customer_gateway.execution.compile.coroutines import close_coroutines
from customer_gateway.execution.compile.declaration import Partitioned

from .budget import AnswerTooLarge
from .columns import arrived, complete_non_null, gathered, split_values, then
from .field_errors import BubblingError, ErroredColumn, column_of
from .positions import OfItem, OfSome
from .steps import in_steps

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable

    from .columns import Columnar, ValueCompletion
    from .field_errors import OutputPosition
    from .positions import Positions
    from .run import Run


class ListCompletion:
    __slots__ = ("item", "place")

    def __init__(self, place: OutputPosition, item: ValueCompletion) -> None:
        self.place = place
        self.item = item

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        if set(map(type, values)) <= LISTS:
            return self._items(run, values, positions)
        return complete_non_null(self.place, run, values, positions, self._listed)

    def _listed(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Return every iterable as a list; what is none is an error."""
        types = set(map(type, values))
        if types <= LISTS:
            return self._items(run, values, positions)
        if Partitioned in types:
            return self._in_parts(run, values, positions)
        lists = [self._list(run, value) for value in values]
        if any(map(isfuture, lists)):
            return run.spawn(self._listed_later(run, lists, positions))
        return split_values(self.place, run, lists, positions, self._items)

    async def _listed_later(self, run: Run, lists: list[Any], positions: Positions) -> list[Any]:
        column = split_values(self.place, run, await arrived(lists), positions, self._items)
        return column if isinstance(column, list) else await column

    def _in_parts(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Complete lists of which some come in parts; the others are a column of their own."""
        parted = [value for value in values if type(value) is Partitioned]
        try:
            run.charge(sum(parts.count for parts in parted), 0, positions)
        except AnswerTooLarge:
            for parts in parted:
                parts.dispose()
            raise
        whole = [index for index, value in enumerate(values) if type(value) is not Partitioned]
        columns: list[tuple[list[int], Any]] = []
        if whole:
            others = [values[index] for index in whole]
            columns.append((whole, complete_non_null(self.place, run, others, OfSome(positions, whole), self._listed)))
        for index, value in enumerate(values):
            if type(value) is Partitioned:
                columns.append(([index], self._parts(run, value, OfSome(positions, [index]))))
        return gathered([None] * len(values), columns)

    def _parts(self, run: Run, parts: Partitioned, positions: Positions) -> Columnar:
        """Complete one list, each part by itself: what is below a slow one waits for that one only."""
        count = parts.count
        if not parts.covers(count):
            parts.dispose()
            error = RuntimeError(f"{self.place.site} does not name each of its items once.")
            return column_of([self.place.fail(run, error, positions, 0)])
        items = OfItem(positions, [count])
        begun = [
            (list(indices), run.begin(self._arrive(run, run.track(values), OfSome(items, indices), len(indices))))
            for indices, values in parts.groups
        ]
        return then(gathered([None] * count, begun), lambda cells: self._fold(run, cells, [count], positions))

    async def _arrive(self, run: Run, part: Awaitable[Any], positions: Positions, count: int) -> list[Any]:
        try:
            values = list(await part)
            if len(values) != count:
                raise RuntimeError(f"{self.place.site} gave {len(values)} values for {count} items.")  # noqa: TRY301 - as any other
        except Exception as error:
            values = [error] * count
        column = self._item_column(run, values, positions)
        return column if isinstance(column, list) else await column

    def _list(self, run: Run, value: Any) -> list[Any] | Future[list[Any]] | Exception:
        items: list[Any] = []
        try:
            if hasattr(value, "__aiter__"):
                return run.begin(_drain(value))
            if is_iterable(value):
                items.extend(value)
                return items
        except Exception as error:
            close_coroutines(items)
            return error
        return GraphQLError(f"Expected Iterable, but did not find one for field '{self.place.site}'.")

    def _items(self, run: Run, lists: list[Any], positions: Positions) -> Columnar:
        lengths = list(map(len, lists))
        try:
            run.charge(sum(lengths), sum(lengths), positions)
        except AnswerTooLarge:
            close_coroutines(chain.from_iterable(lists))
            raise
        flat: list[Any] = list(chain.from_iterable(lists))
        column = self._item_column(run, flat, OfItem(positions, lengths))
        if isinstance(column, list):
            return self._fold(run, column, lengths, positions)
        return then(column, lambda cells: self._fold(run, cells, lengths, positions))

    def _item_column(self, run: Run, items: list[Any], positions: Positions) -> Columnar:
        if run.budget.begin(len(items)):
            return self.item.complete(run, items, positions)
        return in_steps(run, items, 1, positions, partial(self.item.complete, run))

    def _fold(self, run: Run, cells: list[Any], lengths: list[int], positions: Positions) -> list[Any]:
        if len(lengths) == 1 and type(cells) is not ErroredColumn:
            return [cells]
        ends = list(accumulate(lengths, initial=0))
        folded: list[Any] = [cells[start:end] for start, end in pairwise(ends)]
        if type(cells) is not ErroredColumn:
            return folded
        for index, items in enumerate(folded):
            folded[index] = next((item for item in items if type(item) is BubblingError), items)
        return self.place.land(run, column_of(folded), positions)


LISTS = {list, tuple}


async def _drain(iterable: Any) -> list[Any]:
    items: list[Any] = []
    try:
        async for item in iterable:
            items.append(item)  # noqa: PERF401  what was read before an error is to be closed
    except BaseException:
        close_coroutines(items)
        raise
    return items
