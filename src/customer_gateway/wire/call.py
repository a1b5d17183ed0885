"""Describe one HTTP call to a system by data: the call, its request, its state, its decoded answer, its record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import quote

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from customer_gateway.documents.record import Body
    from customer_gateway.wire.auth import Headers

_JSON = ("content-type", "application/json")
_FORM = ("content-type", "application/x-www-form-urlencoded")
_PARAMETER: Final = re.compile(r"\{\w*\}")
_ALWAYS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "customer-gateway"}


@dataclass(frozen=True, slots=True)
class Call:
    """Describe one HTTP call.

    `path` is relative to the client's base URL, begins with a slash and is percent-encoded by the system where a key
    needs it; `query` is encoded here and may repeat a key. `body` is sent as JSON, bytes as the JSON that they are;
    `form` as a form; not both.
    `idempotent` is the system's own declaration and never inferred from the method: others are repeated only after
    what says that they did nothing.
    `template` names the endpoint without any key ("/customers/{id}") for budgets and logs; empty, the path stands for
    it. With `missing_is_none` a 404 is an `Answer` whose document is None. With `may_be_empty` so is an answer without
    a body to a call that `reads`: its status is all that is needed. `decode` makes the document of an answer's body;
    it raises orjson's `JSONDecodeError`, `WrongForm` or `NotExact`. With `explain` the failure of a refused call (400,
    409, 422, an error inside an answer) has the vendor's document as its `explanation`. `last_check` is asked when all
    that the call waits for is over, each time that it is about to be sent: it says why it must not be, None if it may.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: object = None
    form: Mapping[str, str] | None = None
    idempotent: bool = False
    template: str = ""
    missing_is_none: bool = False
    may_be_empty: bool = False
    explain: bool = False
    decode: Callable[[Body], Any] = orjson.loads
    last_check: Callable[[], str | None] | None = None

    @property
    def endpoint(self) -> str:
        return self.template or self.path

    @property
    def method_and_endpoint(self) -> str:
        """Return both; the names of parameters do not count, of which a writer has others than a reader."""
        return f"{self.method} {_PARAMETER.sub('{}', self.endpoint)}"

    @property
    def reads(self) -> bool:
        """Return whether a document is expected."""
        return self.method == "GET" or (self.method == "POST" and self.idempotent)


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


class CallState:
    """Keep the state of one call over all its attempts.

    `trial` says that it is the one call that an open circuit lets through. `waiting_since` is the moment from which it
    has been waiting for the vendor, None while it waits for a slot. `in_session` says that its credentials are those of
    a session, `doubts_session` that its last answer may mean that the session is lost, `renewed` that there was
    a new login for it already. `keys` is how many it requests. `applied` is False while no attempt of it can have
    changed anything at the vendor, None after one that may have.
    """

    __slots__ = ("applied", "attempt", "doubts_session", "in_session", "keys", "renewed", "trial", "waiting_since")

    def __init__(self, *, trial: bool, keys: int = 0) -> None:
        self.trial = trial
        self.keys = keys
        self.attempt = 0
        self.applied: bool | None = False
        self.in_session = False
        self.doubts_session = False
        self.renewed = False
        self.waiting_since: float | None = None


class ReplyHeaders(Protocol):
    """Look up an answer's headers without regard to case."""

    def get(self, name: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold a decoded answer under 2xx, or a 404 that means None.

    `document` is None for such a 404, and for an empty body where no document is expected (a PUT, a DELETE).
    `headers` are looked up without regard to case.
    """

    status: int
    document: Any
    headers: ReplyHeaders = field(default_factory=dict[str, str])


class CallRecord(NamedTuple):
    """Record one exchange with a system, whatever its outcome, without keys, credentials or bodies.

    `route` is the endpoint's template, `tries` counts the exchanges of one call up to this one, `wait` are the seconds
    for which the limits held it back, `seconds` those until its answer; `outcome` is "ok", "cancelled" or an error's
    code. Without an answer there is no `status`. `keys` counts the keys of the batch that it is for (0: it reads a
    list), `shared` the reads that waited for it.
    """

    system: str
    method: str
    route: str
    status: int | None
    tries: int
    wait: float
    seconds: float
    bytes: int
    outcome: str
    reason: str | None
    keys: int
    shared: int


_EXPECTED: Final = frozenset({"ok", "cancelled"})
"""Outcomes that are nobody's failure: a call is cancelled where nobody waits for it, and when the process ends."""


def logged(log: Any) -> Callable[[CallRecord], None]:
    """Return the observer that writes each record as one line, "upstream_call"."""

    def observe(record: CallRecord) -> None:
        write = log.info if record.outcome in _EXPECTED else log.warning
        write(
            "upstream_call",
            system=record.system,
            method=record.method,
            template=record.route,
            status=record.status,
            duration_ms=round(record.seconds * 1000, 1),
            bytes=record.bytes,
            attempt=record.tries,
            outcome=record.outcome,
            reason=record.reason,
            keys=record.keys,
            shared=record.shared,
        )

    return observe
