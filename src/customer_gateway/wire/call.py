"""Describe one HTTP call to a system by data, and its decoded answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.documents.record import Body


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
    def reads(self) -> bool:
        """Return whether a document is expected."""
        return self.method == "GET" or (self.method == "POST" and self.idempotent)


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
