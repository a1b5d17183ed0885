"""Serve GraphQL over HTTP on Starlette, with GraphiQL for browsers."""

from __future__ import annotations

from customer_gateway.http.app import build_http
from customer_gateway.http.settings import Example, HttpSettings

__all__ = ["Example", "HttpSettings", "build_http"]
