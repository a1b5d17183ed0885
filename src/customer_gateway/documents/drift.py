"""Log drift, what a vendor sends and its documents do not say: once each and within bounds, never an error.

Names are the vendor's too: an object that is keyed by its customers' e-mails has values for names. So what does not
look like the name of a field is withheld, and there are no more notices than any real change of an API comes to.
"""

from __future__ import annotations

import re
from typing import Final

import structlog

MOST_NOTICES: Final = 200
"""Of one system, in a process."""

SUPPRESSED: Final = ("*", "further drift notices suppressed")
"""The last notice, in place of all further ones."""

WITHHELD: Final = "(field name withheld)"
"""Stands for the name of a field that may be a value; the reason says where it was."""

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
_FIELD: Final = re.compile(rf"{_NAME}(?:\[\]\.{_NAME})?")  # of an object, or of the items of a list

_log = structlog.get_logger("customer_gateway.drift")


class Drift:
    """The notices of one system: a field and a reason, each logged the first time it is met (never the value).

    `count` grows with every notice, logged or not: who compares it before and after a read knows whether the read
    noticed anything.
    """

    __slots__ = ("_system", "count", "notices")

    def __init__(self, system: str) -> None:
        self._system = system
        self.count = 0
        self.notices: set[tuple[str, str]] = set()

    def notice(self, field: str, reason: str) -> None:
        """Log a field and what is odd about it, unless it was logged before."""
        self.count += 1
        if (field, reason) in self.notices or len(self.notices) > MOST_NOTICES:
            return
        notice = (field if _FIELD.fullmatch(field) else WITHHELD, reason)
        if notice in self.notices:
            return
        if len(self.notices) == MOST_NOTICES:
            notice = SUPPRESSED
        self.notices.add(notice)
        _log.warning("drift", system=self._system, field=notice[0], reason=notice[1])
