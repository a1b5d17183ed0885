"""The family of errors, one state each.

    GatewayError
    ├── ConfigInvalid                    a key of the configuration is missing, misspelt or of the wrong form
    │   ├── DatabaseNewer                the database has tables of a newer version than this program knows
    │   └── PrivateKeyMissing            the journal of writes has no key for personal values
    ├── DatabaseUnavailable              the database does not answer, or its file cannot be used
    │   └── DatabaseDamaged              the file is no database, or one whose pages contradict each other
    ├── LeaseLost                        another worker has taken an operation over
    ├── CatalogUnavailable               CATALOG_UNAVAILABLE      the index does not answer, or there is none
    ├── RequestRefused                   the caller's own doing; nothing was sent upstream
    │   ├── BadUserInput                 BAD_USER_INPUT
    │   ├── InvalidCursor                INVALID_CURSOR
    │   ├── FilterNotSupported           FILTER_NOT_SUPPORTED     none of the systems has the field of a filter
    │   ├── Unauthenticated              UNAUTHENTICATED          a credential that is not taken: 401
    │   │   └── CredentialMissing                                 none was sent where one is needed
    │   ├── Forbidden                    FORBIDDEN                the caller lacks a scope
    │   ├── QueryTooLarge                QUERY_TOO_LARGE
    │   └── QueryTooDeep                 QUERY_TOO_DEEP
    ├── CredentialUnchecked              UPSTREAM_UNAVAILABLE     a credential cannot be checked at present: 503
    │   ├── IssuerUnavailable                                     a user's token, for want of the issuer's keys
    │   └── KeysUnavailable                                       an API key, for want of the stored ones
    └── UpstreamError                    one system failed one read; it costs that read's fields only
        ├── UpstreamUnavailable          UPSTREAM_UNAVAILABLE      refused, reset, DNS, TLS, 5xx, open breaker
        ├── UpstreamTimeout              UPSTREAM_TIMEOUT          hang, drip, deadline reached
        ├── UpstreamRateLimited          UPSTREAM_RATE_LIMITED     429, or the budget's turn falls past the deadline
        ├── UpstreamUnauthorized         UPSTREAM_UNAUTHORIZED     401 or 403 after one new login
        ├── UpstreamBadResponse          UPSTREAM_BAD_RESPONSE     any other answer that is not the one asked for
        ├── SyncIncomplete               SYNC_INCOMPLETE           the index has never been filled whole from it
        └── ReadFault                    INTERNAL_SERVER_ERROR     our own mistake while the system was read

The codes are the closed list of docs/errors.md. A message names the system, the call and what to do; it never
carries a value of a customer, a credential or the vendor's own text: that goes to the log.
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

_REFUSALS: Final = range(400, 500)


class GatewayError(Exception):
    """Root of the family: everything the gateway raises on purpose."""


class ConfigInvalid(GatewayError):
    """A key of the configuration cannot be used: says which key of which table and what was expected."""


class DatabaseNewer(ConfigInvalid):
    """The tables of the database are of a newer version than this program knows; nothing is read or written."""


class PrivateKeyMissing(ConfigInvalid):
    """Nothing can be written: the personal values of writes are stored encrypted, and no key for that is configured."""


class DatabaseUnavailable(GatewayError):
    """The database does not answer, or its file cannot be opened, made or written; the message names no credential.

    `reason` is why, in the database's own words, or by the name of its error.
    """

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class DatabaseDamaged(DatabaseUnavailable):
    """What stands in the file cannot be read: it is no database, or its pages are damaged."""


class LeaseLost(GatewayError):
    """Another worker has taken an operation over; this one changes nothing of it any more."""


class CatalogUnavailable(GatewayError):
    """Nothing can be found: the index's database does not answer, in time or at all, or none is configured."""

    code: ClassVar[str] = "CATALOG_UNAVAILABLE"

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class RequestRefused(GatewayError):
    """The caller asked for something that cannot be; `code` is its entry in the closed list."""

    code: ClassVar[str] = "BAD_USER_INPUT"


class BadUserInput(RequestRefused):
    """A variable, an argument, a malformed id or an unknown system name."""


class InvalidCursor(RequestRefused):
    """A cursor that is not ours, was tampered with, belongs to another list, or was signed with another secret."""

    code = "INVALID_CURSOR"


class FilterNotSupported(RequestRefused):
    """A filter asks about a field that none of the asked systems has, so that nothing can ever fit it."""

    code = "FILTER_NOT_SUPPORTED"


class Unauthenticated(RequestRefused):
    """The request carries no credential where one is needed, or one that is unknown, expired or malformed."""

    code = "UNAUTHENTICATED"


class CredentialMissing(Unauthenticated):
    """The request carries no credential where one is needed, or one of another scheme."""


class IdempotencyMismatch(RequestRefused):
    """The key of the header Idempotency-Key came with another input before."""

    code = "IDEMPOTENCY_MISMATCH"


