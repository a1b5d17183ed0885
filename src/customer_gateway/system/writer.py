"""How the customers of a system are written."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Choice, Present, Writes
    from customer_gateway.errors import UpstreamError
    from customer_gateway.work.deadline import Deadline


@dataclass(frozen=True, slots=True)
class SendResult:
    """What a call that writes was answered: the key of the customer that it made, None for other calls."""

    key: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTrace:
    """By what a customer is looked for whose creation was not answered: its body, when it was sent, and the keys that
    the same search found before (`search_before`).
    """

    body: Document
    since: datetime
    before: Sequence[str] = ()


class WrittenDocument(NamedTuple):
    """A customer's document that shows what was written, exact, and when the read of it began.

    `answers` are those by which its parts were read, as `Present` has them.
    """

    document: Document
    read_at: datetime
    answers: Mapping[str, Any] = MappingProxyType({})


class CustomerWriter(Protocol):
    """Writes the customers of one system. Every method raises nothing but `UpstreamError`.

    One whose `applied` is False did certainly nothing; None: it may have been done.
    """

    @property
    def writes(self) -> Writes: ...

    async def read(
        self, key: str, deadline: Deadline, choices: Mapping[str, Sequence[Choice]] | None = None
    ) -> Present | None:
        """Return a customer's document as it stands, exact; None for an unknown key."""
        ...

    def present(self, document: Document, choices: Mapping[str, Sequence[Choice]] | None = None) -> Present:
        """Return a document as it stands; an empty one is that of a customer to be made."""
        ...

    async def choices(self, places: Iterable[str], deadline: Deadline) -> Mapping[str, Sequence[Choice]]:
        """Return what those of the places may be that hold an id of a list; other places are left out."""
        ...

    async def send(
        self,
        method: str,
        path: str,
        template: str,
        body: bytes,
        deadline: Deadline,
        last_check: Callable[[], str | None] | None = None,
    ) -> SendResult:
        """Send a call that writes, once; a refusal is an `UpstreamBadResponse` with the vendor's `explanation`.

        `last_check` is asked when its turn has come: it says why the call must not be sent any more, None if it may.
        """
        ...

    def named_places(self, failure: UpstreamError) -> Sequence[str]:
        """Return the places of the document that a vendor's refusal names."""
        ...

    async def search_before(self, body: Document, deadline: Deadline) -> Sequence[str]:
        """Return the keys that a search finds before a customer is made, where only a comparison tells; else none."""
        ...

    async def find_created(self, trace: CreateTrace, deadline: Deadline) -> Sequence[str] | None:
        """Return the keys of customers that the creation may have made; None where the vendor has no way to tell."""
        ...
