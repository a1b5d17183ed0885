"""Billbee's envelopes: numbered pages, single entities, and how long each list was when it was last read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from customer_gateway.documents.record import Record, is_object
from customer_gateway.documents.values import is_blank
from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.systems.identified import those_with_ids, with_integer_ids
from customer_gateway.systems.pages import Gathered, Listed, ListLengths
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from customer_gateway.documents.record import Decode, Document, DocumentContext
    from customer_gateway.systems.pages import PageLengths
    from customer_gateway.wire import Client
    from customer_gateway.work.deadline import Deadline

MOST_ROWS: Final = 250
_NUMBER: Final = re.compile(r"([0-9]{1,9})(?:\.0+)?")
_ERROR_CODES: Final = range(1, 30)
_NO_ERROR: Final = (None, 0, "", "NoError")  # the last as ErrorDescription has it


class Walk(NamedTuple):
    """The rows of a list by key, as far as it was read.

    `whole` says that those are all: as many as every page said, so that none slipped over a page border meanwhile.
    `total` is what the last page said.
    """

    rows: dict[str, Document]
    whole: bool
    total: int


class Lists:
    """What Billbee answers, out of its envelope."""

    def __init__(self, client: Client, reading: DocumentContext) -> None:
        self._client = client
        self._reading = reading
        self._totals: dict[str, int] = {}
        self._lengths = ListLengths(client.system)

    def lengths(self, path: str) -> PageLengths:
        """Return what is known of the pages of a list, or of all lists of a template."""
        return self._lengths.of(f"GET {path}")

    async def page(
        self,
        path: str,
        number: int,
        size: int,
        deadline: Deadline,
        template: str = "",
        *,
        decode: Decode = orjson.loads,
    ) -> Listed[Document]:
        """Return page `number` (from 1) of `size` rows, each with an integer Id or `NoId`; refuse other answers."""
        query = [("page", str(number)), ("pageSize", str(size))]
        call = Call("GET", path, query, template=template, idempotent=True, decode=decode)
        answer = await self._client.call(call, deadline)
        rows = _rows(answer.document, size, self._reading)
        if rows is None:
            raise UpstreamBadResponse(self._client.system, f"GET {template or path} did not answer a page of entities")
        if not template and rows.total is not None:
            self._totals[path] = rows.total
        return rows

    async def walk(
        self,
        path: str,
        deadline: Deadline,
        template: str = "",
        *,
        instead: Callable[[Mapping[str, Document]], float] = lambda _rows: float("inf"),
        pages: int = 1,
        decode: Decode = orjson.loads,
    ) -> Walk:
        """Return page after page for as long as what is left of them is fewer calls than `instead` of them.

        `instead` tells, given the rows so far, how many calls would do without the rest; `pages` is what is believed of
        the list's length at first. Rows are told apart by Id, because pages of a list that is written to overlap.
        """
        lengths = self.lengths(template or path)
        gathered: Gathered[Document] = Gathered(self._client.system, f"GET {template or path}")
        rows = gathered.rows
        size = lengths.size(MOST_ROWS)
        totals: list[int] = [0]
        read, left = 0, pages
        while 0 < left < instead(rows):
            read += 1
            found = await self.page(path, read, size, deadline, template, decode=decode)
            totals.append(found.total or 0)
            page = {str(row["Id"]): row for row in found.rows}
            size, left = _left(lengths, path, found, read, size, len(rows.keys() | page.keys()))
            gathered.add(page, last=left <= 0)
        return Walk(rows, whole=left <= 0 and set(totals[1:]) == {len(rows)}, total=totals[-1])

    async def whole(self, path: str, template: str, deadline: Deadline) -> Iterable[Document]:
        """Return the rows of a list that no other call has: as many at least as its last page said, or an error."""
        walk = await self.walk(path, deadline, template)
        if len(walk.rows) < walk.total:
            raise self.lengths(template).refused("changed while its pages were read", retryable=True)
        return those_with_ids(walk.rows.values(), "Id")

    async def one(
        self, template: str, key: str, deadline: Deadline, *, decode: Decode = orjson.loads
    ) -> Document | None:
        """Return a single entity; None where Billbee knows no such key."""
        path = template.format(id=key)
        call = Call("GET", path, template=template, idempotent=True, missing_is_none=True, decode=decode)
        document = (await self._client.call(call, deadline)).document
        if document is None:
            return None
        if is_object(document) and is_object(entity := document.get("Data")):
            return entity
        raise UpstreamBadResponse(self._client.system, f"GET {template} did not answer an entity")

    def pages(self, *paths: str) -> int:
        """Return how many whole pages the first list of `paths` had that was ever read; 1 where none was."""
        total = next((self._totals[path] for path in paths if path in self._totals), 0)
        return max(1, -(-total // self.lengths(paths[0]).size(MOST_ROWS)))


def objection(_status: int, document: Any) -> str | None:
    """Why an answer under 2xx is an error: Billbee says so in the envelope."""
    if not is_object(document):
        return None
    code = document.get("ErrorCode")
    if isinstance(code, (str, float)) and (number := _NUMBER.fullmatch(str(code).strip())):
        code = int(number[1])
    if type(code) is int and code in _ERROR_CODES:
        return f"its ErrorCode is {code}"
    if not is_blank(document.get("ErrorMessage")):
        return "its ErrorMessage is set"
    if code not in _NO_ERROR:
        return "its ErrorCode is set"
    return "it has a `Message` and no `Data`" if document.get("Message") and "Data" not in document else None


def _left(lengths: PageLengths, path: str, page: Listed[Document], read: int, size: int, known: int) -> tuple[int, int]:
    """Return the size of the next pages, and how many are left after `read` of them with `known` different rows.

    A first page that was cut short is a whole one of a smaller size. A total below the rows is not believed: then a
    page that may not be the last is followed by one more.
    """
    length, total = len(page.rows), page.total or 0
    lengths.saw(length)
    if page.size is not None and page.size < size:
        lengths.capped(page.size)
    if total >= known:
        if read == 1 and 0 < length < min(size, total):
            lengths.cut(length)
            size = length
        return size, -(-total // size) - read if length else 0
    if length < size and lengths.is_end(path, length):
        return size, 0
    return min(size, length), 1


def _rows(document: Any, size: int, reading: DocumentContext) -> Listed[Document] | None:
    """Return the page in an envelope; None for what is no page of entities, or one of a greater size than was asked
    for.
    """
    if not is_object(document):
        return None
    paging = Record(document, reading).part("Paging")
    total, told = paging.integer("TotalRows"), paging.integer("PageSize")
    if total is None or (paging.holds("PageSize") and (told is None or not 0 < told <= size)):
        return None
    identified = with_integer_ids(document.get("Data"), "Id", reading)
    return None if identified is None else Listed(identified, total, told)
