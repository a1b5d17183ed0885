"""When an issuer's keys are read, and what serves where they cannot be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from issuer import NOW, SUBJECT, Issuer, claims, ec, public, rsa, running, signed
from joserfc.jwk import OctKey, OKPKey
from structlog.testing import capture_logs
from users import users_of

from customer_gateway.errors import IssuerUnavailable, Unauthenticated
from customer_gateway.http.callers.jwks import keys_of

if TYPE_CHECKING:
    from pathlib import Path

    from users import Users

pytestmark = pytest.mark.anyio

OLD, NEW = rsa("rsa-1"), rsa("rsa-2")
EC = ec("ec-1")
UNKNOWN = "The token is signed with a key that its issuer does not publish; get a new token."
UNREAD = "The keys of the issuer of tokens cannot be read at present; try again in {} s."


def token(key: Any = OLD, **header: Any) -> str:
    """A token of its own, whose key must be looked up."""
    return signed(key, claims(exp=NOW + 100_000), **header)


async def outcome(users: Users, sent: str) -> str:
    try:
        return (await users.caller_of(sent)).name
    except (Unauthenticated, IssuerUnavailable) as error:
        return str(error)


async def idle(issuer: Issuer, requests: int) -> None:
    """Wait until so many requests have come and are answered."""
    for _ in range(500):
        if len(issuer.requests) >= requests:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert len(issuer.requests) == requests


async def test_nothing_is_read_before_the_first_token_and_one_read_serves_all(tmp_path: Path) -> None:
    async with running(OLD, EC) as issuer, users_of(issuer, tmp_path) as users:
        await outcome(users, "no token")
        assert issuer.requests == []

        found = await asyncio.gather(*(outcome(users, token(key)) for key in (OLD, EC) for _ in range(20)))

        assert found == [SUBJECT] * 40
        assert len(issuer.requests) == 1


async def test_a_rotated_key_is_found_and_the_removed_one_ends(tmp_path: Path) -> None:
    before = token(OLD)
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        assert await outcome(users, before) == SUBJECT
        issuer.keys = [public(OLD), public(NEW)]
        users.seconds += 30
        assert await outcome(users, token(NEW)) == SUBJECT
        assert await outcome(users, before) == SUBJECT
        assert len(issuer.requests) == 2

        issuer.keys = [public(NEW)]
        users.seconds += 600
        assert await outcome(users, token(NEW)) == SUBJECT
        await idle(issuer, 3)

        assert await outcome(users, before) == UNKNOWN
        assert await outcome(users, token(NEW)) == SUBJECT
        assert len(issuer.requests) == 3


async def test_random_key_ids_cost_one_read_in_thirty_seconds(tmp_path: Path) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        flood = [token(OLD, kid=f"random-{count}") for count in range(40)]
        assert set(await asyncio.gather(*(outcome(users, each) for each in flood))) == {UNKNOWN}
        users.seconds += 29.9
        assert set(await asyncio.gather(*(outcome(users, each) for each in flood))) == {UNKNOWN}
        assert len(issuer.requests) == 1

        users.seconds += 0.1
        assert set(await asyncio.gather(*(outcome(users, each) for each in flood))) == {UNKNOWN}
        assert await outcome(users, token()) == SUBJECT
        assert len(issuer.requests) == 2


async def test_those_who_come_while_a_set_is_read_wait_for_it(tmp_path: Path) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        await outcome(users, token())
        issuer.keys, issuer.seconds = [public(OLD), public(NEW)], 0.2
        users.seconds += 30
        first = asyncio.create_task(outcome(users, token(OLD, kid="random")))
        await idle(issuer, 2)

        assert await outcome(users, token(NEW)) == SUBJECT
        assert await first == UNKNOWN
        assert len(issuer.requests) == 2


async def test_one_who_leaves_ends_no_read_for_the_others(tmp_path: Path) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        issuer.seconds = 0.2
        leaving = asyncio.create_task(outcome(users, token()))
        await idle(issuer, 1)
        staying = asyncio.create_task(outcome(users, token()))
        await asyncio.sleep(0)
        leaving.cancel()

        assert await staying == SUBJECT
        assert len(issuer.requests) == 1


async def test_an_aged_set_is_read_behind_the_answers(tmp_path: Path) -> None:
    remembered = token()
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        await outcome(users, remembered)
        users.seconds += 599.9
        await outcome(users, remembered)
        await asyncio.sleep(0.05)
        assert len(issuer.requests) == 1

        issuer.seconds, users.seconds = 1.5, users.seconds + 0.1
        async with asyncio.timeout(1.2):
            assert await outcome(users, remembered) == SUBJECT
            assert await outcome(users, token()) == SUBJECT
        await asyncio.sleep(1.7)
        await idle(issuer, 2)
        assert await outcome(users, token()) == SUBJECT
        assert len(issuer.requests) == 2


async def test_an_issuer_that_is_down_before_the_first_read_makes_tokens_uncheckable(tmp_path: Path) -> None:
    issuer = Issuer(OLD)
    await issuer.start()
    await issuer.stop()
    async with users_of(issuer, tmp_path) as users:
        with capture_logs() as log, pytest.raises(IssuerUnavailable) as unavailable:
            await users.caller_of(token())
        assert str(unavailable.value) == UNREAD.format(5)
        assert (unavailable.value.code, unavailable.value.retry_after_ms) == ("UPSTREAM_UNAVAILABLE", 5_000)
        unread = {"event": "key_set_unread", "log_level": "warning", "code": "UPSTREAM_UNAVAILABLE", "status": None}
        assert log[1:] == [{**unread, "keys": 0}]

        await issuer.start()
        users.seconds += 4.5
        assert await outcome(users, token()) == UNREAD.format(1)
        users.seconds += 0.5
        assert await outcome(users, token()) == SUBJECT
        assert len(issuer.requests) == 1
    await issuer.stop()


async def test_the_last_set_serves_while_the_issuer_is_down(tmp_path: Path) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        await outcome(users, token())
        await issuer.stop()
        with capture_logs() as log:
            for _ in range(10):
                users.seconds += 600
                assert await outcome(users, token()) == SUBJECT
                assert await outcome(users, token(NEW)) == UNREAD.format(30)
                assert await outcome(users, token(OLD, kid="random")) == UNREAD.format(30)
        assert [line["event"] for line in log] == ["upstream_call", "key_set_unread"] * 10
        assert log[1]["keys"] == 1

        issuer.keys = [public(NEW)]
        await issuer.start()
        users.seconds += 30
        assert await outcome(users, token(NEW)) == SUBJECT


HTML = b"<html>not-to-be-shown</html>"


@pytest.mark.parametrize(
    ("status", "answer", "event"),
    [
        (500, None, "key_set_unread"),
        (404, HTML, "key_set_unread"),
        (302, b"", "key_set_unread"),
        (200, HTML, "key_set_unread"),
        (200, b"", "key_set_unread"),
        (200, b'{"keys": [' + b" " * 300_000 + b"]}", "key_set_unread"),
        (200, b"[]", "key_set_unusable"),
        (200, b'{"keys": []}', "key_set_unusable"),
        (200, b'{"keys": {"kid": "rsa-1"}}', "key_set_unusable"),
        (200, b'{"keys": ["not-to-be-shown", null, 7, {}]}', "key_set_unusable"),
    ],
)
async def test_an_answer_that_is_no_usable_set_leaves_the_last_one(
    tmp_path: Path, status: int, answer: bytes | None, event: str
) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        await outcome(users, token())
        issuer.status, issuer.answer = status, answer
        users.seconds += 30
        with capture_logs() as log:
            assert await outcome(users, token(NEW)) == UNREAD.format(30)
        assert await outcome(users, token()) == SUBJECT

    assert log[-1]["event"] == event
    assert len(issuer.requests) == 2
    assert "not-to-be-shown" not in repr(log)


async def test_an_issuer_that_does_not_answer_is_waited_for_five_seconds(tmp_path: Path) -> None:
    async with running(OLD) as issuer, users_of(issuer, tmp_path) as users:
        issuer.seconds = 60
        began = asyncio.get_running_loop().time()
        with capture_logs() as log:
            assert await outcome(users, token()) == UNREAD.format(5)
            seconds = asyncio.get_running_loop().time() - began
            await asyncio.sleep(0.1)

    assert 4.9 < seconds < 20
    assert [line["code"] for line in log if line["event"] == "key_set_unread"] == ["UPSTREAM_TIMEOUT"]


SKIPPED = [
    (OctKey.generate_key(256, {"kid": "k"}).as_dict(), "of a kind that signs nothing here"),
    (public(OLD, use="enc"), "not for signatures"),
    (public(OLD, key_ops=["encrypt"]) | {"use": "enc"}, "not for signatures"),
    ({name: value for name, value in public(OLD, key_ops=["sign"]).items() if name != "use"}, "not for signatures"),
    (public(OLD, use="not-to-be-shown"), "malformed"),
    (public(OLD, key_ops=7), "malformed"),
    (public(OLD, alg="RSA-OAEP"), "for no algorithm that is taken"),
    (public(OLD, alg="RS512"), "for no algorithm that is taken"),
    (public(OKPKey.generate_key("X25519", {"kid": "k"})), "for no algorithm that is taken"),
    (public(OKPKey.generate_key("Ed25519", {"kid": "k"})), "for no algorithm that is taken"),
    ({**OLD.as_dict(private=True), "use": "sig"}, "a private key, which must not be published"),
    ({**public(OLD), "kid": ""}, "without a kid"),
    ({name: value for name, value in public(OLD).items() if name != "kid"}, "without a kid"),
    ({**public(OLD), "n": "AQAB"}, "RSA of less than 2048 bits"),
    ({**public(OLD), "n": None}, "malformed"),
    ({**public(OLD), "e": "===="}, "malformed"),
    ({"kty": "RSA", "kid": "k"}, "malformed"),
    ({**public(EC), "crv": "P-999"}, "malformed"),
    ({**public(EC), "x": "AQAB"}, "malformed"),
    ({"kty": ["RSA"], "kid": "k"}, "of a kind that signs nothing here"),
    ("not-to-be-shown", "not an object"),
]


@pytest.mark.parametrize(("key", "reason"), SKIPPED)
async def test_a_key_that_is_not_suited_is_skipped_beside_those_that_are(
    tmp_path: Path, key: object, reason: str
) -> None:
    async with running(EC) as issuer, users_of(issuer, tmp_path) as users:
        issuer.keys.append(key)
        with capture_logs() as log:
            assert await outcome(users, token(EC)) == SUBJECT
            assert await outcome(users, token(OLD)) == UNKNOWN

    assert log[-1] == {"event": "key_set_read", "log_level": "info", "keys": 1, "skipped": {reason: 1}}


async def test_a_set_is_read_to_its_hundredth_key(tmp_path: Path) -> None:
    async with running(*[EC] * 100, OLD) as issuer, users_of(issuer, tmp_path) as users:
        assert await outcome(users, token(EC)) == SUBJECT
        assert await outcome(users, token(OLD)) == UNKNOWN


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=2), st.just({})
)
PARTS = st.dictionaries(
    st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "x5c", "x5u", "p", "oth"]),
    st.one_of(VALUES, st.sampled_from(["RSA", "EC", "OKP", "sig", "P-256", "Ed25519", "AQAB"])),
)


@given(st.recursive(VALUES, lambda inner: st.lists(st.one_of(inner, PARTS)) | st.fixed_dictionaries({"keys": inner})))
def test_whatever_an_issuer_publishes_is_read_or_skipped(document: object) -> None:
    keys, skipped = keys_of(document, ["RS256", "ES256"])

    assert keys == {}
    assert not document or skipped or document == {"keys": []}


@given(PARTS, st.sampled_from([public(OLD), public(EC)]))
def test_a_key_of_strange_parts_costs_itself_alone(strange: dict[str, Any], good: dict[str, Any]) -> None:
    keys, _ = keys_of({"keys": [{**good, **strange}, good]}, ["RS256", "ES256"])

    assert good["kid"] in keys
