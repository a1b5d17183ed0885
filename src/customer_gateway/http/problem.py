"""Answer failures outside of GraphQL by a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping


def problem(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with the status in its own words, and in `detail` what to do."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = orjson.dumps(document if detail is None else {**document, "detail": detail})
    return Response(body, status, headers=headers, media_type="application/problem+json")
