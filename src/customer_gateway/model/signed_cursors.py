"""Cursors: a position in one list, signed, so that only what we gave out comes back."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from customer_gateway.errors import InvalidCursor

_SIGNATURE_BYTES: Final = 9
_MOST_CURSOR_CHARACTERS: Final = 4_096  # vendors' own tokens are longer than places


class CursorSigner:
    """Makes and checks the cursors of one gateway.

    The secret decides which cursors are ours; the same secret after a restart, or in another worker, reads the same
    cursors. A cursor is bound to the list it was made for (`systems/pland/customers`), so it cannot be used on another.
    """

    __slots__ = ("_keyed",)

    def __init__(self, secret: bytes) -> None:
        self._keyed = hmac.new(hashlib.sha256(b"customer-gateway cursors:" + secret).digest(), digestmod="sha256")

    def encode(self, listing: str, position: str) -> str:
        """Return the opaque cursor of `position` in `listing`."""
        return urlsafe_b64encode(self._signature(listing, position) + position.encode()).rstrip(b"=").decode()

    def decode(self, listing: str, cursor: str) -> str:
        """Return the position inside a cursor of `listing`; raises `InvalidCursor` for any other text."""
        if len(cursor) > _MOST_CURSOR_CHARACTERS:
            raise refused()
        try:
            position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_SIGNATURE_BYTES:].decode()
        except ValueError:
            raise refused() from None
        # Made again and compared whole: base64 has more than one text for the same bytes, but we gave out one only.
        if not hmac.compare_digest(cursor, self.encode(listing, position)):
            raise refused()
        return position

    def derived_key(self, purpose: str) -> bytes:
        """Return 32 bytes that follow from the secret and the purpose, and show neither."""
        keyed = self._keyed.copy()
        keyed.update(f"\0key\0{purpose}".encode())  # the name of a listing has no U+0000
        return keyed.digest()

    def _signature(self, listing: str, position: str) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(f"{listing}\0{position}".encode())
        return keyed.digest()[:_SIGNATURE_BYTES]


def refused(of: str = "this list", argument: str = "after") -> InvalidCursor:
    """Return the refusal of a cursor; it names none of the causes, because nothing in the cursor can be trusted."""
    return InvalidCursor(
        f"This cursor is not one of {of}, or is from before the gateway's settings changed; "
        f"start again without `{argument}`."
    )
