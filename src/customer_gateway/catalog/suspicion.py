"""When what a system says of its customers is not believed: too many are missing at once, or they are others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.catalog.sample import is_of_another_tenant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from customer_gateway.model.passes import PassRow

_FEWEST: Final = 5
_SHARE: Final = 0.02


def is_suspect_batch(asked: int, absent: int) -> bool:
    """Return whether a look-up of so many keys that are known leaves out too many of them to be believed."""
    return asked >= _FEWEST and absent * 2 >= asked


def are_too_many(missing: int, known: int) -> bool:
    """Return whether so many of the known customers cannot have gone since the last pass."""
    return missing >= _FEWEST and missing > known * _SHARE


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a pass is not believed: `missing` customers, or another tenant; `reason` says it for people."""

    missing: int
    is_another: bool
    reason: str

    def as_details(self, now: datetime) -> Mapping[str, Any]:
        return {"missing": self.missing, "another": self.is_another, "at": now.isoformat(), "reason": self.reason}


def suspicion_of(
    missing: int, known: int, before: Mapping[str, str] | None, sample: Mapping[str, str]
) -> Suspicion | None:
    """Return why a pass is not believed, None where it is.

    It did not see `missing` of the `known` customers; `sample` is the sample of those that it saw, `before` that of the
    last pass that was believed. Without one every pass is believed.
    """
    if before is None:
        return None
    if is_of_another_tenant(before, sample):
        reason = f"its customers are not those of before, as of another tenant: {missing} of {known} are missing"
        return Suspicion(missing, is_another=True, reason=reason)
    if are_too_many(missing, known):
        return Suspicion(missing, is_another=False, reason=f"{missing} of {known} customers are missing at once")
    return None


def is_accepted(found: Suspicion, row: PassRow, earlier: Mapping[str, Any] | None, at: datetime | None) -> bool:
    """Return whether the operator has accepted the `earlier` suspicion, of that moment, and that covers this one.

    One of another tenant covers every other; else fewer than five more are missing, and it is no other tenant.
    """
    if earlier is None or at is None or row.accepted_at is None or row.accepted_at <= at:
        return False
    return bool(earlier["another"]) or (
        not found.is_another and not are_too_many(found.missing - earlier["missing"], 0)
    )
