"""A vendor's list whose pages follow each other by the vendor's own token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from customer_gateway.systems.listing import Listing, distinct
from customer_gateway.systems.pages import Gathered, RowSlice, without_repeats

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from customer_gateway.systems.pages import Listed, PageLengths
    from customer_gateway.work.deadline import Deadline

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenListing(Generic[T]):
    """A list whose pages follow each other by the vendor's own tokens: `read` gets one, blank for the first page.

    Where a list goes on after a row is written `ROWS~TOKEN`: so many rows into the page of that token.
    """

    read: Callable[[str, int, Deadline], Awaitable[Listed[T]]]
    lengths: PageLengths
    identity: Callable[[T], Hashable]
    most: int
    counts: bool = False
    looks_ahead: bool = False

    async def at(self, _start: int, size: int, deadline: Deadline, after: str = "") -> RowSlice[T]:
        """Return `size` rows from where `after` says, and what their pages hold beyond."""
        skipped, _, token = after.partition("~")
        skip = int(skipped or 0)
        rows: list[T] = []
        goes_on: list[str] = []
        seen: set[str | None] = {token}
        while True:
            asked = min(self.most, skip + size - len(rows))
            page = await self.read(token, asked, deadline)
            # More than asked for: repeats, or a server whose pages have one size, and which goes on after all of them.
            found = page.rows if len(page.rows) <= asked else without_repeats(page.rows, self.identity)
            rows += found[skip:]
            goes_on += [f"{place}~{token}" for place in range(skip + 1, len(found) + 1)]
            skip = max(0, skip - len(found))
            if page.next is not None and goes_on:
                goes_on[-1] = f"{skip}~{page.next}"
            if page.next is None or len(rows) >= size:
                return RowSlice(rows, page.next is None, page.total, goes_on.__getitem__, page.next is None)
            self._demand_new(page, seen)
            token = page.next

    async def follows(self, position: int, deadline: Deadline) -> bool:
        """Return whether the list has more rows than `position`, by reading it from its first page on."""
        return len((await self.at(0, position + 1, deadline)).rows) > position

    async def total(self, deadline: Deadline) -> int:
        """Return how many rows there are, by asking for one."""
        return (await self.read("", 1, deadline)).total or 0

    async def whole(self, deadline: Deadline) -> list[T]:
        """Return every row that has a key, each once."""
        gathered, token = Gathered[T](self.lengths), ""
        seen: set[str | None] = {token}
        while True:
            page = await self.read(token, self.most, deadline)
            found = dict(zip(map(self.identity, page.rows), page.rows, strict=True))
            gathered.add(found, last=page.next is None)
            if page.next is None:
                return distinct(list(gathered.rows.values()), self.identity)
            self._demand_new(page, seen)
            token = page.next

    def in_order(self) -> Listing[T]:
        """Return the list as it is read from its first page on, one after the other; the last one has the total."""
        token, count = "", 0
        seen: set[str | None] = {token}

        async def read(_number: int, size: int, deadline: Deadline) -> Listed[T]:
            nonlocal token, count
            page = await self.read(token, size, deadline)
            count += len(page.rows)
            if page.next is None:
                return page._replace(total=count)
            self._demand_new(page, seen)
            token = page.next
            return page

        return Listing(read, self.lengths, self.identity, self.most)

    def _demand_new(self, page: Listed[T], seen: set[str | None]) -> None:
        """Refuse a page that is followed by one that was `seen`, such as itself: such a list has no end."""
        if page.next in seen:
            raise self.lengths.refused("answered the same page again")
        seen.add(page.next)
