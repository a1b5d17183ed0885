"""Refuse GETs that a page of another site made a browser send, where the browser says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.http.negotiation import is_json
from customer_gateway.http.request import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Collection

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
    origin = headers.get(b"origin")
    if origin not in listed and not _is_own(headers.get(b"sec-fetch-site"), origin, headers.get(b"host", b"")):
        raise RequestInvalid(400, _FOREIGN)


def _is_own(site: bytes | None, origin: bytes | None, host: bytes) -> bool:
    if site is not None:
        return site.strip().lower() in _OWN
    return origin is None or origin.lower().partition(b"://")[2] == host.lower()
