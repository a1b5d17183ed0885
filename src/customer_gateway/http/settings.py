"""Settings of the HTTP side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """Hold a query that GraphiQL opens with, in a tab of its own, and its variables as JSON text."""

    query: str
    variables: str = ""


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Hold the settings of the HTTP side, with their defaults.

    `deadline_seconds` is the time a request has, which its `X-Request-Timeout` can only lower; upstream reads end at
    the deadline by themselves, `grace_seconds` is what the rest of the answer may take after it. `body_bytes` is the
    most a POST may carry, `url_bytes` the most the query component of a GET may. `examples` are GraphiQL's first
    tabs. `partial_status` is the status of data with errors: 200, or 294 where intermediaries should see it.
    `hosts` are the names that clients call the gateway by (see `Hosts`). `origins` are those whose pages may ask (see
    `Cors`).
    """

    deadline_seconds: float = 10.0
    grace_seconds: float = 0.03
    body_bytes: int = 1_000_000
    url_bytes: int = 16_000
    graphiql: bool = True
    examples: tuple[Example, ...] = ()
    partial_status: int = 200
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
