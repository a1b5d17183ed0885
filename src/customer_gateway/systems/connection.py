"""Read what every system's table of the configuration may say, and open the client for it."""

from __future__ import annotations

import time
from collections.abc import Callable  # noqa: TC003 - pydantic and dataclasses read annotations at run time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, PrivateAttr, SecretStr, TypeAdapter, field_validator

from customer_gateway import environment
from customer_gateway.documents.forms import has_phones
from customer_gateway.documents.record import is_object
from customer_gateway.errors import UpstreamError
from customer_gateway.wire import (
    BreakerPolicy,
    Client,
    DecodeQueue,
    Environment,
    LimiterRegistry,
    Limits,
    Policies,
    RateLimits,
    Retry,
    Target,
    name_of,
    no_objection,
    read_authorities,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from customer_gateway.wire import Answer, Auth, Call, CallRecord, Window
    from customer_gateway.work.deadline import Deadline

_HTTP_URL: Final = TypeAdapter(HttpUrl)
_FRESH_SECONDS: Final = 30.0
_UNCOUNTED: Final = {"limits", "breaker", "time_zone", "region", "ca_file"}


class LimitSettings(BaseModel):
    """`[systems.NAME.limits]`: 0 = off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    calls_per_second: float = Field(default=0, ge=0, le=1e6)
    parallel: int = Field(default=32, ge=0, le=10_000)
    answer_bytes: int = Field(default=20_000_000, ge=0, le=2**40)
    vendor_budget: bool = Field(default=True, description="Keep to the rate limits that the vendor documents.")


class BreakerSettings(BaseModel):
    """`[systems.NAME.breaker]`: `failures` 0 = off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    failures: int = Field(default=5, ge=0)
    open_seconds: float = Field(default=10, gt=0, le=86_400)


class SystemSettings(BaseModel):
    """Hold what any system's table may say; each kind adds its credentials."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = ""
    base_url: str
    time_zone: str
    region: str = Field(description="Country whose phones are dialled without a prefix.")
    limits: LimitSettings = LimitSettings()
    breaker: BreakerSettings = BreakerSettings()
    ca_file: Path | None = Field(
        default=None,
        description="A PEM file of authorities, or self-signed certificates, to trust beside the machine's.",
    )
    _file: Path | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Take the configuration's `file` from the context."""
        self._file = context["file"] if context else None

    def where(self, name: str, key: str) -> str:
        """Return what sets `key` of the system `name`, for errors: the variable, or the file, table and key."""
        return environment.where(self._file, ("systems", name, key))

    def resolved(self, path: Path) -> Path:
        """Resolve a path of the configuration: relative to its file, or without one to the working directory."""
        return (self._file.parent if self._file else Path()) / path.expanduser()

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        """Refuse all but an address: the paths of calls are added to it, and clients see it in links."""
        if "…" in value:
            raise ValueError("your own address, such as https://api.example.com/v1; … is a placeholder")
        _HTTP_URL.validate_python(value)
        if not _is_address_alone(value):
            raise ValueError("an address such as https://api.example.com/v1, without a user, a query or a fragment")
        return value.rstrip("/")

    @field_validator("*")
    @classmethod
    def _is_a_line_of_text(cls, value: Any) -> Any:
        """Refuse a line end, as files have it, which no header can carry, and an empty variable over a secret."""
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and not text.isprintable():
            raise ValueError("text on one line, without control characters")
        if isinstance(text, str) and not text.strip():
            raise ValueError("text that is not empty")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("an IANA time zone such as Europe/Berlin")
        return ZoneInfo(value).key

    @field_validator("region")  # not a pattern of the field: each kind declares it anew, with its default
    @classmethod
    def _is_a_country(cls, value: str) -> str:
        if not has_phones(value):
            raise ValueError("a country such as DE")
        return value


def _is_address_alone(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # whose text may repeat a password
        return False
    return bool(parts.hostname) and "@" not in parts.netloc and "?" not in text and "#" not in text


@dataclass(frozen=True, slots=True)
class Wiring:
    """Hold what the composition root hands to every client.

    `transport` returns the transport to a system by its name (None: the real network), `limiters` are those of systems
    that their vendor counts together, and know this worker's share; `decode_queue` orders the decoding of answers,
    `clock` gives the age of sessions in seconds. `observers` get each `CallRecord` beside the log.
    """

    transport: Callable[[str], httpx.AsyncBaseTransport | None] = lambda _name: None
    retry: Retry = field(default_factory=Retry)
    limiters: LimiterRegistry = field(default_factory=LimiterRegistry)
    decode_queue: DecodeQueue = field(default_factory=DecodeQueue)
    clock: Callable[[], float] = time.monotonic
    observers: Sequence[Callable[[CallRecord], None]] = ()


def text_under(name: str) -> Callable[[Answer], str | None]:
    """Return how the token is read out of the answer to a login: the text under `name`."""

    def read(answer: Answer) -> str | None:
        token = answer.document.get(name) if is_object(answer.document) else None
        return token if isinstance(token, str) else None

    return read


def seconds_under(name: str) -> Callable[[Answer], float | None]:
    """Return how it is read out of the answer to a login how long it holds: the number of seconds under `name`."""

    def read(answer: Answer) -> float | None:
        seconds = answer.document.get(name) if is_object(answer.document) else None
        return float(seconds) if isinstance(seconds, (int, float)) and seconds > 0 else None

    return read


def open_client(
    name: str,
    settings: SystemSettings,
    wiring: Wiring,
    *,
    auth: Auth | None,
    headers: Mapping[str, str] | None = None,
    budget: Sequence[Window] = (),
    budget_scope: tuple[str, ...] = (),
    error_in_body: Callable[[int, Any], str | None] = no_objection,
) -> Client:
    """Open the client of one system: its credentials, the vendor's documented budget and the configured limits.

    `budget_scope` is what the vendor counts by (an address, an account, a token), after the vendor's name: systems of
    one scope keep to one budget together.
    """
    limits = Limits(
        calls_per_second=settings.limits.calls_per_second,
        parallel=settings.limits.parallel,
        answer_bytes=settings.limits.answer_bytes,
    )
    own = _own_scope(name, settings)
    if not settings.limits.vendor_budget:
        budget, budget_scope = (), own
    limiter = wiring.limiters.of(budget_scope or own, budget) if budget or limits.windows() else None
    breaker = BreakerPolicy(failures=settings.breaker.failures, open_seconds=settings.breaker.open_seconds)
    return Client(
        Target(name, settings.base_url, headers or {}, error_in_body),
        auth,
        Policies(limits, breaker, wiring.retry),
        RateLimits(limiter=limiter, name=name_of(own)),
        Environment(
            wiring.transport(name), authorities_of(name, settings), wiring.decode_queue, observers=wiring.observers
        ),
    )


def authorities_of(name: str, settings: SystemSettings) -> bytes:
    """Return the certificates of `ca_file`, as PEM; none without one. Raise `ConfigInvalid`."""
    if settings.ca_file is None:
        return b""
    return read_authorities(settings.resolved(settings.ca_file), settings.where(name, "ca_file"))


def _own_scope(name: str, settings: SystemSettings) -> tuple[str, ...]:
    """Return what a limit of our own counts by: the configured system, without its secrets."""
    named = (f"{key}={value}" for key, value in settings if key not in _UNCOUNTED and not isinstance(value, SecretStr))
    return ("own", name, *named)


async def reachable(client: Client, probe: Call, deadline: Deadline) -> bool:
    """Return whether the last call within 30 s was answered; if there was none, wait for one or send `probe`."""
    known = client.health.fresh(_FRESH_SECONDS)
    if known is None and client.health.in_flight:
        with suppress(TimeoutError):
            async with deadline.enforce():
                await client.health.wait_idle()
        known = client.health.fresh(_FRESH_SECONDS)
    if known is not None:
        return known
    try:
        await client.call(replace(probe, idempotent=False), deadline)  # once: an answer late is no better than none
    except UpstreamError:
        # A refusal is an answer; a short deadline or a full budget is none.
        return bool(client.health.fresh(_FRESH_SECONDS))
    return True
