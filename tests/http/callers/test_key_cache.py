from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from customer_gateway.errors import DatabaseUnavailable, KeysUnavailable, Unauthenticated
from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.model.callers import ApiKey, Caller, Rights
from customer_gateway.model.key_text import digest_of, new_key

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.anyio

RIGHTS = Rights(frozenset({"customers:read"}), frozenset({"pland"}))
TEXT = new_key()
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass
class Source:
    """Keys that a test changes; `failing` raises instead."""

    keys: list[ApiKey] = field(default_factory=list[ApiKey])
    stamp: int = 0
    failing: Exception | None = None
    read: int = 0
    recorded: list[dict[str, datetime]] = field(default_factory=list[dict[str, datetime]])

    async def prepare(self) -> None:
        pass

    async def changes(self, known: str | None) -> tuple[str, list[ApiKey]] | None:
        self.read += 1
        if self.failing:
            raise self.failing
        return None if known == str(self.stamp) else (str(self.stamp), self.keys)

    async def record_use(self, uses: Mapping[str, datetime]) -> None:
        if self.failing:
            raise self.failing
        self.recorded.append(dict(uses))

    def set(self, *keys: ApiKey) -> None:
        self.keys = [*keys]
        self.stamp += 1


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def a_key(**more: object) -> ApiKey:
    values = {"id": "1", "name": "shop", "digest": digest_of(TEXT), "rights": RIGHTS} | more
    return ApiKey(**values)  # pyright: ignore[reportArgumentType] - by name


async def cache_of(*keys: ApiKey, clock: Clock | None = None) -> tuple[KeyCache, Source]:
    source = Source([*keys])
    cache = KeyCache(source, now=clock or Clock())
    await cache.refresh()
    return cache, source


def refusal(cache: KeyCache, key: str = TEXT, address: str | None = "192.0.2.7") -> str:
    with pytest.raises(Unauthenticated) as raised:
        cache.caller_of(key, address)
    for secret in (key, key[3:20], "shop"):
        assert secret not in str(raised.value)
    return str(raised.value)


async def test_a_key_is_its_caller() -> None:
    cache, _ = await cache_of(a_key(rate_class="slow"))

    assert cache.caller_of(TEXT, "192.0.2.7") == Caller("shop", "key", RIGHTS, "slow")


async def test_a_key_comes_by_the_header_of_a_request() -> None:
    cache, _ = await cache_of(a_key())

    headers = {b"authorization": b"Bearer " + TEXT.encode()}
    caller = await Authenticator(keys=cache).caller_until(0, headers, None)

    assert caller.name == "shop"


async def test_a_key_with_a_wrong_checksum_is_refused_without_a_look_up() -> None:
    """The source refuses, and the cache has nothing: a key that is looked up is refused for that."""
    cache = KeyCache(Source(failing=AssertionError()))
    damaged = TEXT[:-1] + ("a" if TEXT[-1] != "a" else "b")

    assert refusal(cache, damaged) == "The API key is not whole: its checksum is wrong; send it as it was given out."
    with pytest.raises(KeysUnavailable, match="API keys cannot be checked yet"):
        cache.caller_of(TEXT, None)


async def test_a_key_that_nobody_has_made_is_refused_without_asking_the_source() -> None:
    cache, source = await cache_of(a_key())

    for _ in range(100):
        assert refusal(cache, new_key()).startswith("The API key is not known here;")

    assert source.read == 1


async def test_a_revoked_key_is_refused_also_after_its_expiry() -> None:
    cache, _ = await cache_of(a_key(revoked_at=NOW, expires_at=NOW))

    assert refusal(cache) == "The API key is revoked; ask the gateway's operator for a new one."


async def test_a_key_is_refused_from_its_expiry_on() -> None:
    clock = Clock(NOW - SECOND)
    cache, _ = await cache_of(a_key(expires_at=NOW), clock=clock)

    assert cache.caller_of(TEXT, None).name == "shop"
    clock.now = NOW
    assert refusal(cache) == "The API key is expired; ask the gateway's operator for a new one."


