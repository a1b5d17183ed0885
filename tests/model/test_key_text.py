from __future__ import annotations

import hashlib
import re

import pytest

from customer_gateway.model.key_text import digest_of, is_whole, new_key


def test_a_key_is_a_prefix_and_49_letters_and_digits_and_another_each_time() -> None:
    keys = {new_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(r"cg_[0-9A-Za-z]{49}", key) for key in keys)


def test_a_key_has_256_random_bits() -> None:
    """Each of the 43 digits takes all of its values, but for the first, whose share of 256 bits is less."""
    keys = [new_key() for _ in range(2_000)]

    assert min(len({key[place] for key in keys}) for place in range(4, 46)) == 62
    assert 1 < len({key[3] for key in keys}) < 62


def test_a_key_is_whole_and_one_with_another_character_is_not() -> None:
    key = new_key()

    assert is_whole(key)
    for place in range(len(key)):
        other = "a" if key[place] != "a" else "b"
        assert not is_whole(key[:place] + other + key[place + 1 :])


def test_a_key_that_is_cut_or_spelt_otherwise_is_not_whole() -> None:
    key = new_key()

    assert not any(map(is_whole, [key.lower(), key[:-1], key + "a", key[3:], " " + key, key + "\n", key.upper()]))


@pytest.mark.parametrize("text", ["", "cg_", "cg_" + "ä" * 49, "cg_" + "0" * 49])
def test_other_text_is_not_whole(text: str) -> None:
    assert not is_whole(text)


def test_a_key_stays_whole_over_versions() -> None:
    assert is_whole("cg_gRkQhB5uVVJjTenOMAnwZOS48Hd7TwuUiaHdjarMxSl2145wV")


def test_the_digest_is_sha_256() -> None:
    assert digest_of("cg_1") == hashlib.sha256(b"cg_1").digest()
