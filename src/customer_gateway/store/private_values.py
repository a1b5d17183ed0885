"""Encrypt personal values, and make digests of texts, by subkeys of one key."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

_NONCE_BYTES: Final = 12
_VALUES: Final = b"customer-gateway: personal values of operations"
_DIGESTS: Final = b"customer-gateway: digests of idempotency keys and inputs"


class PrivateKey:
    """Seals values by AES-256-GCM and digests texts by HMAC-SHA256; each by a subkey of its own (HKDF-SHA256).

    What is sealed is bound to the associated data: it opens with the same alone. Cryptography is imported here, when
    the first key is made: it takes long, and a gateway that writes nothing needs none.
    """

    def __init__(self, secret: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(_subkey(secret, _VALUES))
        self._digests = _subkey(secret, _DIGESTS)

    def seal(self, value: bytes, associated_data: bytes) -> bytes:
        """Return a random nonce and what is encrypted with it."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, associated_data)

    def open(self, sealed: bytes, associated_data: bytes) -> bytes | None:
        """Return what was sealed; None where it was by another key, for other data, or was changed since."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated_data)
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            return None

    def digest(self, text: str) -> str:
        """Return an HMAC of the text as hexadecimal digits."""
        return hmac.new(self._digests, text.encode(), hashlib.sha256).hexdigest()


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=purpose).derive(secret)
