"""The text of an API key: `cg_`, 256 random bits, and a checksum by which a damaged one is known without a look-up."""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from typing import Final

KEY_PREFIX: Final = "cg_"
"""With which every API key begins: by it a key differs from a token, and is found where it should not stand."""

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BITS: Final = 256
_SECRET_LENGTH: Final = 43  # the least in which 256 bits fit, to the base of 62
_CHECKSUM_LENGTH: Final = 6  # likewise for 32 bits
_LENGTH: Final = len(KEY_PREFIX) + _SECRET_LENGTH + _CHECKSUM_LENGTH


def new_key() -> str:
    """Make the text of a new key."""
    text = KEY_PREFIX + _base62(secrets.randbits(_BITS), _SECRET_LENGTH)
    return text + _checksum(text)


def new_key_id() -> str:
    """Make the id under which a key is kept; it says nothing about the key."""
    return secrets.token_hex(8)


def is_whole(key: str) -> bool:
    """Return whether the text has the length of a key, and its checksum is right."""
    text, checksum = key[:-_CHECKSUM_LENGTH], key[-_CHECKSUM_LENGTH:]
    return len(key) == _LENGTH and key.startswith(KEY_PREFIX) and checksum == _checksum(text)


def digest_of(key: str) -> bytes:
    """Return the SHA-256 of a key: all that is kept of it. Its 256 random bits need no slow hash."""
    return hashlib.sha256(key.encode()).digest()


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits: list[str] = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
