"""Where a customer is looked for whose creation was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.systems.autodns.write import WRITES

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.record import Document, DocumentContext
    from customer_gateway.systems.autodns.search import Filter


def created_filters(body: Document, since: datetime | None, context: DocumentContext) -> list[Filter]:
    """Return the filters of a list for the customers of a client and a name, created since."""
    wanted = [("EQUAL", name, body[name]) for name in ("client", "name") if body.get(name)]
    if since is not None:
        wanted.append(("GREATER_EQUAL", "created", WRITES.moment(since, context)))
    return [{"key": key, "operator": operator, "value": value, "link": "AND"} for operator, key, value in wanted]
