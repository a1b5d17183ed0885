"""Keep all API keys in memory, and read them again behind the requests whenever they have changed.

No request waits for the database. One that fails costs nothing but news: the keys that are known stay as they are.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from customer_gateway.errors import GatewayError, KeysUnavailable, Unauthenticated
from customer_gateway.model.callers import Caller
from customer_gateway.model.key_text import digest_of, is_whole
from customer_gateway.model.networks import network_of
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from customer_gateway.model.callers import ApiKey

POLL_SECONDS: Final = 1.0
USE_SECONDS: Final = 60.0
PATIENCE_SECONDS: Final = 5.0

_RETRY_AFTER_MS: Final = 2_000
_DAMAGED: Final = "The API key is not whole: its checksum is wrong; send it as it was given out."
_UNKNOWN: Final = (
    "The API key is not known here; one that was made just now is taken within a few seconds, else check that it "
    "belongs to this gateway, or ask for a new one."
)
_NOT_READ: Final = "API keys cannot be checked yet, because the gateway could not read them; try again later."
_REVOKED: Final = "The API key is revoked; ask the gateway's operator for a new one."
_EXPIRED: Final = "The API key is expired; ask the gateway's operator for a new one."
_ELSEWHERE: Final = "The API key is not taken from this address; ask the gateway's operator to allow it."


class StoredKeys(Protocol):
    """Where API keys are kept."""

    async def prepare(self) -> None:
        """Bring what holds the keys up to date, however long that takes; nothing is to be done where it is."""
        ...

    async def changes(self, known: str | None) -> tuple[str, list[ApiKey]] | None:
        """Return the stamp of the last change and every key, None where the stamp is `known`."""
        ...

    async def record_use(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were last used, by their ids."""
        ...


class KeyCache:
    """Find callers by the API keys that `source` had about a second ago; it has `patience_seconds` for an answer."""

    def __init__(
        self,
        source: StoredKeys,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._source = source
        self._patience_seconds = patience_seconds
        self._now = now
        self._stamp: str | None = None
        self._entries: dict[bytes, _Entry] = {}
        self._uses: dict[str, datetime] = {}
        self._reading = _Attempts("api_keys")
        self._recording = _Attempts("api_key_uses")

    def caller_of(self, key: str, address: str | None) -> Caller:
        """Return the caller of a key that is sent from an IP address.

        Raises Unauthenticated, or KeysUnavailable where no keys could be read yet.
        """
        entry = self._entries.get(digest_of(key))
        if entry is None:
            raise self._refusal(key)
        now = self._now()
        entry.check(address, now)
        self._uses[entry.id] = now
        return entry.caller

    def _refusal(self, key: str) -> Unauthenticated | KeysUnavailable:
        if not is_whole(key):
            return Unauthenticated(_DAMAGED)
        if self._stamp is None:
            return KeysUnavailable(_NOT_READ, retry_after_ms=_RETRY_AFTER_MS)
        return Unauthenticated(_UNKNOWN)

    @asynccontextmanager
    async def following(
        self, poll_seconds: float = POLL_SECONDS, use_seconds: float = USE_SECONDS
    ) -> AsyncGenerator[None]:
        """Read the keys, and follow their changes within the body; write the last uses now and then, and at its end.

        The first answer has all the time it takes.
        """
        await self._refresh(None)
        try:
            async with in_background(_every(poll_seconds, self.refresh), _every(use_seconds, self.record_uses)):
                yield
        finally:
            await self.record_uses()

    async def refresh(self) -> None:
        """Read the keys again if they have changed."""
        await self._refresh(self._patience_seconds)

    async def _refresh(self, seconds: float | None) -> None:
        async with self._reading.attempt():
            # Without a limit: work that is cut off at it would begin anew, and be cut off, each time.
            await self._source.prepare()
            async with asyncio.timeout(seconds):
                changes = await self._source.changes(self._stamp)
            if changes is not None:
                stamp, keys = changes
                self._entries = {key.digest: _Entry.of(key) for key in keys}
                self._stamp = stamp

    async def record_uses(self) -> None:
        """Write when keys were last used; what cannot be written is written with the next ones."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        is_written = False
        try:
            async with self._recording.attempt(), asyncio.timeout(self._patience_seconds):
                await self._source.record_use(uses)
                is_written = True
        finally:  # also where it is cancelled, as at the end
            if not is_written:
                self._uses = {**uses, **self._uses}

    def circumstances(self) -> dict[str, str]:
        """Return what /readyz says beside being ready: nothing while all is well."""
        if not self._reading.is_failing:
            return {}
        known = "none is known yet" if self._stamp is None else "changes are not seen"
        return {"api_keys": f"{known}, because the database cannot be used"}


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    caller: Caller
    is_revoked: bool
    expires_at: datetime | None
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, key: ApiKey) -> _Entry:
        caller = Caller(key.name, "key", key.rights, key.rate_class)
        networks = tuple(map(network_of, key.addresses))
        return cls(key.id, caller, key.revoked_at is not None, key.expires_at, networks)

    def check(self, address: str | None, now: datetime) -> None:
        if self.is_revoked:
            raise Unauthenticated(_REVOKED)
        if self.expires_at is not None and now >= self.expires_at:
            raise Unauthenticated(_EXPIRED)
        if self.networks and not _is_within(address, self.networks):
            raise Unauthenticated(_ELSEWHERE)


def _is_within(address: str | None, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        found = ip_address(address or "")
    except ValueError:  # on a Unix socket there is no address
        return False
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found  # the form of IPv4 on a socket of both families
    return any(found in network for network in networks)


class _Attempts:
    """Try the same work again and again, with a line in the log when it begins and ceases to fail."""

    def __init__(self, event: str) -> None:
        self.is_failing = False
        self._event = event
        self._log = structlog.get_logger("customer_gateway.http.callers.key_cache")

    @asynccontextmanager
    async def attempt(self) -> AsyncGenerator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again, and requests go on
            if not self.is_failing:
                reason = str(error) if isinstance(error, GatewayError) else type(error).__name__
                self._log.warning(self._event, state="lost", reason=reason)
            self.is_failing = True
        else:
            if self.is_failing:
                self._log.warning(self._event, state="back", reason=None)
            self.is_failing = False


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        await work()
        await asyncio.sleep(max(0.0, began + seconds - loop.time()))
