"""The parts of JSON text: what is put together of them is the text again."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.json_parts import items, members

SPACE = st.sampled_from(["", " ", "\n", "\t \r\n"])
SCALARS = st.sampled_from(
    [
        *("1.10", "-0", "1E+2", "1e400", "123456789012345678901234567890", "true", "null"),
        *('""', r'"\\"', r'"\"]},{"', r'"\ud83c"', r'"\u00e4\/"', '"ä,:"', '"[{"'),
    ]
)
NAMES = st.sampled_from(['"a"', '"data"', r'"d\u0061ta"', '"]"', r'"\"b\":"', '"ä"'])


def _in(opening: str, parts: list[str], closing: str, space: str) -> str:
    return opening + space + f"{space},{space}".join(parts) + space + closing


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(_in, st.just("["), st.lists(inner, max_size=3), st.just("]"), SPACE),
        st.builds(
            _in,
            st.just("{"),
            st.lists(st.builds("{}{}:{}{}".format, NAMES, SPACE, SPACE, inner), max_size=3),
            st.just("}"),
            SPACE,
        ),
    ),
    max_leaves=12,
)
"""JSON as text, spaces and repeated names included."""


@given(parts=st.lists(VALUES, max_size=4), space=SPACE, before=st.sampled_from(["", "\ufeff", "\ufeff\n"]))
def test_the_items_of_a_list_are_what_it_was_made_of(parts: list[str], space: str, before: str) -> None:
    text = (before + space + _in("[", parts, "]", space)).encode()

    assert items(text) == items(memoryview(text)) == [part.encode() for part in parts]


@given(parts=st.lists(st.tuples(NAMES, VALUES), max_size=4), space=SPACE, before=st.sampled_from(["", "\ufeff"]))
def test_the_members_of_an_object_are_the_last_of_their_name(
    parts: list[tuple[str, str]], space: str, before: str
) -> None:
    text = (before + _in("{", [f"{name}{space}:{space}{value}" for name, value in parts], "}", space)).encode()

    assert members(text) == {json.loads(name): value.encode() for name, value in parts}


def test_what_nests_deeper_than_a_stack_has_its_parts_too() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert items(b"[1, %b ,2]" % deep) == [b"1", deep, b"2"]
    assert members(b'{"data":%b,"more":{}}' % deep) == {"data": deep, "more": b"{}"}


def test_a_name_with_half_a_character_does_not_hide_the_others() -> None:
    assert members(rb'{"\ud83c":1,"data":[2]}') == {r'"\ud83c"': b"1", "data": b"[2]"}


@pytest.mark.parametrize(
    "text",
    [
        rb'[{"a":"\ud83c"}]',
        b"\xef\xbb\xbf[]",
        pytest.param(
            b"[" * 990 + b"]" * 990,
            marks=pytest.mark.skipif(
                sys.version_info >= (3, 12),
                reason="from 3.12 on C code may nest deeper than Python: msgspec reads all 1,024 levels of orjson",
            ),
        ),
    ],
)
def test_the_faster_way_would_not_do_for_all_that_is_decoded(text: bytes) -> None:
    """Else the slower one could go."""
    decoder: Any = msgspec.json.Decoder(list[msgspec.Raw])

    with pytest.raises((msgspec.MsgspecError, RecursionError)):
        decoder.decode(text)
    assert items(text) is not None


def test_the_faster_way_and_decoders_agree_which_of_two_members_counts() -> None:
    text = b'{"a":1,"a":2}'

    assert members(text) == {"a": b"2"}
    assert orjson.loads(text) == {"a": 2}
