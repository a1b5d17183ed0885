"""What is told of a failure outside of GraphQL: a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping


def problem(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """The status in its own words, and in `detail` what to do."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = orjson.dumps(told if detail is None else {**told, "detail": detail})
    return Response(body, status, headers=headers, media_type="application/problem+json")
