"""Build the HTTP request for a call: URL, headers, bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from customer_gateway.wire.auth import Headers
    from customer_gateway.wire.call import Call

_JSON = ("content-type", "application/json")
_FORM = ("content-type", "application/x-www-form-urlencoded")
_ALWAYS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "customer-gateway"}


class BuiltRequest(NamedTuple):
    """Hold a request as it is sent."""

    method: str
    url: str
    headers: Headers
    content: bytes | None


def default_headers(own: Mapping[str, str] | None) -> Headers:
    """Return the headers of every call: JSON and gzip accepted, a name; `own` override these."""
    named = {name.lower(): value for name, value in (own or {}).items()}
    return tuple((_ALWAYS | named).items())


def build_request(call: Call, base_url: str, headers: Headers) -> BuiltRequest:
    """Build the request for a call under `base_url` (without a slash at its end)."""
    url = base_url + call.path
    if call.query:
        url = f"{url}?{urlencoded(call.query)}"
    if call.form is not None:
        return BuiltRequest(call.method, url, (*headers, _FORM), urlencoded(call.form.items()).encode())
    if isinstance(call.body, bytes):
        return BuiltRequest(call.method, url, (*headers, _JSON), call.body)
    if call.body is not None:
        return BuiltRequest(call.method, url, (*headers, _JSON), orjson.dumps(call.body))
    return BuiltRequest(call.method, url, headers, None)


def urlencoded(pairs: Collection[tuple[str, str]]) -> str:
    """Percent-encode and join `name=value` pairs; a name may repeat."""
    names = {name: quote(name, safe="") for name in dict(pairs)}
    # Hundreds of keys stand in one URL, and nearly all are plain letters and digits.
    return "&".join(
        [
            f"{names[name]}={value if value.isascii() and value.isalnum() else quote(value, safe='')}"
            for name, value in pairs
        ]
    )
