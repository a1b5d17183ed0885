"""The door of the gateway: GraphQL over HTTP on Starlette, with GraphiQL for people."""

from __future__ import annotations

from customer_gateway.http.app import build_http
from customer_gateway.http.settings import HttpSettings

__all__ = ["HttpSettings", "build_http"]
