"""What goes back to a client, and the headers it goes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from customer_gateway.http.negotiation import Media

if TYPE_CHECKING:
    from customer_gateway.api.reply import Reply
    from customer_gateway.http.visit import Visit

    Header: TypeAlias = tuple[bytes, bytes]

_FIXED_HEADERS: Final = {
    media: [(b"content-type", media.content_type), (b"vary", b"Accept"), (b"cache-control", b"no-store")]
    for media in Media
}


@dataclass(frozen=True, slots=True)
class Landed:
    """A reply on the ground; `whole` is its body where that is the same for everybody.

    `operation_type` is None for those who leave a flight that tells nothing before it lands.
    """

    reply: Reply
    whole: bytes | None
    operation_type: str | None


class Answer(NamedTuple):
    """What goes back: a status and a body in JSON."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()


def headers_of(answer: Answer, media: Media, visit: Visit) -> list[Header]:
    """All headers of the answer; the visit takes note of its status."""
    length = (b"content-length", str(len(answer.body)).encode())
    return [*_FIXED_HEADERS[media], length, *answer.headers, *visit.answered(answer.status)]
