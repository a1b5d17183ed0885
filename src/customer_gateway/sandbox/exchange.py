"""Requests and answers as the vendors' routes see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

from customer_gateway.sandbox import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

    from customer_gateway.sandbox.store import Document

Clock: TypeAlias = "Callable[[], float]"


class Refusal(Exception):
    """A vendor says no. The vendor's dialect turns it into its own error body; `detail` is whatever that body needs."""

    def __init__(
        self, status: int, message: str, *, detail: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.detail = detail
        self.headers = dict(headers or {})


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(exact.encoded(content), status, headers, "application/json")


def raw_answer(body: bytes) -> Response:
    """Answer with JSON that is bytes already."""
    return Response(body, media_type="application/json")


def raw_list(bodies: Iterable[bytes]) -> bytes:
    """Return a JSON array of documents that are bytes already."""
    return b"[" + b",".join(bodies) + b"]"


async def sent_object(request: Request) -> Document:
    """Return the request's body as a JSON object, its numbers as they are spelled; a 400 Refusal for anything else."""
    try:
        document = exact.decoded(await request.body())
        exact.encoded(document)
    except (ValueError, TypeError):  # TypeError: half a surrogate pair, or too deep to be stored
        raise Refusal(400, "The request body is no valid JSON.") from None
    if not isinstance(document, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return document  # pyright: ignore[reportUnknownVariableType] - an object of unknown members is a Document


def merged(document: Document, changes: Mapping[str, Any]) -> Document:
    """Return the document with the changes laid over it: null clears, nested objects are replaced whole."""
    return {**document, **changes}
