"""Record each upstream call for the observers of a client, of which the log line is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class CallRecord(NamedTuple):
    """Record one exchange with a system, whatever its outcome, without keys, credentials or bodies.

    `route` is the endpoint's template, `tries` counts the exchanges of one call up to this one, `wait` are the seconds
    for which the limits held it back, `seconds` those until its answer; `outcome` is "ok", "cancelled" or an error's
    code. Without an answer there is no `status`. `keys` counts the keys of the batch that it is for (0: it reads a
    list), `shared` the reads that waited for it.
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
    """Return the observer that writes each record as one line, "upstream_call"."""

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
