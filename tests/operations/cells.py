"""The calls of every mutation at every system, by the facts of each, or what a client is told where it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from systems import write_facts
from systems.write_facts import Calls
from vendors import SYSTEMS, WRITES

from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CELLS", "CHANGE", "NEW", "UPDATE", "Calls", "NotWritable"]


@dataclass(frozen=True, slots=True)
class NotWritable:
    """`reason` is what a client is told."""

    reason: str


REASONS: Final = {
    OperationKind.CREATE: "{system} makes no customers by its API.",
    OperationKind.UPDATE: "{system} takes no changes of customers by its API.",
    OperationKind.ARCHIVE: "{system} has nothing for taking a customer out of use by its API.",
    OperationKind.RESTORE: "{system} has nothing for bringing a customer back by its API.",
}


def cell(kind: OperationKind, system: str) -> Calls | NotWritable:
    """Return the mutation's calls at the system, or why it is refused there."""
    calls = WRITES[system].calls.get(kind) if system in WRITES else None
    return calls or NotWritable(f"{REASONS[kind]} Do it in the system itself.")


CELLS: Final = {kind: {system: cell(kind, system) for system in SYSTEMS} for kind in REASONS}
UPDATE: Final = CELLS[OperationKind.UPDATE]

CHANGE: Final[Mapping[str, Any]] = {"phone": "+49 221 7654321", "address.city": "Bonn"}
"""A change that every system takes, of the customer's own document and of the address."""
NEW: Final[Mapping[str, Mapping[str, Any]]] = {
    system: WRITES[system].new if system in WRITES else write_facts.NEW for system in SYSTEMS
}
"""What is told of a new customer."""
