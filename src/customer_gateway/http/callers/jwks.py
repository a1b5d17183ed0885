"""Keep the public keys of an issuer, and read them anew when a token names an unknown one, or in age."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

import structlog
from joserfc.errors import JoseError, UnsupportedKeyOperationError, UnsupportedKeyUseError
from joserfc.jwk import JWKRegistry
from joserfc.jws import JWSRegistry
from joserfc.util import base64_to_int

from customer_gateway.errors import IssuerUnavailable, Unauthenticated
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.faults import failure_of
from customer_gateway.work.shared_call import CallCancelled, JoinableCalls, SharedCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from joserfc.jwk import Key

NAME: Final = "auth.jwt"
"""What the log calls the issuer; no system can have that name."""

_AGE_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 5.0
"""The pause between attempts while no set was ever read: until then no user can ask at all."""
_READ_SECONDS: Final = 5.0
_MOST_KEYS: Final = 100
_LEAST_RSA_BITS: Final = 2048

_log = structlog.get_logger("customer_gateway.auth")


class UnsuitableKey(Exception):
    """A key of the set cannot check a token's signature; the message says why, for the log."""


class IssuerKeys:
    """Hold the keys of the last set that could be read, by their ids, until a newer set is read.

    `fetch` returns the issuer's key set as decoded JSON, or raises. It is called at first use, when a token names a key
    that is not there, and behind the answers after ten minutes: once for all who wait, and at most every 30 s.
    `generation` counts the sets that differed from the one before. `clock` gives seconds.
    """

    def __init__(
        self,
        fetch: Callable[[Deadline], Awaitable[object]],
        algorithms: Sequence[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.generation = 0
        self._fetch = fetch
        self._algorithms = list(algorithms)
        self._clock = clock
        self._calls: JoinableCalls[SharedCall[None]] = JoinableCalls()
        self._keys: Mapping[str, Key] = {}
        self._document: object = None
        self._began_at: float | None = None
        self._read_at = 0.0
        self._is_current = False

    async def find(self, kid: str) -> Key:
        """Return the key of that id. Raises Unauthenticated, or IssuerUnavailable where it may be the issuer's."""
        if kid not in self._keys:
            await self._read_shared()
        if kid in self._keys:
            self.refresh_aged()
            return self._keys[kid]
        if self._is_current:
            raise Unauthenticated("The token is signed with a key that its issuer does not publish; get a new token.")
        wait = max(1.0, self._pause())
        raise IssuerUnavailable(
            f"The keys of the issuer of tokens cannot be read at present; try again in {wait:.0f} s.",
            retry_after_ms=round(wait * 1000),
        )

    def refresh_aged(self) -> None:
        """Begin to read the set anew, where the last one is old; nothing waits for it."""
        if self._clock() - self._read_at >= _AGE_SECONDS and not self._pause() and self._calls.find(NAME) is None:
            self._start(Deadline.after(_READ_SECONDS))

    def _pause(self) -> float:
        """Return the seconds until the set may be read again."""
        if self._began_at is None:
            return 0.0
        pause = _PAUSE_SECONDS if self._keys else _FIRST_PAUSE_SECONDS
        return max(0.0, self._began_at + pause - self._clock())

    async def _read_shared(self) -> None:
        """Wait for the read that is under way, else for a new one, unless the last is too short ago."""
        deadline = Deadline.after(_READ_SECONDS)
        call = self._calls.find(NAME)
        if call is None:
            if self._pause():
                return
            call = self._start(deadline)
        call.join(deadline)
        with suppress(TimeoutError, CallCancelled):
            await call.result(deadline)

    def _start(self, deadline: Deadline) -> SharedCall[None]:
        self._began_at = self._clock()
        call: SharedCall[None] = SharedCall(deadline)
        call.start(self._read)
        self._calls.let_join(NAME, call)
        return call

    async def _read(self, deadline: Deadline) -> None:
        """Read the set; where that fails the last one stays, and the log says so."""
        self._is_current = False
        try:
            document = await self._fetch(deadline)
        except Exception as error:  # noqa: BLE001 - whatever is raised, the last set serves
            failure = failure_of(error, NAME, "key set")
            _log.warning("key_set_unread", code=failure.code, status=failure.status, keys=len(self._keys))
            return
        self._take(document)

    def _take(self, document: object) -> None:
        if document != self._document:
            keys, skipped = keys_of(document, self._algorithms)
            if not keys:
                _log.warning("key_set_unusable", skipped=skipped, keys=len(self._keys))
                return
            self._keys, self._document = keys, document
            self.generation += 1
            _log.info("key_set_read", keys=len(keys), skipped=skipped)
        self._read_at = self._clock()
        self._is_current = True


def keys_of(document: object, algorithms: list[str]) -> tuple[dict[str, Key], dict[str, int]]:
    """Return the keys of a set (RFC 7517) by their ids, and how many were skipped for which reason."""
    listed: object = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return {}, {"not a key set": 1}
    found: dict[str, Key] = {}
    skipped = Counter[str]()
    for each in cast("list[object]", listed)[:_MOST_KEYS]:
        try:
            kid, key = _key_of(each, algorithms)
        except UnsuitableKey as error:
            skipped[str(error)] += 1
        else:
            found.setdefault(kid, key)
    return found, dict(skipped)


def _key_of(data: object, algorithms: list[str]) -> tuple[str, Key]:
    """Return a key and its id. Raises UnsuitableKey."""
    if not isinstance(data, dict):
        raise UnsuitableKey("not an object")
    jwk = cast("dict[str, Any]", data)
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise UnsuitableKey("without a kid")
    if jwk.get("kty") not in ("RSA", "EC", "OKP"):
        raise UnsuitableKey("of a kind that signs nothing here")
    if "d" in jwk:
        raise UnsuitableKey("a private key, which must not be published")
    try:
        if jwk["kty"] == "RSA" and base64_to_int(jwk["n"]).bit_length() < _LEAST_RSA_BITS:
            raise UnsuitableKey(f"RSA of less than {_LEAST_RSA_BITS} bits")
        key = JWKRegistry.import_key(jwk)
        key.check_use("sig")
        key.check_key_op("verify")
        suits = bool(JWSRegistry.filter_algorithms(key, algorithms))
    except (UnsupportedKeyUseError, UnsupportedKeyOperationError):
        raise UnsuitableKey("not for signatures") from None
    except (JoseError, ValueError, TypeError, LookupError):
        raise UnsuitableKey("malformed") from None
    if not suits:
        raise UnsuitableKey("for no algorithm that is taken")
    return kid, key
