"""Cursors of what was found: a row's position, encrypted, bound to the search, the filter and the order.

A position holds a sort key, which is a name mostly, and the row's system and key; a cursor stands in URLs and logs and
shows none of them. The encryption is deterministic (AES-SIV, RFC 5297): the same position has the same cursor in every
worker, after a restart and when the index was built again, and any other text is refused. The only module outside of
the store that uses cryptography, which takes 20 ms to import: the first cursor does.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.model.catalog import Position
from customer_gateway.model.signed_cursors import refused

if TYPE_CHECKING:
    from customer_gateway.model.signed_cursors import CursorSigner

_MOST_CURSOR_CHARACTERS: Final = 2_048
"""Ours have at most 512, unless a key and the name of its system have more than 260 bytes."""
_NO_VALUE: Final = "-"
_TEXT: Final = "t"
_NUMBER: Final = "n"
_HALVES: Final = ("found customers: authentication", "found customers: encryption")


class SealedCursors:
    """Makes and reads the cursors of found customers, with keys that follow from the secret of the other cursors."""

    def __init__(self, cursors: CursorSigner) -> None:
        self._cursors = cursors

    @cached_property
    def _cipher(self) -> Any:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(b"".join(map(self._cursors.derived_key, _HALVES)))

    def encode(self, position: Position, bound_to: bytes) -> str:
        """Return the cursor of a position, good for what it is `bound_to`."""
        sealed = self._cipher.encrypt(_packed(position), [bound_to])
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def decode(self, cursor: str, bound_to: bytes, argument: str = "after") -> Position:
        """Return the position of a cursor; raises `InvalidCursor`, which names the argument, for any other text."""
        from cryptography.exceptions import InvalidTag

        refusal = refused("this search, filter and order", argument)
        if len(cursor) > _MOST_CURSOR_CHARACTERS:
            raise refusal
        try:
            sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            position = _unpacked(self._cipher.decrypt(sealed, [bound_to]))
        except (ValueError, InvalidTag):
            raise refusal from None
        # base64 has more than one text for the same bytes, but we gave out one only.
        if urlsafe_b64encode(sealed).rstrip(b"=").decode() != cursor:
            raise refusal
        return position


def _packed(position: Position) -> bytes:
    """Return the position as bytes: the key comes last, for it may hold anything; a sort key holds no U+0000."""
    sort = _NO_VALUE if position.sort is None else f"{_kind_of(position.sort)}{position.sort}"
    return "\0".join((str(position.rank), sort, position.system, position.key)).encode("utf-8", "surrogatepass")


def _kind_of(sort: str | int) -> str:
    return _NUMBER if isinstance(sort, int) else _TEXT


def _unpacked(packed: bytes) -> Position:
    rank, sort, system, key = packed.decode("utf-8", "surrogatepass").split("\0", 3)
    value = None if sort == _NO_VALUE else int(sort[1:]) if sort[0] == _NUMBER else sort[1:]
    return Position(int(rank), value, system, key)
