"""Columns of lists: all their items are one column."""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownParameterType=false, reportUnknownVariableType=false

from __future__ import annotations

from asyncio import isfuture
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError
from graphql.pyutils import is_iterable

from .columns import arrived, complete_live, sort_out
from .failures import Failure, Torn, column_of, then
from .positions import OfItem

if TYPE_CHECKING:
    from asyncio import Future

    from .columns import Columnar, Completion
    from .place import Place
    from .positions import Positions
    from .run import Run


class ListCompletion:
    __slots__ = ("item", "place")

    def __init__(self, place: Place, item: Completion) -> None:
        self.place = place
        self.item = item

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        if set(map(type, values)) <= LISTS:
            return self._items(run, values, positions)
        return complete_live(self.place, run, values, positions, self._listed)

    def _listed(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Every iterable as a list; what is none is an error."""
        if set(map(type, values)) <= LISTS:
            return self._items(run, values, positions)
        lists = [self._list(run, value) for value in values]
        if any(map(isfuture, lists)):
            return run.spawn(self._listed_later(run, lists, positions))
        return sort_out(self.place, run, lists, positions, self._items)

    async def _listed_later(self, run: Run, lists: list[Any], positions: Positions) -> list[Any]:
        column = sort_out(self.place, run, await arrived(lists), positions, self._items)
        return column if isinstance(column, list) else await column

    def _list(self, run: Run, value: Any) -> list[Any] | Future[list[Any]] | Exception:
        try:
            if hasattr(value, "__aiter__"):
                return run.begin(_drain(value))
            if is_iterable(value):
                return list(value)
        except Exception as error:  # noqa: BLE001  a generator may raise anything
            return error
        field = f"{self.place.site.parent_type}.{self.place.site.name}"
        return GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")

    def _items(self, run: Run, lists: list[Any], positions: Positions) -> Columnar:
        if len(lists) == 1:
            flat: list[Any] = list(lists[0])
            lengths = [len(flat)]
        else:
            flat = list(chain.from_iterable(lists))
            lengths = list(map(len, lists))
        column = self.item.complete(run, flat, OfItem(positions, lengths))
        if isinstance(column, list):
            return self._fold(run, column, lengths, positions)
        return then(column, lambda cells: self._fold(run, cells, lengths, positions))

    def _fold(self, run: Run, cells: list[Any], lengths: list[int], positions: Positions) -> list[Any]:
        if len(lengths) == 1 and type(cells) is not Torn:
            return [cells]
        ends = list(accumulate(lengths, initial=0))
        folded: list[Any] = [cells[start:end] for start, end in pairwise(ends)]
        if type(cells) is not Torn:
            return folded
        for index, items in enumerate(folded):
            folded[index] = next((item for item in items if type(item) is Failure), items)
        return self.place.land(run, column_of(folded), positions)


LISTS = {list, tuple}


async def _drain(iterable: Any) -> list[Any]:
    return [item async for item in iterable]
