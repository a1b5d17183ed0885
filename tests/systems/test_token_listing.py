"""Lists whose pages follow each other by tokens."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.systems.pages import Listed, PageLengths
from customer_gateway.systems.token_listing import TokenListing
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

Pages = dict[str, tuple["Sequence[int]", str | None]]


class Server:
    """The pages of a list by their tokens, as long as they are: the ids on each, and the token of the next."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.tokens: list[str] = []

    async def read(self, token: str, _size: int, _deadline: Deadline) -> Listed[Any]:
        self.tokens.append(token)
        assert len(self.tokens) < 10, "the list is read without end"
        ids, following = self.pages[token]
        return Listed([{"id": each} for each in ids], next=following)

    def listing(self) -> TokenListing[Any]:
        return TokenListing(self.read, PageLengths("acme", "GET /things"), itemgetter("id"), 10)


THREE: Pages = {"": ([1, 2], "b"), "b": ([3, 4], "c"), "c": ([5], None)}


async def test_a_position_is_reached_by_the_token_of_its_page_alone() -> None:
    server = Server(THREE)
    first = await server.listing().at(0, 3, Deadline.after(5))
    server.tokens.clear()
    assert first.after is not None
    rest = await server.listing().at(3, 3, Deadline.after(5), first.after(2))

    assert [row["id"] for row in first.rows][:3] == [1, 2, 3]
    assert ([row["id"] for row in rest.rows], rest.ended) == ([4, 5], True)
    assert server.tokens == ["b", "c"]


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_longer_than_asked_for_lose_no_row_and_repeat_none(size: int) -> None:
    server = Server({"": ([1, 1, 2, 2, 3, 3, 4, 4], "b"), "b": ([5, 5, 5, 5], None)})
    found: list[int] = []
    after = ""
    while len(found) < 5:
        server.tokens.clear()
        part = await server.listing().at(len(found), size, Deadline.after(5), after)
        found += [row["id"] for row in part.rows[:size]]
        assert part.after is not None
        after = part.after(min(size, len(part.rows)) - 1)

    assert found == [1, 2, 3, 4, 5]


async def test_a_page_without_rows_is_passed_over() -> None:
    server = Server({"": ([], "b"), "b": ([1], None)})

    found = await server.listing().at(0, 3, Deadline.after(5))

    assert [row["id"] for row in found.rows] == [1]


@pytest.mark.parametrize("way", ["at", "whole"])
@pytest.mark.parametrize("last", ["", "b", "c"])
async def test_pages_that_lead_back_to_an_earlier_one_are_refused(way: str, last: str) -> None:
    server = Server(
        {"": ([], "b"), "b": ([], "c"), "c": ([], last)}
        if way == "at"
        else {
            "": ([1], "b"),
            "b": ([2], "c"),
            "c": ([3], last),
        }
    )
    listing = server.listing()

    with pytest.raises(UpstreamBadResponse, match="answered the same page again"):
        await (listing.at(0, 50, Deadline.after(5)) if way == "at" else listing.whole(Deadline.after(5)))
    assert server.tokens == ["", "b", "c"]
