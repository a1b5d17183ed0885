"""Persons by number, from a list that does not take numbers: the fewer of one call each and the list's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.systems.pages import Gathered
from customer_gateway.work.faults import read_singly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from customer_gateway.model.nouns import User
    from customer_gateway.systems.pages import PageLengths
    from customer_gateway.work.deadline import Deadline

_ALL: Final = "all"  # the one question that the list is asked


class PersonsByNumber:
    """`one` reads a person by number, `page` the list's page of that number (from 1) and size, of at most `rows`.

    How many calls the list takes is remembered from its last reading. As long as its end was never seen, reading goes
    on for as many pages as there are persons left to find: then one call each is no dearer, and the next time it is
    known.
    """

    def __init__(
        self,
        system: str,
        one: Callable[[str, Deadline], Awaitable[User | None]],
        page: Callable[[int, int, Deadline], Awaitable[Sequence[User]]],
        rows: int,
        lengths: PageLengths,
    ) -> None:
        self._system = system
        self._one = one
        self._page = page
        self._rows = rows
        self._lengths = lengths
        self._pages = 1  # at least; exactly, once the end was seen

    async def fetch(self, numbers: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        """Return the persons with these numbers, and all others on the pages that were read.

        Where a person's own call fails, or a page of the list, that failure stands for whoever was not found by then.
        """
        persons: Gathered[User] = Gathered(self._system, "GET /api/persons")
        size = self._lengths.size(self._rows)
        expected, read = self._pages, 0
        doubted = 0  # the length of a page that may have been the last
        missing = list(numbers)
        while len(missing) > (expected - read if read < expected else read) or (doubted and missing):
            try:
                page = await self._page(read + 1, size, deadline)
            except UpstreamError as error:
                return {**persons.rows, **dict.fromkeys(missing, error)}
            read += 1
            found = {person.key: person for person in page}
            if doubted and found.keys() <= persons.rows.keys():
                self._lengths.ended(_ALL, doubted)
                self._pages = 1
                return persons.rows
            if doubted:
                self._lengths.cut(doubted)
            doubted = 0
            ended = len(page) < size and self._lengths.is_end(_ALL, len(page))
            persons.add(found, last=len(page) < size)
            if ended:
                self._pages = read
                return persons.rows
            if len(page) < size:
                doubted = size = len(page)
            else:
                self._lengths.saw(size)
                self._pages = max(self._pages, read + 1)
            missing = [number for number in missing if number not in persons.rows]
        singly = await read_singly(lambda number: self._named(number, deadline), missing, self._system, "persons")
        return persons.rows | singly

    async def _named(self, number: str, deadline: Deadline) -> User | None:
        person = await self._one(number, deadline)
        if person is not None and person.key != number:
            raise UpstreamBadResponse(self._system, "GET /api/persons/{number} answered another person")
        return person
