"""How far the way to an address goes, and how its clock is against ours, as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.cli.doctor.finding import Finding
from customer_gateway.cli.doctor.probe import Reached, Unreached, probe, proxy_of
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

_SKEW_SECONDS: Final = 60.0
"""How far two clocks may be apart: sessions, tokens and times of change are compared across them."""


async def way_to(
    base_url: str, authorities: bytes, seconds: float, now: Callable[[], float]
) -> tuple[Finding, Finding]:
    """Return how what is at that address is reached, and its clock."""
    unknown = Finding("unknown", "not known")
    if proxy_of(base_url):
        return Finding("unknown", "by a proxy"), unknown
    try:
        reached = await probe(base_url, Deadline.after(seconds), now, authorities)
    except Unreached as error:
        return Finding("wrong", "no", error.words, error.remedy), unknown
    return Finding("well", "yes"), _clock(reached)


def _clock(reached: Reached) -> Finding:
    ahead = reached.clock_ahead
    if ahead is None:
        return Finding("unknown", "not known")
    if abs(ahead) <= _SKEW_SECONDS:
        return Finding("well", "the same")
    word = f"{abs(ahead):.0f} s {'ahead' if ahead > 0 else 'behind'}"
    remedy = "set this machine's clock by NTP; if it is right, the vendor's is wrong"
    return Finding("wrong", word, f"its clock is {word} of ours", remedy)
