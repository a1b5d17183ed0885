"""Read HTTP answers: each is a decoded document, or one failure with one name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire.call import Answer
from customer_gateway.wire.decode import Undecodable, document
from customer_gateway.wire.refusals import try_again_in
from customer_gateway.wire.retry_after import milliseconds
from customer_gateway.wire.transport import CutShort, Distrusted, HeadTooLarge, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.documents.drift import Drift
    from customer_gateway.wire.call import Call
    from customer_gateway.wire.transport import RawResponse

_OK = range(200, 300)
_REDIRECTS = range(300, 400)
_REFUSALS = range(400, 500)
_LATE = 408  # the vendor waited for the request: it may have read it all the same
_UNAUTHORIZED = {401, 403, 440}  # 440 is Microsoft's "login time-out"
_LOGIN_PAGE: Final = re.compile(r"log[-_]?[io]n|sign[-_]?[io]n|auth|session|account", re.IGNORECASE)
_NOT_FOUND = 404
_NOT_UNDERSTOOD = {400, 422}
_TOO_MANY = 429
_BROKEN = 500
_MOST_EXPLAINED = 65_536  # bytes, inflated


def no_objection(status: int, document: Any) -> str | None:
    """Find no error in a body: for vendors whose errors have error statuses."""
    del status, document


class SessionLost(str):
    """Name an error inside an answer which says that there is no session, or none any more."""

    __slots__ = ()


class FailedCall(Exception):
    """Carry a failure with its reason, which is for the log alone.

    `doubts_session`: it may be so because the session is lost, and another after a new login.
    """

    def __init__(self, failure: UpstreamError, reason: str, *, doubts_session: bool = False) -> None:
        super().__init__(reason)
        self.failure = failure
        self.reason = reason
        self.doubts_session = doubts_session


@dataclass(frozen=True, slots=True)
class ResponseReader:
    """Read the answers of one system, of at most `cap` bytes; `drift` notices what is read though not quite JSON."""

    system: str
    cap: int
    error_in_body: Callable[[int, Any], str | None]
    drift: Drift

    def answer(self, call: Call, reply: RawResponse, *, in_session: bool = False) -> Answer:
        """Return the decoded answer, or raise `FailedCall`. `in_session` says that the call was made in a session."""
        if reply.status in _OK:
            return self._decoded(call, reply)
        if reply.status == _NOT_FOUND and call.missing_is_none:
            return Answer(reply.status, None, reply.headers)
        doubts = reply.status in _UNAUTHORIZED or reply.status in _REDIRECTS
        raise FailedCall(
            self._refusal(call, reply, in_session=in_session), f"status {reply.status}", doubts_session=doubts
        )

    def explanation(self, reply: RawResponse) -> Any:
        """Return the document of a refusal; None where there is none or it cannot be read."""
        try:
            kind, encoding = reply.headers.get("content-type"), reply.headers.get("content-encoding")
            return document(reply.body, kind, encoding, _MOST_EXPLAINED, self.drift)
        except Undecodable:
            return None

    def _refusal(self, call: Call, reply: RawResponse, *, in_session: bool) -> UpstreamError:
        failure = self._error_of(call, reply, in_session=in_session)
        refused = isinstance(failure, UpstreamUnauthorized) or reply.status in _REFUSALS
        return _that_did_nothing(failure) if refused and reply.status != _LATE else failure

    def _error_of(self, call: Call, reply: RawResponse, *, in_session: bool) -> UpstreamError:
        status, what = reply.status, f"{call.method} {call.endpoint}"
        wait = milliseconds(reply.headers.get("retry-after"))
        if status >= _BROKEN:
            text = f"{what} answered {status}; try again later"
            return UpstreamUnavailable(self.system, text, retry_after_ms=wait, status=status)
        if status == _TOO_MANY:
            again = try_again_in(wait / 1000) if wait else "try again later"
            text = f"{what} answered {status}: rate limit reached at the system; {again}"
            return UpstreamRateLimited(self.system, text, retry_after_ms=wait, status=status)
        if status in _UNAUTHORIZED or (in_session and status in _REDIRECTS and _leads_to_a_login(reply)):
            text = f"{what} answered {status}: it refuses the gateway's credentials; check its table of the settings"
            return UpstreamUnauthorized(self.system, text, status=status)
        return UpstreamBadResponse(self.system, f"{what} answered {status}{_advice(call, status)}", status=status)

    def _decoded(self, call: Call, reply: RawResponse) -> Answer:
        status, headers, body, oversized = reply
        if oversized:
            reason = f"the answer has more than {self.cap} bytes; limits.answer_bytes allows more"
            raise self._unusable(call, status, reason)
        if not body:
            if call.reads and not call.may_be_empty:
                raise self._unusable(call, status, f"it answered {status} without a body; check base_url")
            return Answer(status, None, headers)
        try:
            found = document(
                body, headers.get("content-type"), headers.get("content-encoding"), self.cap, self.drift, call.decode
            )
        except Undecodable as error:
            retryable, about_keys = error.cut_short, error.about_keys
            raise self._unusable(call, status, error.reason, retryable=retryable, about_keys=about_keys) from None
        objection = self.error_in_body(status, found)
        if objection is not None:
            raise FailedCall(self._error_in_body(call, status, objection), objection, doubts_session=True)
        return Answer(status, found, headers)

    def _error_in_body(self, call: Call, status: int, objection: str) -> UpstreamError:
        text = f"{call.method} {call.endpoint} answered {status} with an error inside: {objection}"
        if isinstance(objection, SessionLost):
            text = f"{text}; check its table of the settings"
            return _that_did_nothing(UpstreamUnauthorized(self.system, text, status=status))
        return _that_did_nothing(UpstreamBadResponse(self.system, text, status=status, about_keys=True))

    def _unusable(
        self, call: Call, status: int, reason: str, *, retryable: bool = False, about_keys: bool = True
    ) -> FailedCall:
        text = f"{call.method} {call.endpoint}: {reason}"
        return FailedCall(
            UpstreamBadResponse(self.system, text, status=status, retryable=retryable, about_keys=about_keys), reason
        )

    def unreadable(self, call: Call) -> UpstreamError:
        return UpstreamBadResponse(self.system, f"{call.method} {call.endpoint}: the answer cannot be read")

    def not_received(self, call: Call, error: Exception) -> UpstreamError:
        """Return the failure for what the transport raised instead of an answer."""
        what = f"{call.method} {call.endpoint}"
        if isinstance(error, Distrusted):
            reason, remedy = error.distrust
            text = f"{what}: the certificate is not accepted: {reason}; {remedy}"
            return _that_did_nothing(UpstreamUnavailable(self.system, text, retryable=False))
        if isinstance(error, Unanswered):
            failure = UpstreamUnavailable(self.system, f"{what}: no connection, or it was dropped; try again later")
            return _that_did_nothing(failure) if error.connecting else failure
        if isinstance(error, CutShort):
            return UpstreamBadResponse(self.system, f"{what}: the answer was cut short", retryable=True)
        if isinstance(error, HeadTooLarge):
            text = f"{what}: the answer has more than 100 header lines, or headers of over 400 kB"
            return UpstreamBadResponse(self.system, f"{text}; see what adds them between the system and the gateway")
        return UpstreamBadResponse(self.system, f"{what}: what came back is not HTTP")


def _that_did_nothing(failure: UpstreamError) -> UpstreamError:
    failure.applied = False
    return failure


def _advice(call: Call, status: int) -> str:
    """Return what an operator may do about an answer of that status."""
    if status in _REDIRECTS:
        return "; redirects are not followed, check base_url"
    if status == _NOT_FOUND and "{" not in call.endpoint:  # a list is always there, what has a key may be gone
        return "; check base_url: path and version belong to it"
    if status in _NOT_UNDERSTOOD:
        return ": it does not take what was asked; if it takes nothing at all, check the version in base_url"
    return ""


def _leads_to_a_login(reply: RawResponse) -> bool:
    """Return whether a redirect goes to a login page, by the path it names."""
    try:
        return _LOGIN_PAGE.search(urlsplit(reply.headers.get("location") or "").path) is not None
    except ValueError:
        return False
