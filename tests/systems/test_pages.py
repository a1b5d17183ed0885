"""Lists that are read to their end: one that has none in sight is refused."""

from __future__ import annotations

import pytest

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.systems.pages import MOST_LIST_ROWS, Gathered, PageLengths


def gathered() -> Gathered[str]:
    return Gathered(PageLengths("acme", "GET /things"))


def test_overlapping_pages_are_one_list_without_repeats() -> None:
    things = gathered()

    things.add({1: "a", 2: "b"}, last=False)
    things.add({2: "b", 3: "c"}, last=False)
    things.add({3: "c"}, last=True)

    assert things.rows == {1: "a", 2: "b", 3: "c"}


def test_the_same_page_again_is_refused_unless_it_is_the_last() -> None:
    things = gathered()
    things.add({1: "a"}, last=False)
    things.add({1: "a"}, last=True)

    with pytest.raises(UpstreamBadResponse, match="GET /things answered the same page again"):
        things.add({1: "a"}, last=False)


def test_a_list_that_goes_on_and_on_is_refused() -> None:
    things = gathered()
    things.add(dict.fromkeys(range(MOST_LIST_ROWS), "a"), last=False)

    with pytest.raises(UpstreamBadResponse, match="GET /things has more rows than can belong"):
        things.add({MOST_LIST_ROWS: "a"}, last=False)
