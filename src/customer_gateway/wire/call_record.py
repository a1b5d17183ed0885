"""Tell what became of an upstream call, to whoever observes a client; the log line is one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class CallRecord(NamedTuple):
    """One exchange with a system, however it ended: nothing of keys, credentials or bodies.

    `route` is the endpoint's template, `tries` counts the exchanges of one call up to this one, `wait` are the seconds
    for which the limits held it back, `seconds` those until its answer; `outcome` is "ok", "cancelled" or an error's
    code. Without an answer there is no `status`. It asked for so many `keys` (0: for a list), and so many reads
    `shared` it, 1 where nobody joined.
    """

    system: str
    method: str
    route: str
    status: int | None
    tries: int
    wait: float
    seconds: float
    bytes: int
    outcome: str
    reason: str | None
    keys: int
    shared: int


def logged(log: Any) -> Callable[[CallRecord], None]:
    """Give the observer that writes each record as one line, "upstream_call"."""

    def observe(record: CallRecord) -> None:
        write = log.info if record.outcome == "ok" else log.warning
        write(
            "upstream_call",
            system=record.system,
            method=record.method,
            template=record.route,
            status=record.status,
            duration_ms=round(record.seconds * 1000, 1),
            bytes=record.bytes,
            attempt=record.tries,
            outcome=record.outcome,
            reason=record.reason,
            keys=record.keys,
            shared=record.shared,
        )

    return observe