@pytest.mark.parametrize(
    ("networks", "address", "is_taken"),
    [
        (("192.0.2.0/24",), "192.0.2.255", True),
        (("192.0.2.0/24",), "192.0.3.0", False),
        (("192.0.2.0/24",), "::ffff:192.0.2.9", True),
        (("192.0.2.0/24",), "::ffff:192.0.3.9", False),
        (("192.0.2.0/24",), "2001:db8::1", False),
        (("192.0.2.0/24",), None, False),
        (("192.0.2.0/24",), "no address", False),
        (("192.0.2.0/24", "2001:db8::/32"), "2001:db8:1::1", True),
        (("2001:db8::/32",), "2001:db9::1", False),
        (("::ffff:192.0.2.0/120",), "192.0.2.255", True),
        (("::ffff:192.0.2.0/120",), "::ffff:192.0.2.255", True),
        (("::ffff:192.0.2.0/120",), "192.0.3.0", False),
        (("::ffff:192.0.2.7",), "192.0.2.7", True),
        (("::ffff:0:0/96",), "198.51.100.1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("::1/128",), "::1", True),
        (("127.0.0.1/32",), "127.0.0.1", True),
        (("127.0.0.1/32",), "127.0.0.2", False),
        ((), None, True),
    ],
)
async def test_a_key_with_networks_is_taken_from_them_alone(
    networks: tuple[str, ...], address: str | None, is_taken: bool
) -> None:
    cache, _ = await cache_of(a_key(addresses=networks))

    if is_taken:
        assert cache.caller_of(TEXT, address).name == "shop"
    else:
        text = "The API key is not taken from this address; ask the gateway's operator to allow it."
        assert refusal(cache, address=address) == text


async def test_a_change_is_seen_behind_the_requests_and_only_changes_are_read_again() -> None:
    cache, source = await cache_of()
    async with cache.following(poll_seconds=0.01):
        refusal(cache)
        source.set(a_key())
        await asyncio.sleep(0.1)
        entries = cache.caller_of(TEXT, None)
        await asyncio.sleep(0.05)
        same = cache.caller_of(TEXT, None)
        source.set(a_key(revoked_at=NOW))
        await asyncio.sleep(0.1)
        refusal(cache)

    assert entries is same  # of keys that were not read again


async def test_a_source_that_fails_costs_only_news_and_two_lines_of_the_log() -> None:
    with capture_logs() as lines:
        cache, source = await cache_of(a_key())
        async with cache.following(poll_seconds=0.01):
            source.failing = DatabaseUnavailable("db.example:5432/gateway: the database cannot be used: gone.")
            source.set()
            await asyncio.sleep(0.1)
            assert cache.caller_of(TEXT, None).name == "shop"
            assert cache.circumstances() == {"api_keys": "changes are not seen, because the database cannot be used"}
            source.failing = None
            await asyncio.sleep(0.1)
            refusal(cache)
            assert cache.circumstances() == {}

    said = [(line["event"], line["state"], line["reason"]) for line in lines]
    assert said == [
        ("api_keys", "lost", "db.example:5432/gateway: the database cannot be used: gone."),
        ("api_keys", "back", None),
    ]


async def test_a_source_that_never_answered_is_told_to_clients_and_probes() -> None:
    with capture_logs() as lines:
        cache = KeyCache(Source(failing=ValueError(TEXT)))
        async with cache.following(poll_seconds=0.01):
            await asyncio.sleep(0.05)
            with pytest.raises(KeysUnavailable) as raised:
                cache.caller_of(TEXT, None)
            assert cache.circumstances() == {"api_keys": "none is known yet, because the database cannot be used"}

    assert [(line["event"], line["reason"]) for line in lines] == [("api_keys", "ValueError")]
    assert str(raised.value) == (
        "API keys cannot be checked yet, because the gateway could not read them; try again later."
    )
    assert raised.value.retry_after_ms == 2_000


async def test_a_source_that_hangs_is_left_to_the_next_attempt() -> None:
    class Hanging(Source):
        async def changes(self, known: str | None) -> tuple[str, list[ApiKey]] | None:
            if self.failing is None:
                return await super().changes(known)
            await asyncio.sleep(3600)
            raise AssertionError

    source = Hanging([a_key()], failing=AssertionError())
    cache = KeyCache(source, patience_seconds=0.02)
    with capture_logs() as lines:
        await cache.refresh()
        source.failing = None
        await cache.refresh()

    assert [line["reason"] for line in lines] == ["TimeoutError", None]
    assert cache.caller_of(TEXT, None).name == "shop"


async def test_a_source_that_takes_long_to_be_made_ready_is_waited_for_behind_the_requests() -> None:
    """As where the database was away at the start, and its tables are of an older version."""

    class Older(Source):
        begun = 0

        async def prepare(self) -> None:
            if self.failing:
                raise self.failing
            if self.read == 0:
                self.begun += 1
                await asyncio.sleep(0.2)

    source = Older([a_key()], failing=DatabaseUnavailable("gone"))
    cache = KeyCache(source, patience_seconds=0.02)
    async with cache.following(poll_seconds=0.01):
        source.failing = None
        await asyncio.sleep(0.1)
        with pytest.raises(KeysUnavailable):
            cache.caller_of(TEXT, None)
        await asyncio.sleep(0.3)

        assert cache.caller_of(TEXT, None).name == "shop"

    assert source.begun == 1


async def test_last_uses_are_written_together_now_and_then_and_at_the_end() -> None:
    clock = Clock()
    cache, source = await cache_of(a_key(), a_key(id="2", digest=digest_of(other := new_key())), clock=clock)

    async with cache.following(use_seconds=0.2):
        await asyncio.sleep(0.05)
        for _ in range(10):
            clock.now += SECOND
            cache.caller_of(TEXT, None)
        cache.caller_of(other, None)
        assert source.recorded == []
        await asyncio.sleep(0.3)
        together = [*source.recorded]
        clock.now += SECOND
        cache.caller_of(other, None)

    assert together == [{"1": NOW + 10 * SECOND, "2": NOW + 10 * SECOND}]
    assert source.recorded == [*together, {"2": NOW + 11 * SECOND}]


async def test_uses_that_could_not_be_written_are_written_with_the_next_ones() -> None:
    clock = Clock()
    cache, source = await cache_of(a_key(), a_key(id="2", digest=digest_of(other := new_key())), clock=clock)
    cache.caller_of(TEXT, None)
    cache.caller_of(other, None)

    with capture_logs() as lines:
        source.failing = DatabaseUnavailable("gone")
        await cache.record_uses()
        clock.now += SECOND
        cache.caller_of(TEXT, None)
        source.failing = None
        await cache.record_uses()

    assert source.recorded == [{"1": NOW + SECOND, "2": NOW}]
    assert [(line["event"], line["state"]) for line in lines] == [("api_key_uses", "lost"), ("api_key_uses", "back")]


async def test_uses_whose_writing_is_cancelled_are_written_at_the_end() -> None:
    class Slow(Source):
        attempts = 0

        async def record_use(self, uses: Mapping[str, datetime]) -> None:
            self.attempts += 1
            await asyncio.sleep(3600 if self.attempts == 1 else 0)
            await super().record_use(uses)

    source = Slow([a_key()])
    cache = KeyCache(source, now=Clock())
    async with cache.following(use_seconds=0.05):
        cache.caller_of(TEXT, None)
        await asyncio.sleep(0.15)
        assert source.attempts == 1

    assert source.recorded == [{"1": NOW}]


async def test_a_refused_key_is_not_used() -> None:
    cache, source = await cache_of(a_key(expires_at=NOW))
    refusal(cache)

    await cache.record_uses()

    assert source.recorded == []
