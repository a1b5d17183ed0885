"""What an HTTP answer means: a decoded document, or one failure with one name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire.call import Answer
from customer_gateway.wire.decode import Undecodable, document
from customer_gateway.wire.retry_after import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.transport import Reply

_OK = range(200, 300)
_WITHOUT_BODY = {204, 205}
_REDIRECTS = range(300, 400)
_UNAUTHORIZED = {401, 403}
_NOT_FOUND = 404
_NOT_UNDERSTOOD = {400, 422}
_TOO_MANY = 429
_BROKEN = 500


def no_objection(status: int, document: Any) -> str | None:
    """Every decoded answer is what it seems: the verdict on vendors whose errors have error statuses."""
    del status, document


class Refused(Exception):
    """A failure with the reason that only the log may know."""

    def __init__(self, failure: UpstreamError, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Judge:
    """Reads the answers of one system; `cap` in bytes."""

    system: str
    cap: int
    verdict: Callable[[int, Any], str | None]

    def answer(self, call: Call, reply: Reply) -> Answer:
        """The decoded answer; anything else is `Refused`."""
        if reply.status in _OK:
            return self._decoded(call, reply)
        if reply.status == _NOT_FOUND and call.missing_is_none:
            return Answer(reply.status, None, reply.headers)
        raise Refused(self._failure(call, reply), f"status {reply.status}")

    def _failure(self, call: Call, reply: Reply) -> UpstreamError:
        status, what = reply.status, f"{call.method} {call.endpoint}"
        wait = milliseconds(reply.headers.get("retry-after"))
        if status >= _BROKEN:
            text = f"{what} answered {status}; try again later"
            return UpstreamUnavailable(self.system, text, retry_after_ms=wait, status=status)
        if status == _TOO_MANY:
            text = f"{what} answered {status}: it counts too many calls; try again later"
            return UpstreamRateLimited(self.system, text, retry_after_ms=wait, status=status)
        if status in _UNAUTHORIZED:
            text = f"{what} answered {status}: it refuses the gateway's credentials; check its table of the settings"
            return UpstreamUnauthorized(self.system, text, status=status)
        return UpstreamBadResponse(self.system, f"{what} answered {status}{_advice(call, status)}", status=status)

    def _decoded(self, call: Call, reply: Reply) -> Answer:
        status, headers, body, oversized = reply
        if oversized:
            reason = f"the answer has more than {self.cap} bytes; limits.answer_bytes allows more"
            raise self._garbage(call, status, reason)
        if not body and (status in _WITHOUT_BODY or not call.reads):
            return Answer(status, None, headers)
        try:
            found = document(body, headers.get("content-type"), headers.get("content-encoding"), self.cap, call.decode)
        except Undecodable as error:
            raise self._garbage(call, status, error.reason, retryable=error.cut_short) from None
        objection = self.verdict(status, found)
        if objection is not None:
            text = f"{call.method} {call.endpoint} answered {status} with an error inside: {objection}"
            raise Refused(UpstreamBadResponse(self.system, text, status=status), objection)
        return Answer(status, found, headers)

    def _garbage(self, call: Call, status: int, reason: str, *, retryable: bool = False) -> Refused:
        text = f"{call.method} {call.endpoint}: {reason}"
        return Refused(UpstreamBadResponse(self.system, text, status=status, retryable=retryable), reason)

    def unreadable(self, call: Call) -> UpstreamError:
        return UpstreamBadResponse(self.system, f"{call.method} {call.endpoint}: the answer cannot be read")

    def unanswered(self, call: Call) -> UpstreamError:
        text = f"{call.method} {call.endpoint}: no connection, or it was dropped; try again later"
        return UpstreamUnavailable(self.system, text)

    def cut_short(self, call: Call) -> UpstreamError:
        text = f"{call.method} {call.endpoint}: the answer was cut short"
        return UpstreamBadResponse(self.system, text, retryable=True)

    def not_http(self, call: Call) -> UpstreamError:
        return UpstreamBadResponse(self.system, f"{call.method} {call.endpoint}: what came back is not HTTP")


def _advice(call: Call, status: int) -> str:
    """What an operator may do about an answer of that status."""
    if status in _REDIRECTS:
        return "; redirects are not followed, check base_url"
    if status == _NOT_FOUND and "{" not in call.endpoint:  # a list is always there, what has a key may be gone
        return "; check base_url: path and version belong to it"
    if status in _NOT_UNDERSTOOD:
        return ": it does not take what was asked; if it takes nothing at all, check the version in base_url"
    return ""
