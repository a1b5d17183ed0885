"""GraphiQL for people with a browser: one page and its assets, all from this host."""

from __future__ import annotations

from customer_gateway.http.graphiql.explorer import explorer

__all__ = ["explorer"]
