"""Lists: pages that cost what is selected, cursors that lead back, invoices newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from federation.fake_system import Acme, customer, federation, numbered, request

from customer_gateway.errors import BadUserInput, InvalidCursor, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.listing import Connection, customers_of, invoices_of
from customer_gateway.federation.request import Federation
from customer_gateway.model.nouns import Invoice
from customer_gateway.model.signed_cursors import CursorSigner
from customer_gateway.system import Selection
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

COUNTED = Selection({"CustomerConnection": frozenset({"total_count"})})
NEXT = Selection({"CustomerConnection": frozenset({"page_info"}), "PageInfo": frozenset({"has_next_page"})})


def acme(**facts: Any) -> Acme:
    return Acme(documents=numbered(range(1, 8)), **facts)


def keys(connection: Connection) -> list[str]:
    return [node.key for node in connection.nodes]


class TestCustomersOfASystem:
    async def test_a_page_is_one_call_in_the_systems_own_order(self) -> None:
        system = acme()

        page = await customers_of(request(system), system, 3, None)

        assert keys(page) == ["1", "2", "3"]
        assert (page.has_next_page, page.has_previous_page, page.total_count) == (True, False, None)
        assert system.log == ["page 0+3"]

    async def test_pages_follow_one_another_by_their_cursors(self) -> None:
        system, of = acme(), request(acme())

        pages = [await customers_of(of, system, 3, None)]
        while pages[-1].has_next_page:
            pages.append(await customers_of(of, system, 3, pages[-1].end_cursor))

        assert [keys(page) for page in pages] == [["1", "2", "3"], ["4", "5", "6"], ["7"]]
        assert [page.has_previous_page for page in pages] == [False, True, True]

    async def test_who_is_listed_twice_is_told_once_a_page_and_nobody_after_is_lost(self) -> None:
        system = Acme(documents=numbered([1, 1, 2, 3, 2, 4, 4, 5]))
        of = request(system)

        pages = [await customers_of(of, system, 3, None)]
        while pages[-1].has_next_page:
            pages.append(await customers_of(of, system, 3, pages[-1].end_cursor))

        assert [keys(page) for page in pages] == [["1", "2"], ["3", "2", "4"], ["4", "5"]]
        assert system.log == ["page 0+3", "page 3+3", "page 6+3"]

    async def test_an_edges_cursor_leads_to_what_comes_after_it(self) -> None:
        system, of = acme(), request(acme())
        page = await customers_of(of, system, 5, None)

        after = await customers_of(of, system, 2, page.edges[1].cursor)

        assert page.edges[1].node is page.nodes[1]
        assert keys(after) == ["3", "4"]
        assert (page.start_cursor, page.end_cursor) == (page.edges[0].cursor, page.edges[4].cursor)
        assert page.page_info is page

    async def test_a_cursor_holds_after_a_restart(self) -> None:
        system = acme()
        page = await customers_of(request(system), system, 3, None)

        again = await customers_of(request(acme()), system, 3, page.end_cursor)

        assert keys(again) == ["4", "5", "6"]

    async def test_a_page_past_the_end_is_empty(self) -> None:
        system, of = acme(), request(acme())
        last = await customers_of(of, system, 7, None)

        beyond = await customers_of(of, system, 3, last.end_cursor)

        assert (keys(beyond), beyond.edges) == ([], [])
        assert (beyond.start_cursor, beyond.end_cursor) == (None, None)
        assert (beyond.has_next_page, beyond.has_previous_page) == (False, True)

    @pytest.mark.parametrize("first", [0, -1, 101, 10**6])
    async def test_a_size_outside_one_to_a_hundred_is_refused_without_a_call(self, first: int) -> None:
        system = acme()

        with pytest.raises(BadUserInput, match=f"first is {first}"):
            await customers_of(request(system), system, first, None)

        assert system.log == []

    @pytest.mark.parametrize("first", [1, 100])
    async def test_one_and_a_hundred_are_sizes(self, first: int) -> None:
        system = acme()

        assert len((await customers_of(request(system), system, first, None)).nodes) == min(first, 7)

    async def test_a_cursor_of_another_system_is_refused(self) -> None:
        system, other = acme(), Acme("other", numbered([1, 2]))
        of = request(system, other)
        page = await customers_of(of, other, 1, None)

        with pytest.raises(InvalidCursor):
            await customers_of(of, system, 1, page.end_cursor)

    async def test_a_position_that_is_no_number_is_refused(self) -> None:
        system, of = acme(), request(acme())

        with pytest.raises(InvalidCursor, match="start again without `after`"):
            await customers_of(of, system, 1, of.cursors.encode("systems/acme/customers", "acme/7"))

    async def test_whether_more_follows_is_asked_for_only_when_selected(self) -> None:
        system = acme(tells_next=False)

        unasked = await customers_of(request(system), system, 3, None)
        asked = await customers_of(request(system, selection=NEXT), system, 3, None)

        assert (unasked.has_next_page, asked.has_next_page) == (False, True)
        assert system.log == ["page 0+3", "page 0+3 next?"]

    async def test_the_total_is_counted_only_when_selected(self) -> None:
        system = acme()

        page = await customers_of(request(system, selection=COUNTED), system, 3, None)

        assert page.total_count == 7
        assert system.log == ["page 0+3", "count"]

    async def test_a_failed_count_costs_the_total_only(self) -> None:
        system = acme(failing={"count": UpstreamTimeout("acme", "late")})

        page = await customers_of(request(system, selection=COUNTED), system, 3, None)

        assert isinstance(page.total_count, UpstreamTimeout)
        assert str(page.total_count) == "acme: late"
        assert len(page.nodes) == 3

    async def test_a_failed_page_is_the_systems_failure(self) -> None:
        system = acme(failing={"page": UpstreamUnavailable("acme", "down")})

        with pytest.raises(UpstreamUnavailable):
            await customers_of(request(system), system, 3, None)

    async def test_what_is_listed_is_not_read_again_by_its_key(self) -> None:
        system = acme()
        of = request(system)
        page = await customers_of(of, system, 3, None)

        views = await of.reads.load(system.customers(of.selection), ["2"])

        assert views == [page.nodes[1].read]
        assert system.log == ["page 0+3"]


@dataclass
class CountingSigner(CursorSigner):
    """Tells how many cursors were made."""

    made: int = field(default=0)

    def __post_init__(self) -> None:
        super().__init__(b"secret")

    def encode(self, listing: str, position: str) -> str:
        self.made += 1
        return super().encode(listing, position)


async def test_a_cursor_is_made_only_when_it_is_asked_for() -> None:
    system, signer = acme(), CountingSigner()
    of = Federation({system.name: system}, signer).request(Selection(), Deadline.after(5))
    page = await customers_of(of, system, 5, None)

    edges = page.edges
    assert signer.made == 0

    assert edges[0].cursor == page.start_cursor
    assert signer.made == 2


def bill(key: str, day: date | None = None, system: str = "acme") -> Invoice:
    return Invoice(system, key, "1", date=day)


BILLS = [
    bill("9", date(2026, 1, 1)),
    bill("10", date(2026, 1, 1)),
    bill("a"),
    bill("5", date(2026, 3, 1)),
    bill("b"),
    bill("7", date(2025, 12, 31)),
]


class TestInvoicesOfACustomer:
    def test_the_newest_come_first_then_the_higher_id_and_the_undated_last(self) -> None:
        page = self.page(BILLS, 10)

        assert [each.key for each in page.nodes] == ["5", "10", "9", "7", "b", "a"]
        assert (page.total_count, page.has_next_page, page.has_previous_page) == (6, False, False)

    def test_pages_follow_one_another_without_a_gap_or_a_repetition(self) -> None:
        pages = [self.page(BILLS, 4)]
        pages.append(self.page(BILLS, 4, pages[0].end_cursor))

        assert [[each.key for each in page.nodes] for page in pages] == [["5", "10", "9", "7"], ["b", "a"]]
        assert [(page.has_next_page, page.has_previous_page) for page in pages] == [(True, False), (False, True)]

    def test_an_invoice_that_has_gone_loses_nobody_the_rest_of_the_list(self) -> None:
        cursor = self.page(BILLS, 2).end_cursor
        without = [each for each in BILLS if each.key != "10"]

        assert [each.key for each in self.page(without, 10, cursor).nodes] == ["9", "7", "b", "a"]

    def test_an_invoice_that_has_come_does_not_shift_the_next_page(self) -> None:
        cursor = self.page(BILLS, 2).end_cursor

        grown = self.page([*BILLS, bill("99", date(2026, 6, 1))], 10, cursor)

        assert [each.key for each in grown.nodes] == ["9", "7", "b", "a"]

    def test_equal_days_and_ids_of_two_systems_have_an_order_too(self) -> None:
        twins = [bill("1", date(2026, 1, 1), "other"), bill("1", date(2026, 1, 1)), bill("x/y")]

        first = self.page(twins, 1)
        second = self.page(twins[::-1], 1, first.end_cursor)
        third = self.page(twins, 1, second.end_cursor)

        assert [page.nodes[0].system for page in (first, second)] == ["other", "acme"]
        assert third.nodes == [twins[2]]
        assert self.page(twins, 1, third.end_cursor).nodes == []

    def test_a_cursor_of_another_customers_invoices_is_refused(self) -> None:
        cursor = self.page(BILLS, 2).end_cursor

        with pytest.raises(InvalidCursor):
            self.page(BILLS, 2, cursor, key="2")

    def test_a_size_of_nothing_is_refused(self) -> None:
        with pytest.raises(BadUserInput):
            self.page(BILLS, 0)

    @staticmethod
    def page(invoices: list[Invoice], first: int, after: str | None = None, key: str = "1") -> Connection:
        system = Acme(documents=numbered([1, 2]))
        of = federation(system).request(Selection(), Deadline(0))
        return invoices_of(of, customer(system, key), invoices, first, after)
