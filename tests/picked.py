"""Vendors that a test is about without caring which: picked by their facts, in the registry's order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vendors import FACTS

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


def listed(name: str) -> str:
    """Return the route that lists customers when any of their fields is asked for: `GET /customers/`."""
    return min(FACTS[name].listed, key=len)