class IdempotencyInProgress(RequestRefused):
    """The operation with the key of the header Idempotency-Key is still running."""

    code = "IDEMPOTENCY_IN_PROGRESS"


class Forbidden(RequestRefused):
    """The caller lacks a scope; the message names it."""

    code = "FORBIDDEN"


class QueryTooLarge(RequestRefused):
    """The document has more tokens, or the body more bytes, than the gateway reads."""

    code = "QUERY_TOO_LARGE"


class QueryTooDeep(RequestRefused):
    """The document nests deeper than the gateway follows."""

    code = "QUERY_TOO_DEEP"


class CredentialUnchecked(GatewayError):
    """A credential cannot be checked at present: not the caller's doing.

    It is retryable, after `retry_after_ms` at the earliest.
    """

    code: ClassVar[str] = "UPSTREAM_UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


class IssuerUnavailable(CredentialUnchecked):
    """A user's token cannot be checked, because the keys of its issuer cannot be read."""


class KeysUnavailable(CredentialUnchecked):
    """An API key cannot be checked, because the gateway, which gives them out, could not read its keys yet."""


class UpstreamError(GatewayError):
    """One system failed one read.

    `retry_after_ms` is the vendor's own hint or the wait until the next slot; `status` the HTTP status, where there was
    an answer at all. `applied` is False where the call has certainly changed nothing at the vendor (it was not sent, or
    refused), None where it may have. `explanation` is what the vendor says of it, for the system that asked to know
    (`Call.explain`): it is never shown or logged. `reported_once` marks the failure of a list that is read whole for
    all rows of an answer: clients see it once for each field, not for each row. `progress` says what was read all the
    same: the message ends with it.
    """

    code: ClassVar[str] = "UPSTREAM_UNAVAILABLE"
    applied: bool | None = None
    explanation: object = None
    reported_once: bool = False
    progress: str = ""

    def __init__(
        self,
        system: str,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{system}: {message}")
        self.system = system
        self.retryable = self._retryable_by_nature if retryable is None else retryable
        self.retry_after_ms = retry_after_ms
        self.status = status

    _retryable_by_nature: ClassVar[bool] = False

    def __str__(self) -> str:
        return "; ".join(filter(None, (super().__str__(), self.progress)))

    def again(self) -> Self:
        """Copy the failure, to be kept and raised elsewhere: one that was raised holds its traceback."""
        twin = type(self).__new__(type(self), *self.args)
        vars(twin).update(vars(self))
        return twin

    def after(self, progress: str) -> Self:
        """Copy the failure; its message ends with this `progress`, in place of one that it had."""
        twin = self.again()
        twin.progress = progress
        return twin


class UpstreamUnavailable(UpstreamError):
    """The system refused or dropped the connection, answered 5xx, or its breaker is open."""

    _retryable_by_nature = True


class UpstreamTimeout(UpstreamError):
    """The deadline was reached before the whole answer was there."""

    code = "UPSTREAM_TIMEOUT"
    _retryable_by_nature = True

    @classmethod
    def late(cls, system: str, what: str) -> Self:
        """Make the error of a read past its deadline: `what` names the call, or the noun that is read."""
        return cls(system, f"{what}: no whole answer before the deadline; try again later")


class UpstreamRateLimited(UpstreamError):
    """The rate limit is reached at the system, or has no slot before the deadline."""

    code = "UPSTREAM_RATE_LIMITED"
    _retryable_by_nature = True


class UpstreamUnauthorized(UpstreamError):
    """The system refuses the gateway's credentials, also after one new login."""

    code = "UPSTREAM_UNAUTHORIZED"


class UpstreamBadResponse(UpstreamError):
    """The system answered, but not with what was asked for; retryable only where the body was cut short.

    `about_keys` says that one of the keys asked for may be why, and the others may be answered without it: a refusal
    (4xx) where nothing else is said.
    """

    code = "UPSTREAM_BAD_RESPONSE"

    def __init__(
        self,
        system: str,
        message: str,
        *,
        retryable: bool | None = None,
        retry_after_ms: int | None = None,
        status: int | None = None,
        about_keys: bool | None = None,
    ) -> None:
        super().__init__(system, message, retryable=retryable, retry_after_ms=retry_after_ms, status=status)
        self.about_keys = status in _REFUSALS if about_keys is None else about_keys


class SyncIncomplete(UpstreamError):
    """The index has never been filled whole from the system: customers of it may be missing in what is found."""

    code = "SYNC_INCOMPLETE"
    _retryable_by_nature = True

    @classmethod
    def of(cls, system: str) -> Self:
        return cls(system, "the index of its customers is not complete yet; try again later")


class ReadFault(UpstreamError):
    """A read of the system raised an unexpected exception: our own mistake, which costs that read's fields only.

    `read` names it as the line `read_failed` of the log does; clients see neither.
    """

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, system: str, read: str) -> None:
        super().__init__(system, f"{read}: internal error; see read_failed in the log")
        self.read = read
