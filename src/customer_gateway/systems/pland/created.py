"""Where a customer is looked for whose creation was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.record import Document, DocumentContext


def created_query(body: Document, _since: datetime | None, _context: DocumentContext) -> list[tuple[str, str]]:
    """Return the query of a list for the customers of a number, else of a name."""
    term = "number" if body.get("number") is not None else "name"
    return [(term, str(body.get(term) or ""))]
