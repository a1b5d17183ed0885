"""Cursors: only what a list gave out leads back into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.errors import InvalidCursor
from customer_gateway.model.signed_cursors import CursorSigner

LISTING = "systems/pland/customers"
POSITIONS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def signer(secret: bytes = b"secret") -> CursorSigner:
    return CursorSigner(secret)


@given(position=POSITIONS)
def test_a_cursor_leads_back_to_its_position(position: str) -> None:
    assert signer().decode(LISTING, signer().encode(LISTING, position)) == position


def test_the_same_secret_makes_the_same_cursors_after_a_restart() -> None:
    assert signer().encode(LISTING, "49") == signer().encode(LISTING, "49")


def test_another_secret_reads_none_of_them() -> None:
    cursor = signer(b"old").encode(LISTING, "49")

    with pytest.raises(InvalidCursor, match="not one of this list"):
        signer(b"new").decode(LISTING, cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    cursor = signer().encode("systems/billbee/customers", "49")

    with pytest.raises(InvalidCursor):
        signer().decode(LISTING, cursor)


@pytest.mark.parametrize(("secret", "listing"), [(b"old", LISTING), (b"secret", "systems/billbee/customers")])
def test_a_refusal_tells_all_that_may_be_its_cause_and_what_to_do(secret: bytes, listing: str) -> None:
    with pytest.raises(InvalidCursor) as told:
        signer().decode(LISTING, signer(secret).encode(listing, "49"))

    assert str(told.value) == (
        "This cursor is not one of this list, or is from before the gateway's settings changed; "
        "start again without `after`."
    )


@given(place=st.integers(0, 14), letter=st.sampled_from([*ALPHABET, "!", "=", "ß"]))
def test_one_changed_letter_spoils_a_cursor(place: int, letter: str) -> None:
    cursor = signer().encode(LISTING, "49")
    changed = cursor[:place] + letter + cursor[place + 1 :]

    if changed == cursor:
        assert signer().decode(LISTING, changed) == "49"
    else:
        with pytest.raises(InvalidCursor):
            signer().decode(LISTING, changed)


@pytest.mark.parametrize("suffix", ["=", "==", "!", "\n", " "])
def test_letters_that_base64_skips_spoil_it_too(suffix: str) -> None:
    with pytest.raises(InvalidCursor):
        signer().decode(LISTING, signer().encode(LISTING, "49") + suffix)


@given(text=st.text(max_size=80))
def test_no_text_of_a_stranger_is_a_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        signer().decode(LISTING, text)


def test_a_cursor_longer_than_any_of_ours_is_refused_unread() -> None:
    huge = signer().encode(LISTING, "9" * 6_000)

    with pytest.raises(InvalidCursor):
        signer().decode(LISTING, huge)


def test_the_secret_cannot_be_read_from_a_cursor() -> None:
    assert b"secret".hex() not in signer().encode(LISTING, "49").encode().hex()
