"""What is asked to be written, how far it is, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.changes import Patch
    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.model.operations import Operation, OperationKind, UserError
    from customer_gateway.system import System, WrittenDocument

    Written: TypeAlias = Callable[[str, str, WrittenDocument | None], None]
    """Is called with the system and key of a record for which something was sent, and with the document that shows it,
    where it was read."""
    WrittenKey: TypeAlias = Callable[[str | None, WrittenDocument | None], None]
    """Is called so for the record of one operation: its key is None where none is known."""


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One mutation of a customer of `system`; `key` is that of its record, None where it is to be made.

    `actor` is who asks, as `KIND:NAME`. `expected_version` is the customer's, as it was read. `input_text` is the
    canonical text of the input without the idempotency key, by which a replay is told from another input.

    `refused` is what is known to be refused of the input, which the patch is without: such a request is planned alone,
    to report everything else that is refused with it.

    `written` is called as soon as the record was written and read again, and once more, without a document, where
    another worker went on with the write: the customer may be read for the answer while the outcome is stored.
    """

    kind: OperationKind
    system: System
    key: str | None
    patch: Patch
    actor: str
    rights: Rights
    expected_version: str | None = None
    force: bool = False
    idempotency_key: str | None = None
    dry_run: bool = False
    input_text: str = ""
    refused: Sequence[UserError] = ()
    written: WrittenKey = lambda _key, _document: None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a mutation: the operation, if there is one, why something was not written, and the record's key.

    The customer is read live by that key; None where there is no record to read.
    """

    operation: Operation | None
    errors: Sequence[UserError] = field(default_factory=list["UserError"])
    key: str | None = None


class StepLog:
    """What is known of an operation while it runs; None until it is planned."""

    def __init__(self) -> None:
        self.operation: StoredOperation | None = None

    def see(self, operation: StoredOperation) -> None:
        """Take note of a step."""
        self.operation = operation
