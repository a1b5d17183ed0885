"""Finding: rows that were found and what is read of them, pages that are filled up, and an index that is late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from catalog_index import Gone, Passes
from federation.fake_system import Acme, Asked, federation, numbered
from federation.index_rows import Rows, row

from customer_gateway.catalog.questions import Question
from customer_gateway.errors import (
    CatalogUnavailable,
    DatabaseUnavailable,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from customer_gateway.federation.finding import CustomersAsked, find_customers
from customer_gateway.federation.found_rows import foremost
from customer_gateway.federation.sync_states import KeptSyncStates
from customer_gateway.system import EVERYTHING, Route, Selection
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.federation.found_connection import FoundConnection
    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio


def world(system: Acme, rows: Rows, selection: Selection = EVERYTHING, **further: Any) -> RequestContext:
    return replace(federation(system), index=rows, **further).request(selection, Deadline.after(0.2))


async def found(request: RequestContext, **arguments: Any) -> FoundConnection:
    return await find_customers(request, CustomersAsked(Question(), **arguments), ["customers"])


def keys(connection: FoundConnection) -> list[str]:
    return [node.key for node in connection.nodes]


class TestAPageThatIsFilledUp:
    """Customers 1 to 9 of whom the even ones are gone."""

    def system(self) -> Acme:
        return Acme(documents=numbered(range(1, 10, 2)))

    def rows(self) -> Rows:
        return Rows([row("acme", str(key)) for key in range(1, 10)])

    async def test_forward_by_the_rows_after_it(self) -> None:
        rows, gone = self.rows(), Gone()

        connection = await found(world(self.system(), rows, observer=gone), first=4)

        assert keys(connection) == ["1", "3", "5"]  # 2 and 4 are gone, then 5 and 6 are looked at, and no more
        assert rows.pages == [(4, False), (2, False)]
        assert gone.told == [("acme", ["2", "4"], 4), ("acme", ["6"], 2)]
        assert (connection.has_next_page, connection.has_previous_page) == (True, False)

    async def test_backward_by_the_rows_before_it(self) -> None:
        rows = self.rows()

        connection = await found(world(self.system(), rows), last=4)

        assert keys(connection) == ["5", "7", "9"]  # 8 and 6 are gone, then 5 and 4 are looked at
        assert rows.pages == [(4, True), (2, True)]
        assert (connection.has_next_page, connection.has_previous_page) == (False, True)

    async def test_the_next_page_begins_after_the_last_row_that_was_looked_at(self) -> None:
        first = await found(world(self.system(), self.rows()), first=4)

        following = await found(world(self.system(), self.rows()), first=2, after=first.end_cursor)

        assert keys(following) == ["7", "9"]
        assert first.edges[-1].cursor != first.end_cursor  # 6 was looked at after 5

    @pytest.mark.parametrize("arguments", [{"first": 4}, {"last": 4}], ids=str)
    async def test_not_where_the_index_answers_no_second_time(self, arguments: dict[str, int]) -> None:
        rows = replace(self.rows(), failing=DatabaseUnavailable("index", "locked"), failing_after=1)

        connection = await found(world(self.system(), rows), **arguments)

        assert keys(connection) == (["1", "3"] if "first" in arguments else ["7", "9"])
        assert len(rows.pages) == 2
        assert (connection.has_next_page, connection.has_previous_page) == ("first" in arguments, "last" in arguments)

    async def test_and_goes_on_after_the_rows_that_were_looked_at_where_it_stayed_short(self) -> None:
        rows = replace(self.rows(), failing=DatabaseUnavailable("index", "locked"), failing_after=1)
        short = await found(world(self.system(), rows), first=4)

        following = await found(world(self.system(), self.rows()), first=2, after=short.end_cursor)

        assert keys(following) == ["5", "7"]

    async def test_not_where_there_are_no_more_rows(self) -> None:
        rows = self.rows()

        connection = await found(world(self.system(), rows), first=9)

        assert keys(connection) == ["1", "3", "5", "7", "9"]
        assert rows.pages == [(9, False)]


async def test_a_read_of_which_a_part_failed_is_believed_by_what_was_answered() -> None:
    rows, gone = Rows([row("acme", f"{key:02}") for key in range(12)]), Gone()
    system = Acme()
    asked = Asked({"00": system.view({"id": "00", "name": "Customer 0"})})
    asked.refuses = lambda keys: None if "00" in keys else UpstreamUnavailable("acme", "down")
    system.route_of_customers = Route("acme.customers", asked.fetch, 6)
    request = world(system, rows, observer=gone)

    connection = await found(request, first=12)

    assert sorted(map(len, asked.calls)) == [6, 6]
    assert len(connection.nodes) == 12  # of six that were answered five are left out: that is not believed
    assert [(of, len(lost), answered) for of, lost, answered in gone.told] == [("acme", 5, 6)]
    assert len(request.extensions["incomplete"]) == 1


class TestTheTimeIsUp:
    async def test_an_index_that_has_not_answered_is_unavailable(self) -> None:
        rows = Rows([row("acme", "1")], gate=asyncio.Event())

        with pytest.raises(CatalogUnavailable, match="deadline"):
            await found(world(Acme(documents=numbered([1])), rows), first=1)

    async def test_an_answer_before_the_end_has_the_rows_as_the_index_knows_them(self) -> None:
        system, rows = Acme(), Rows([row("acme", "1")])
        slow = Asked({}, held=True)
        system.route_of_customers = Route("acme.customers", slow.fetch, 100)
        request = world(system, rows)

        reading = asyncio.create_task(found(request, first=1))
        await asyncio.sleep(0.05)
        early = request.so_far()
        shown = await found(early, first=1)
        slow.gate.set()
        await reading

        assert [node.read.value("name") for node in shown.nodes] == ["Index 1"]
        assert [each["code"] for each in early.extensions["incomplete"]] == ["UPSTREAM_TIMEOUT"]
        assert rows.pages == [(1, False)]
        assert "incomplete" not in request.extensions

    async def test_an_answer_before_the_index_has_answered_is_an_error(self) -> None:
        rows = Rows([], gate=asyncio.Event())
        request = world(Acme(), rows)

        reading = asyncio.create_task(found(request, first=1))
        await asyncio.sleep(0.02)
        with pytest.raises(CatalogUnavailable):
            await found(request.so_far(), first=1)

        with pytest.raises(CatalogUnavailable):
            await reading


async def test_the_reason_why_the_database_fails_is_not_told() -> None:
    rows = Rows([], failing=DatabaseUnavailable("/var/lib/secret.db: cannot be used", "disk I/O error"))

    with pytest.raises(CatalogUnavailable) as raised:
        await found(world(Acme(), rows), first=1)

    assert raised.value.retryable
    assert "secret" not in str(raised.value)


async def test_rows_are_counted_only_where_the_count_is_selected() -> None:
    rows = Rows([row("acme", str(key)) for key in range(5)])
    counted = Selection({"CustomerConnection": frozenset({"total_count"})})

    assert (await found(world(Acme(), rows, Selection()), first=1)).total_count is None
    assert (await found(world(Acme(), rows, counted), first=1)).total_count == 5


async def test_customers_that_were_shown_are_noted_for_the_audit() -> None:
    system = Acme(documents=numbered([1, 3]))
    rows = Rows([row("acme", str(key)) for key in (1, 2, 3)])
    read: dict[str, dict[str, None]] = {}
    for selection in (EVERYTHING, Selection({"Customer": frozenset({"id"})})):
        request = replace(federation(system), index=rows).request(selection, Deadline.after(5), records_read=read)
        await found(request, first=3, is_live=selection is EVERYTHING)
        shown, read = read, {}

        assert {name: list(each) for name, each in shown.items()} == {
            "acme": ["1", "3"] if selection is EVERYTHING else ["1", "2", "3"]
        }


def test_of_the_failures_of_a_system_the_first_is_told_with_the_longest_wait() -> None:
    def late(milliseconds: int | None) -> UpstreamRateLimited:
        return UpstreamRateLimited("one", "no slot", retry_after_ms=milliseconds)

    failures = [late(100), UpstreamTimeout("one", "late", retry_after_ms=900), late(300), late(None), late(200)]
    told = foremost([*failures, UpstreamTimeout("two", "late")])

    assert [(each.system, each.code, each.retry_after_ms) for each in told] == [
        ("one", "UPSTREAM_RATE_LIMITED", 300),
        ("two", "UPSTREAM_TIMEOUT", None),
    ]


class TestSyncStates:
    async def test_requests_of_the_same_seconds_ask_once(self) -> None:
        passes = Passes(["acme"])
        kept = KeptSyncStates(passes, seconds=0.05)

        states = await asyncio.gather(*(kept.sync_states() for _ in range(5)))
        again = await kept.sync_states()
        await asyncio.sleep(0.06)
        passes.completed = []
        later = await kept.sync_states()

        assert [list(each) for each in (*states, again, later)] == [["acme"]] * 6 + [[]]
        assert passes.looks == 2
