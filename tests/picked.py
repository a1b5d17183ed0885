"""Vendors that a test is about without caring which: picked by their facts, in the registry's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vendors import FACTS, VENDORS, WRITES

from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from systems.facts import Facts


def those(of_which: Callable[[Facts], object]) -> tuple[str, ...]:
    """Return the systems of which this holds."""
    return tuple(name for name, facts in FACTS.items() if of_which(facts))


FIRST, SECOND, *_ = FACTS
SECRET: Final = list(FACTS[FIRST].credentials)[-1]
"""The key of a table of the first that holds a secret."""

CONTACTS: Final = {
    name: path for name, facts in FACTS.items() if facts.batches for path, lost in facts.lost if "contacts" in lost
}
"""Where the contacts of many customers are one more call."""

AT_ONCE: Final = those(lambda facts: facts.batches and facts.login is None)
"""The systems that are asked for many customers by one call, and for nothing before it."""


WRITTEN: Final = {vendor.kind.slug: vendor.kind.writes for vendor in VENDORS if vendor.kind.writes is not None}
"""What can be written of the customers of the systems that take writes."""

WRITTEN_IN_PART: Final = tuple(name for name, writes in WRITTEN.items() if not writes.resources[""].whole)
"""The systems to which a change sends what has changed alone."""

WRITABLE: Final = WRITTEN_IN_PART[-1]
WHOLE: Final = next(name for name in reversed(WRITTEN) if name not in WRITTEN_IN_PART)
"""The system to which a change sends the whole customer."""


def update_call(name: str) -> str:
    """Return the calls that change customers, as the hooks of the sandbox's vendors have them: `PUT *`."""
    return f"{WRITES[name].calls[OperationKind.UPDATE].writes[0].partition(' ')[0]} *"


def listed(name: str) -> str:
    """Return the route that lists customers when any of their fields is asked for: `GET /customers/`."""
    return min(FACTS[name].listed, key=len)
