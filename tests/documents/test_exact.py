"""What is decoded exactly is sent back equal: every number, every member, every character."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.exact import NotExact, decode, encode

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"))
LEAVES = st.one_of(st.none(), st.booleans(), TEXTS)


def numbers_of(body: bytes) -> Any:
    """Return a document whose numbers are their spellings' exact values and digits."""
    return json.loads(
        body, parse_float=lambda text: Decimal(text).as_tuple(), parse_int=lambda text: Decimal(text).as_tuple()
    )


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20))
def test_a_document_comes_back_equal_with_its_members_in_order(document: Any) -> None:
    body = json.dumps(document).encode()

    assert json.dumps(json.loads(encode(decode(body)))) == json.dumps(document)


@given(st.dictionaries(TEXTS, NUMBERS))
def test_numbers_come_back_with_every_digit(numbers: dict[str, str]) -> None:
    body = b"{%b}" % b",".join(
        b"%b:%b" % (json.dumps(name).encode(), spelt.encode()) for name, spelt in numbers.items()
    )

    assert numbers_of(encode(decode(body))) == numbers_of(body)


def test_a_price_keeps_its_trailing_zero() -> None:
    assert encode(decode(b'{"price":1.10,"count":12.0}')) == b'{"price":1.10,"count":12.0}'


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"a":1}', "two members of one name"),
        (b'[{"b":{"a":1,"a":2}}]', "two members of one name"),
        ('{"a":"M\ufffdller"}'.encode(), "a character of it was lost"),
        (rb'{"a":"\ufffd"}', "a character of it was lost"),
        (rb'{"a":"\ud83c"}', "a character of it was lost"),
        (rb'{"\ud83c":1}', "a character of it was lost"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "Infinity"),
        (b'{"a":"\xff"}', "not in UTF-8"),
        (b'{"a":', "not JSON"),
        (b"[" * 5_000 + b"]" * 5_000, "more levels"),
    ],
)
def test_what_cannot_be_sent_back_as_it_came_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotExact, match=reason):
        decode(body)


def test_a_whole_character_in_escapes_is_no_half_one() -> None:
    assert decode(rb'{"a":"\ud83c\udf0d \\ud83c"}') == {"a": "\U0001f30d \\ud83c"}
