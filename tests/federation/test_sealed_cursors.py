"""Cursors of found customers: they give back what they were made of, for the same question alone, and tell nothing."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter, search_of
from customer_gateway.catalog.rows import MOST_BYTES_OF_A_SORT_KEY, sort_key
from customer_gateway.errors import InvalidCursor
from customer_gateway.federation.binding import binding
from customer_gateway.federation.sealed_cursors import SealedCursors
from customer_gateway.model.catalog import Order, Position
from customer_gateway.model.signed_cursors import CursorSigner
from customer_gateway.model.value_objects import CustomerKind, CustomerStatus

CURSORS = SealedCursors(CursorSigner(b"secret"))
SORTS = st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=100).map(sort_key)
POSITIONS = st.builds(Position, st.integers(0, 1), SORTS, st.from_regex("[a-z][a-z0-9_]*", fullmatch=True), st.text())
POSITION = Position(1, "muller, stefan", "pland", "49bc85d793b0f3de4fcf8911")


@given(POSITIONS, st.binary())
def test_a_cursor_gives_back_its_position_in_every_worker(position: Position, bound_to: bytes) -> None:
    cursor = CURSORS.encode(position, bound_to)

    assert SealedCursors(CursorSigner(b"secret")).decode(cursor, bound_to) == position
    assert CURSORS.encode(position, bound_to) == cursor


def test_the_longest_position_of_our_systems_is_a_cursor_of_512_characters_at_most() -> None:
    longest = Position(
        1, "x" * MOST_BYTES_OF_A_SORT_KEY, "a_system_of_a_very_long_name_" + "a" * 12, "n" * 200 + "/" + "9" * 18
    )

    assert len(CURSORS.encode(longest, b"")) <= 512


def test_a_cursor_tells_nothing_of_its_row() -> None:
    sealed = urlsafe_b64decode(CURSORS.encode(POSITION, b"") + "==")

    assert not any(part.encode() in sealed for part in ("muller", "stefan", "pland", "49bc85"))


@pytest.mark.parametrize("place", range(0, len(CURSORS.encode(POSITION, b"")), 7))
def test_a_cursor_that_was_changed_anywhere_is_refused(place: int) -> None:
    good = CURSORS.encode(POSITION, b"")
    other = "A" if good[place] != "A" else "B"

    with pytest.raises(InvalidCursor):
        CURSORS.decode(good[:place] + other + good[place + 1 :], b"")


def test_a_cursor_of_another_secret_or_question_is_refused() -> None:
    for cursors, bound_to in ((SealedCursors(CursorSigner(b"other")), b"one"), (CURSORS, b"two")):
        with pytest.raises(InvalidCursor):
            cursors.decode(CURSORS.encode(POSITION, b"one"), bound_to)


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAME = [
    [
        Question(),
        Question(search="  "),
        Question(order=Order.NAME),
        Question(filter=Filter(texts={"city": TextFilter()}, created_at=MomentFilter())),
    ],
    [Question("mueller"), Question(" MÜLLER "), Question("müller")],
    [
        Question(filter=Filter(kind=[CustomerKind.COMPANY, CustomerKind.PERSON], country_code=["de", "SE"])),
        Question(
            filter=Filter(
                kind=[CustomerKind.PERSON, CustomerKind.COMPANY, CustomerKind.PERSON], country_code=["SE", "DE"]
            )
        ),
    ],
    [
        Question(filter=Filter(created_at=MomentFilter(after=NOON))),
        Question(filter=Filter(created_at=MomentFilter(after=NOON.astimezone(timezone(timedelta(hours=2)))))),
    ],
    [
        Question(filter=Filter(texts={"city": TextFilter(any_of=["Köln", "Bonn"])})),
        Question(filter=Filter(texts={"city": TextFilter(any_of=["bonn", "koeln", "KÖLN"])})),
    ],
]
OTHERS = [
    Question("muller x"),
    Question("mueller", order=Order.NAME),
    Question(is_descending=True),
    Question(order=Order.NUMBER),
    Question(filter=Filter(status=[CustomerStatus.ACTIVE])),
    Question(filter=Filter(status=[])),
    Question(filter=Filter(is_supplier=True)),
    Question(filter=Filter(is_supplier=False)),
    Question(filter=Filter(updated_at=MomentFilter(after=NOON))),
    Question(filter=Filter(created_at=MomentFilter(before=NOON))),
    Question(filter=Filter(texts={"name": TextFilter(eq="Köln")})),
    Question(filter=Filter(texts={"city": TextFilter(eq="Köln")})),
    Question(filter=Filter(texts={"city": TextFilter(contains="Köln")})),
    Question(filter=Filter(texts={"city": TextFilter(starts_with="Köln")})),
    Question(filter=Filter(texts={"city": TextFilter(any_of=["Köln"])})),
    Question("mue x"),  # the end of a word may go on, that of a text, too
    Question("mü x"),
]


@pytest.mark.parametrize("same", SAME, ids=lambda same: str(same[0])[:60])
def test_questions_that_mean_the_same_have_the_same_cursors(same: list[Question]) -> None:
    assert len({binding(each, None) for each in same}) == 1


def test_other_questions_have_other_cursors() -> None:
    every = [*(each[0] for each in SAME), *OTHERS]

    bound = [*(binding(each, None) for each in every), binding(Question(), ["a"]), binding(Question(), [])]
    assert [pair for pair in combinations(bound, 2) if pair[0] == pair[1]] == []
    assert binding(Question(), ["b", "a"]) == binding(Question(), ["a", "b", "a"])


SPELLED = [("", ""), ("ü", "ue"), ("ue", "u"), ("å", "aa"), (" ", "  "), ("m", "M"), ("x", "x ")]


@given(st.lists(st.sampled_from([*"mxuea", "ü", "å", "ue", " "]), min_size=1, max_size=6), st.sampled_from(SPELLED))
def test_searches_with_the_same_cursors_find_the_same(letters: list[str], spelled: tuple[str, str]) -> None:
    one = f"{''.join(letters)}x"
    other = one.replace(*spelled) if spelled[0] else one
    if binding(Question(one), None) != binding(Question(other), None):
        return

    found = [
        [{frozenset(clause) for clause in rank.clauses} for rank in search_of(Question(each), ["a"]).ranks]
        for each in (one, other)
    ]
    assert found[0] == found[1]
