"""Ids: what a client keeps comes back as what it was made of, and nothing else comes in."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.errors import BadUserInput
from customer_gateway.model.ids import NodeId, RecordRef, decode_id, encode_id, encode_ids

TYPES = st.sampled_from(["Customer", "Contact", "Account", "Agreement", "Invoice", "User"])
SYSTEMS = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def encoded(plain: bytes) -> str:
    return urlsafe_b64encode(plain).rstrip(b"=").decode()


@given(type_name=TYPES, system=SYSTEMS, key=KEYS)
def test_an_id_names_the_same_type_system_and_key_when_it_comes_back(type_name: str, system: str, key: str) -> None:
    made = encode_id(type_name, system, key)

    assert decode_id(made) == NodeId(type_name, system, key)
    assert decode_id(made).encode() == made


ALIKE = st.integers(1, 30).flatmap(lambda size: st.lists(st.text(min_size=size, max_size=size), max_size=4))


@given(type_name=TYPES, system=SYSTEMS, keys=st.lists(KEYS, max_size=4) | ALIKE)
def test_many_ids_at_once_are_the_ids_one_by_one(type_name: str, system: str, keys: list[str]) -> None:
    assert encode_ids(type_name, system, keys) == [encode_id(type_name, system, key) for key in keys]


@given(text=st.text(max_size=80))
def test_any_other_text_is_refused_or_names_what_encodes_to_it(text: str) -> None:
    try:
        named = decode_id(text)
    except BadUserInput:
        return

    assert named.encode() == text


def test_an_id_is_url_safe_text_without_padding() -> None:
    made = encode_id("Customer", "autodns", "client/1001?>~")

    assert made == "Q3VzdG9tZXI6YXV0b2RuczpjbGllbnQvMTAwMT8-fg"
    assert "=" not in made


def test_a_key_may_hold_colons_slashes_and_line_ends() -> None:
    assert decode_id(encode_id("Customer", "autodns", "a:b/c\nd")).key == "a:b/c\nd"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "not an id",
        "Q3VzdG9tZXI6cGxhbmQ6MQ==",  # padded
        "Q3VzdG9tZXI6cGxhbmQ6MQ\n",
        "Q3VzdG9tZXI6cGxhbmQ6MR",  # the same bytes, told by unused bits
        "Ümlaut",
        "\ud800",
        encoded(b"Customer:pland:\xff\xfe"),
        encoded(b"Customer:pland:"),
        encoded(b"Customer::1"),
        encoded(b":pland:1"),
        encoded(b"Customer:Pland:1"),
        encoded(b"Customer:9pland:1"),
        encoded(b"Cust0mer:pland:1"),
        encoded(b"Customer"),
    ],
)
def test_a_malformed_id_is_the_callers_mistake(text: str) -> None:
    with pytest.raises(BadUserInput, match="malformed"):
        decode_id(text)


def test_an_id_longer_than_any_of_ours_is_not_even_looked_at() -> None:
    with pytest.raises(BadUserInput, match="too long"):
        decode_id("A" * 2_049)


def test_the_longest_key_of_a_vendor_makes_an_id_that_is_read_back() -> None:
    key = f"{'🦭' * 200}/999999999999999999"

    assert decode_id(encode_id("User", "autodns", key)) == NodeId("User", "autodns", key)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    with pytest.raises(BadUserInput) as refused:
        decode_id("c2VjcmV0")

    assert "c2VjcmV0" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_record_is_named_by_system_and_key() -> None:
    assert RecordRef("pland", "1") == ("pland", "1")
