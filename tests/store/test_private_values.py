from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.store.private_values import PrivateKey

KEY = PrivateKey(bytes(range(32)))


@given(st.binary(), st.binary())
def test_what_was_sealed_opens(value: bytes, associated_data: bytes) -> None:
    assert KEY.open(KEY.seal(value, associated_data), associated_data) == value


def test_the_same_value_is_sealed_otherwise_each_time() -> None:
    assert len({KEY.seal(b"value", b"op-1") for _ in range(100)}) == 100


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_what_was_changed_does_not_open(at: int) -> None:
    sealed = bytearray(KEY.seal(b"value", b"op-1"))
    sealed[at] ^= 1

    assert KEY.open(bytes(sealed), b"op-1") is None


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_what_was_cut_does_not_open(length: int) -> None:
    assert KEY.open(KEY.seal(b"value", b"op-1")[:length], b"op-1") is None


def test_it_opens_by_its_own_key_and_for_its_own_data_alone() -> None:
    sealed = KEY.seal(b"value", b"op-1")

    assert PrivateKey(bytes(32)).open(sealed, b"op-1") is None
    assert KEY.open(sealed, b"op-2") is None


def test_digests_are_of_the_key_and_the_text() -> None:
    assert KEY.digest("ä") == PrivateKey(bytes(range(32))).digest("ä")
    assert len({KEY.digest("a"), KEY.digest("b"), PrivateKey(bytes(32)).digest("a")}) == 3
