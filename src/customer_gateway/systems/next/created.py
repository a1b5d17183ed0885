"""Where a customer is looked for whose creation was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.record import Document, DocumentContext


def created_filter(body: Document, since: datetime | None, context: DocumentContext) -> dict[str, object]:
    """Return the filter of a list for the customers of an external id, else of a name, created since."""
    if body.get("externalid"):
        return {"externalid": body["externalid"]}
    named: dict[str, object] = {"name": body.get("name")}
    if since is None:
        return named
    local = since.astimezone(context.zone).replace(tzinfo=None)
    return {**named, "created__ge": local.isoformat(timespec="seconds")}
