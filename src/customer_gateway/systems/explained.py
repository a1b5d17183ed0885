"""What a vendor says of a call that it refused: the texts in the document of its refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Collection


def texts_in(explanation: object, under: Collection[str] = ()) -> list[str]:
    """List every text of a document, however deep; those `under` one of these names, if any are given."""
    texts: list[str] = []
    waiting: list[tuple[str, Any]] = [("", explanation)]
    while waiting:
        name, value = waiting.pop()
        if is_object(value):
            waiting += value.items()
        elif is_list(value):
            waiting += [(name, item) for item in value]
        elif isinstance(value, str) and (not under or name in under):
            texts.append(value)
    return texts
