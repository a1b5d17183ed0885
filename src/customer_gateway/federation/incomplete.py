"""What survives in part: a value without that of some records, which the answer's extensions tell with its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.errors import UpstreamError
    from customer_gateway.federation.request import RequestContext


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A value, and why it is not whole. The executors put the value in its place and tell the rest by its path."""

    value: Any
    failures: Sequence[UpstreamError]

    def __located__(self, context: RequestContext, path: Sequence[str | int]) -> Any:
        context.note_incomplete(path, self.failures)
        return self.value


def located(value: Any, context: RequestContext, path: Sequence[str | int]) -> Any:
    """Return the value itself; what it lacks is told with the path."""
    return value.__located__(context, path) if isinstance(value, Incomplete) else value


def partly(value: Any, failures: Sequence[UpstreamError]) -> Any:
    """Return the value, as `Incomplete` where anything failed."""
    return Incomplete(value, failures) if failures else value
