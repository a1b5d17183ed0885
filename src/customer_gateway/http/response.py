"""Represent answers to a client, and make their headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from customer_gateway.http.negotiation import Media

if TYPE_CHECKING:
    from customer_gateway.api.reply import Reply
    from customer_gateway.http.request_log import RequestLog

    Header: TypeAlias = tuple[bytes, bytes]

_FIXED_HEADERS: Final = {
    media: [(b"content-type", media.content_type), (b"vary", b"Accept, Authorization"), (b"cache-control", b"no-store")]
    for media in Media
}


@dataclass(frozen=True, slots=True)
class SharedReply:
    """Hold the reply to all requests that share an execution; `whole` is its body where that is the same for all.

    `operation_type` is None where a request leaves an execution that has no result so far.
    """

    reply: Reply
    whole: bytes | None
    operation_type: str | None


class HttpResponse(NamedTuple):
    """Hold a status, a body in JSON, and headers beside those that every answer has."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()


def headers_of(response: HttpResponse, media: Media, request_log: RequestLog) -> list[Header]:
    """Return all headers of the answer, and record its status."""
    length = (b"content-length", str(len(response.body)).encode())
    return [*_FIXED_HEADERS[media], length, *response.headers, *request_log.record_status(response.status)]
