"""Where a customer is looked for whose creation was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.record import Document, DocumentContext


def created_query(body: Document, since: datetime | None, context: DocumentContext) -> list[tuple[str, str]]:
    """Return the query of a list for the customers of a number, else of a name, created since."""
    if body.get("number"):
        return [("filter.customer_number", str(body["number"]))]
    named = [("filter.name", str(body.get("name") or ""))]
    if since is None:
        return named
    local = since.astimezone(context.zone).replace(tzinfo=None)
    return [*named, ("filter.created_after", local.isoformat(timespec="seconds"))]
