"""The description of the schema: what a reader of the explorer's documentation, or of schema.graphql, sees first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.api.query import MOST_IDS
from customer_gateway.federation.listing import MOST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.system import Kind


def introduction(kinds: Iterable[Kind]) -> str:
    """Return what the gateway is, how to begin, and the limits as they are unless configured otherwise; in Markdown."""
    titles = ", ".join(kind.title for kind in kinds)
    text = f"""
Customers of {titles}, read live from each system as one `Customer`.

**How to begin.** `customers(first:, search:)` finds customers of all systems; give `pageInfo.endCursor` as `after` for
the next page. `systems` lists what is configured, and `customers(first:)` of a system is a page in its own order.
`customer(by:)` and `node(id:)` read one of them again. `records` has every field that the vendor documents,
`provenance` why a value is what it is.

**Errors.** A system that fails costs its own fields: they are null, and `errors` says why by a code. What survives in
part has none: `extensions.incomplete` says what it lacks.

**Limits.** A page has 1 to {MOST} items, `nodes` takes at most {MOST_IDS} ids. Unless configured otherwise, a request
has 10 s (less with `X-Request-Timeout`), and a document at most 2,000 tokens and 15 levels.

**Caching.** What has an `id: ID!` can be kept in a client's cache under its type and `id`.
"""
    # The explorer keeps line breaks, so a paragraph is one line.
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
