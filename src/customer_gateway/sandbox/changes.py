"""What a change of a customer looks like at one vendor, when somebody makes it there and not by its API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from customer_gateway.sandbox.store import Document, Kind


@dataclass(frozen=True, slots=True)
class Belonging:
    """Documents that are a customer's and live in a collection of their own; `owner` is the field with its key."""

    kind: Kind
    owner: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """`members` are the ones that a change replaces; a customer comes and goes with its `belonging` documents.

    `stamped` writes when a document was changed, `created` when it was made, in the vendor's own fields.
    """

    members: tuple[str, ...]
    stamped: Callable[[Document, datetime], Document]
    created: Callable[[Document, datetime], Document]
    belonging: tuple[Belonging, ...] = ()


def laid_over(document: Document, source: Document, members: Sequence[str]) -> Document:
    """Return the document with the members of another one: what that one does not have is gone."""
    kept = {name: value for name, value in document.items() if name not in members or name in source}
    return kept | {name: source[name] for name in members if name in source}
