"""A document changes at the places that were named, and nowhere else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.changes import ABSENT, Change, changes_of, same, value_at, with_values
from customer_gateway.documents.exact import decode, encode

NAMES = st.sampled_from(["name", "Name", "contact", "zip", "z"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.decimals(-9, 9, places=2))
DOCUMENTS = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner)), max_size=5
)
VALUES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map(".".join), LEAVES, max_size=1)


@given(DOCUMENTS, VALUES)
def test_what_is_put_at_a_place_stands_there_and_all_else_is_equal(document: dict[str, Any], values: Any) -> None:
    before = encode(document)

    result = with_values(document, values)

    assert encode(document) == before
    for place, value in values.items():
        assert value_at(result, place) == value
        top = place.partition(".")[0]
        assert {name: kept for name, kept in result.items() if name != top} == {
            name: kept for name, kept in document.items() if name != top
        }


@given(DOCUMENTS, VALUES)
def test_changes_and_their_inverse_leave_the_document_as_it_was(document: dict[str, Any], values: Any) -> None:
    there = {place: value for place, value in values.items() if value_at(document, place) is not ABSENT}
    changes = changes_of(document, there)

    changed = with_values(document, {change.place: change.after for change in changes})
    back = with_values(changed, {change.place: change.before for change in changes})

    assert encode(back) == encode(document)


@given(DOCUMENTS)
def test_the_value_that_stands_there_is_no_change(document: dict[str, Any]) -> None:
    assert changes_of(document, document) == []


def test_members_keep_their_order_and_a_new_one_comes_last() -> None:
    document = decode(b'{"b":1,"contact":{"email":"a@b.example","x":1.10},"a":2}')

    result = with_values(document, {"contact.email": None, "b": ABSENT, "contact.mobile": "1"})

    assert encode(result) == b'{"contact":{"email":null,"x":1.10,"mobile":"1"},"a":2}'


def test_an_object_that_is_missing_on_the_way_is_made() -> None:
    assert with_values({"contact": None}, {"contact.email": "x", "address.city": "y"}) == {
        "contact": {"email": "x"},
        "address": {"city": "y"},
    }


def test_a_change_says_what_stood_there_and_what_will() -> None:
    assert changes_of({"contact": {"email": "a"}}, {"contact.email": "b", "name": "c"}) == [
        Change("contact.email", "a", "b"),
        Change("name", ABSENT, "c"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Decimal("1.10"), Decimal("1.1"), True),
        (12, Decimal("12.0"), True),
        (1, True, False),
        (0, False, False),
        (0, None, False),
        ("1", 1, False),
        ("", None, False),
        (ABSENT, None, True),
        ({"a": None}, {}, True),
        ({"a": [1, {"b": 2}]}, {"a": [Decimal(1), {"b": Decimal("2.00")}]}, True),
        ([1, 2], [2, 1], False),
        ([], None, False),
    ],
)
def test_values_are_equal_by_what_they_say(one: Any, other: Any, equal: bool) -> None:
    assert (same(one, other), same(other, one)) == (equal, equal)
