"""What can go wrong at a vendor, and what a client is told of it: the code table of the contract as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vendors import FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.sandbox import Sandbox

LISTS: Final = {name: min(facts.listed, key=len).partition(" ")[2] for name, facts in FACTS.items()}
"""Where each vendor's customers are listed."""


@dataclass(frozen=True, slots=True)
class Mishap:
    """`fault` switches it on; None: nobody listens any more. A `silent` one ends with the deadline, not by itself."""

    fault: Mapping[str, Any] | None
    code: str
    retryable: bool
    retry_after_ms: int | None = None
    silent: bool = field(default=False, kw_only=True)

    async def befall(self, box: Sandbox, system: str, path: str = "") -> None:
        """Make it happen to every call of the system whose path begins so."""
        if self.fault is None:
            await box.stop(system)
        else:
            box.vendors[system].faults.set(**self.fault, path=path)

    def told(self, error: Mapping[str, Any]) -> bool:
        """Whether an error says so and no more."""
        extensions = error["extensions"]
        expected: dict[str, Any] = {"code": self.code, "retryable": self.retryable}
        said = {name: extensions[name] for name in extensions.keys() - {"system", "requestId"}}
        if self.retry_after_ms is None:
            return said == expected
        wait = said.pop("retryAfterMs", None)  # what is left of it when the call is refused
        return said == expected and wait is not None and 0 <= self.retry_after_ms - wait < _REFUSED_WITHIN_MS


def _status(
    status: int, code: str, *, retryable: bool = False, retry_after_ms: int | None = None, **more: Any
) -> Mishap:
    return Mishap({"kind": "status", "status": status, **more}, code, retryable, retry_after_ms)


def _garbage(kind: str, *, retryable: bool = False) -> Mishap:
    return Mishap({"kind": kind}, "UPSTREAM_BAD_RESPONSE", retryable)


def _silence(kind: str) -> Mishap:
    return Mishap({"kind": kind}, "UPSTREAM_TIMEOUT", retryable=True, silent=True)


_REFUSED_WITHIN_MS: Final = 1_000

MISHAPS: Final = {
    "401": _status(401, "UPSTREAM_UNAUTHORIZED"),
    "403": _status(403, "UPSTREAM_UNAUTHORIZED"),
    "404": _status(404, "UPSTREAM_BAD_RESPONSE"),
    "409": _status(409, "UPSTREAM_BAD_RESPONSE"),
    "422": _status(422, "UPSTREAM_BAD_RESPONSE"),
    "429 without Retry-After": _status(429, "UPSTREAM_RATE_LIMITED", retryable=True),
    "429 with Retry-After": _status(
        429, "UPSTREAM_RATE_LIMITED", retryable=True, retry_after_ms=60_000, retry_after=60
    ),
    "500 HTML": _status(500, "UPSTREAM_UNAVAILABLE", retryable=True, html=True),
    "503": _status(503, "UPSTREAM_UNAVAILABLE", retryable=True),
    "an error under 200": _garbage("error_under_200"),
    "204": _status(204, "UPSTREAM_BAD_RESPONSE"),
    "an empty body": _garbage("empty_body"),
    "truncated JSON": _garbage("truncated", retryable=True),
    "deep JSON": _garbage("deep_json"),
    "NaN": _garbage("nan"),
    "bad UTF-8": _garbage("bad_utf8"),
    "wrong content type": _garbage("wrong_content_type"),
    "redirect": _garbage("redirect"),
    "reset": Mishap({"kind": "reset"}, "UPSTREAM_UNAVAILABLE", retryable=True),
    "refused": Mishap(None, "UPSTREAM_UNAVAILABLE", retryable=True),
    "hang": _silence("hang"),
    "slow headers": _silence("slow_headers"),
    "slow drip": _silence("slow_drip"),
    "30 MB body": _garbage("huge_body"),
    "gzip bomb": _garbage("gzip_bomb"),
}
