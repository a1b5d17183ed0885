"""Ids: a record's reference, and the opaque global id that clients keep."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.errors import BadUserInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_ID_CHARACTERS: Final = 2_048  # an AutoDNS user may have a name of 200 letters, each of up to four bytes
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_FORM: Final = re.compile(r"(?P<type>[A-Za-z]{1,64}):(?P<system>[a-z][a-z0-9_]*):(?P<key>.+)", re.DOTALL)


class RecordRef(NamedTuple):
    """One customer as one system holds it: the system's name and the vendor's own key."""

    system: str
    key: str


class NodeId(NamedTuple):
    """What a global id says: a GraphQL type, a system's name, and a key in the form of that type and system."""

    type: str
    system: str
    key: str

    def encode(self) -> str:
        """Return the opaque form: base64url of `Type:system:key` without padding."""
        return encode_id(self.type, self.system, self.key)


def encode_id(type_name: str, system: str, key: str) -> str:
    """Return the global id of `key`: stable over restarts and over the order of the configuration."""
    plain = f"{type_name}:{system}:{key}".encode()
    return binascii.b2a_base64(plain, newline=False).translate(_TO_URLSAFE, b"=").decode()


def encode_ids(type_name: str, system: str, keys: Sequence[str]) -> list[str]:
    """Return the global ids of many keys of one system, in their order."""
    start = f"{type_name}:{system}:"
    if len(set(map(len, keys))) == 1 and (start + "".join(keys)).isascii():
        return _encode_alike(start, keys)
    return [encode_id(type_name, system, key) for key in keys]


def _encode_alike(start: str, keys: Sequence[str]) -> list[str]:
    """Return the ids of ASCII keys of one length, all in one pass.

    Base64 makes four characters of three bytes. So each id is filled up to threes, and what stands for the filling is
    cut off again: it is exactly where padding would be.
    """
    length = len(start) + len(keys[0])
    filling = -length % 3
    gap = "\0" * filling
    plain = start + (gap + start).join(keys) + gap
    text = binascii.b2a_base64(plain.encode(), newline=False).translate(_TO_URLSAFE).decode()
    width = (length + filling) // 3 * 4
    return [text[begin : begin + width - filling] for begin in range(0, len(text), width)]


def decode_id(text: str) -> NodeId:
    """Read a global id back; anything that `encode_id` cannot have made raises `BadUserInput`."""
    if len(text) > _MOST_ID_CHARACTERS:
        raise BadUserInput("This id is too long to be one of ours; give an id as it was returned.")
    try:
        plain = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError):
        raise BadUserInput("This id is malformed; give an id as it was returned.") from None
    found = _FORM.fullmatch(plain)
    if found is None or encode_id(*found.groups()) != text:
        raise BadUserInput("This id is malformed; give an id as it was returned.")
    return NodeId(*found.groups())
