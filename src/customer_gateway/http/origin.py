"""Tell requests that a page of another site made a browser send, where the browser says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.http.negotiation import is_json
from customer_gateway.http.request import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.types import Scope

PREFLIGHT_HEADERS: Final = (b"apollo-require-preflight", b"x-apollo-operation-name", b"graphql-require-preflight")
"""A page of another site cannot send one of these without a preflight request, which only listed origins pass."""

_OWN: Final = frozenset({b"same-origin", b"none"})
_FOREIGN: Final = "A page of another site sent this GET; ask from the gateway's own origin, or by POST."


def check_origin(headers: dict[bytes, bytes], listed: Collection[bytes]) -> None:
    """Raise RequestInvalid (400) for a GET of which its browser says that a page of another site sent it.

    The origins that are `listed` may ask so (see `Cors`). Without `Sec-Fetch-Site` and `Origin` it is no browser, or
    one that does not say (ADR 0025).
    """
    if is_json(headers.get(b"content-type")) or any(headers.get(name) for name in PREFLIGHT_HEADERS):
        return
    if headers.get(b"origin") not in listed and not is_own(headers):
        raise RequestInvalid(400, _FOREIGN)


def is_own(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether no browser says that a page of another site sent the request."""
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        return site.strip().lower() in _OWN
    return origin is None or origin.lower().partition(b"://")[2] == headers.get(b"host", b"").lower()


def is_https(scope: Scope) -> bool:
    """Return whether the client asks by https; behind a proxy that ends it, a browser's `Origin` says so."""
    origin: bytes = scope["request_log"].headers.get(b"origin", b"")
    return scope["scheme"] == "https" or origin.lower().startswith(b"https://")
