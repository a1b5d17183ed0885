"""A bounded cache of what is made of documents."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Made = TypeVar("Made")


class OperationCache(Generic[Made]):
    """What was made of operations, by the hash of their document and their name; the least lately used goes first.

    `make` gets the document's text and the name of the operation: a compiled operation, or what its user makes of it.
    """

    def __init__(self, make: Callable[[str, str | None], Made], maxsize: int) -> None:
        self._make = make
        self._maxsize = maxsize
        self._known: OrderedDict[tuple[bytes, bytes | None], Made] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, document: str, operation_name: str | None = None) -> Made:
        """What is known of the operation, made now if it is new. What `make` raises is raised and not kept."""
        # The name is a client's too, and as long as the client likes.
        key = (_hashed(document), None if operation_name is None else _hashed(operation_name))
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        made = self._known[key] = self._make(document, operation_name)
        if len(self._known) > self._maxsize:
            self._known.popitem(last=False)
        return made


def _hashed(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
