"""What the tests know of writing to a vendor: `tests/systems/<slug>/facts.py` has it as `writes` of its `FACTS`.

A vendor that cannot be written has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.model.operations import OperationKind

NEW: Final = {"name": "Neumann & Söhne", "email": "new@example.com", "phone": "+49 221 7654321"}
ADDRESS: Final = {"address.postal_code": "50667", "address.city": "Köln", "address.country_code": "DE"}
PERSON: Final = {"first_name": "Änne", "last_name": "Neumann"}
"""Of which `new` is made up."""

STRANGER: Final = encode_id("User", "elsewhere", "7")
TOO_LONG: Final = "x" * 300
"""Of what is refused."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a mutation: the reads, the writes, the reads after them, in order, as the vendor's log has them.

    `{key}` is the customer's key as its paths have it, `{id}` that of its invoice address. `reads` are those of a dry
    run, too; `searched` goes before a creation that only a comparison finds again.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    after: tuple[str, ...]
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A patch, as a client sends it, of which something is refused in every way that can be known before sending.

    It clears more than five fields at once. `by_code` are the paths that are refused, by the code.
    """

    patch: Mapping[str, Any]
    by_code: Mapping[str, set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFacts:
    """What is sent to the vendor and made there, by the mutations that it offers."""

    calls: Mapping[OperationKind, Calls]
    """Kept by hand; a mutation that is not among them is one that the vendor does not offer."""
    new: Mapping[str, Any]
    """What is told of a new customer."""
    foreign: tuple[str, str]
    """What somebody else changes: a place that a new phone and city leave alone, and its value."""
    refused: Refused
    guarded: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """A section of fields that need more than `customers:write`, with what else would be refused of them."""
