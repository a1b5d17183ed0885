"""Which users' tokens are taken, and what is said of the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from issuer import AUDIENCE, ISSUER, NOW, SUBJECT, by_secret, claims, ec, forged, part, public, rsa, running, signed
from joserfc.jwk import OKPKey, RSAKey
from joserfc.jws import serialize_compact
from structlog.testing import capture_logs
from users import BY_SCOPE, Users, users_of

from customer_gateway.errors import IssuerUnavailable, Unauthenticated
from customer_gateway.http.callers.jwks import IssuerKeys
from customer_gateway.http.callers.tokens import MOST_TOKEN_CHARACTERS, TokenVerifier
from customer_gateway.model.callers import Caller, Rights
from customer_gateway.model.tokens import ClaimRules, TokenPolicy

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

RSA, OTHER_RSA, EC = rsa("rsa-1"), rsa("rsa-2"), ec("ec-1")
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1"})


async def refusal(users: Users, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await users.caller_of(token)
    return str(refused.value)


@pytest.mark.parametrize("key", [RSA, EC], ids=["RS256", "ES256"])
async def test_a_token_of_the_issuer_for_the_gateway_is_a_user(tmp_path: Path, key: Any) -> None:
    async with running(RSA, EC) as issuer, users_of(issuer, tmp_path) as users:
        caller = await users.caller_of(signed(key, claims()))

        assert caller == Caller(SUBJECT, "user", Rights(frozenset({"customers:read"})))
        assert issuer.requests == ["GET /realms/main/certs?of=main HTTP/1.1"]


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [("RS384", RSA), ("RS512", RSA), ("PS256", RSA), ("PS384", RSA), ("PS512", RSA), ("Ed25519", ED)],
)
async def test_other_algorithms_of_key_pairs_are_taken_where_they_are_configured(
    tmp_path: Path, algorithm: str, key: Any
) -> None:
    token = signed(key, claims(), alg=algorithm)
    async with running(RSA, ED) as issuer:
        async with users_of(issuer, tmp_path, f'algorithms = "{algorithm}"\n{BY_SCOPE}') as users:
            assert (await users.caller_of(token)).name == SUBJECT
        async with users_of(issuer, tmp_path) as users:
            taken = "The token is signed by an algorithm that is not taken here; taken are RS256, ES256."
            assert await refusal(users, token) == taken


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": [AUDIENCE]},
        {"aud": ["account", AUDIENCE]},
        {"nbf": NOW},
        {"iat": None},
        {"exp": NOW + 0.5},
        {"jti": "1", "azp": "web", "email": "ina@example.com", "unknown": {"deep": [1, None]}},
    ],
)
async def test_what_claims_may_also_be_is_taken(tmp_path: Path, changed: dict[str, Any]) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        assert (await users.caller_of(signed(RSA, claims(**changed)))).kind == "user"


WRONG_FORM = "The token's claim {} has a value of the wrong form; get another token."
LACKING = "The token lacks a claim that it needs: {}; get another."
OTHER_ISSUER = "The token is of another issuer than the one that is configured; get one there."
OTHER_AUDIENCE = "The token is for another audience than this gateway; ask the issuer for one for it."
NO_USER = "The token names no user: its claim sub is missing, or no text."


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"iss": "https://evil.example.com/not-to-be-shown"}, OTHER_ISSUER),
        ({"iss": f"{ISSUER}/"}, OTHER_ISSUER),
        ({"iss": ""}, OTHER_ISSUER),
        ({"iss": [ISSUER]}, WRONG_FORM.format("iss")),
        ({"iss": None}, LACKING.format("iss")),
        ({"aud": "not-to-be-shown"}, OTHER_AUDIENCE),
        ({"aud": ["not-to-be-shown", f"{AUDIENCE} "]}, OTHER_AUDIENCE),
        ({"aud": []}, OTHER_AUDIENCE),
        ({"aud": {AUDIENCE: True}}, WRONG_FORM.format("aud")),
        ({"aud": None}, LACKING.format("aud")),
        ({"exp": None}, LACKING.format("exp")),
        ({"exp": "not-to-be-shown"}, WRONG_FORM.format("exp")),
        ({"exp": True}, WRONG_FORM.format("exp")),
        ({"exp": [NOW + 300]}, WRONG_FORM.format("exp")),
        ({"nbf": "not-to-be-shown"}, WRONG_FORM.format("nbf")),
        ({"nbf": False}, WRONG_FORM.format("nbf")),
        ({"iat": {}}, WRONG_FORM.format("iat")),
        ({"sub": None}, NO_USER),
        ({"sub": ""}, NO_USER),
        ({"sub": "not-to-be-shown\n"}, NO_USER),
        ({"sub": "x" * 256}, NO_USER),
        ({"sub": 7}, WRONG_FORM.format("sub")),
        ({"exp": None, "iss": None}, LACKING.format("exp,iss")),
    ],
)
async def test_a_claim_that_is_wrong_is_named_and_its_value_is_not(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        assert await refusal(users, signed(RSA, claims(**changed))) == said


EXPIRED = "The token has expired; get a new one."
EARLY = "The token is not valid yet; try again later, and check the clocks of the issuer and the gateway."
FUTURE = "The token was issued in the future; check the clocks of the issuer and the gateway."


@pytest.mark.parametrize(
    ("leeway", "claim", "at", "said"),
    [
        (30, "exp", NOW - 29, None),
        (30, "exp", NOW - 30, EXPIRED),
        (0, "exp", NOW + 1, None),
        (0, "exp", NOW, EXPIRED),
        (300, "exp", NOW - 299, None),
        (300, "exp", NOW - 300, EXPIRED),
        (30, "nbf", NOW + 30, None),
        (30, "nbf", NOW + 31, EARLY),
        (0, "nbf", NOW + 1, EARLY),
        (30, "iat", NOW + 30, None),
        (30, "iat", NOW + 31, FUTURE),
    ],
)
async def test_clocks_may_differ_by_the_leeway_and_no_more(
    tmp_path: Path, leeway: int, claim: str, at: int, said: str | None
) -> None:
    token = signed(RSA, claims(**{claim: at}))
    async with running(RSA) as issuer, users_of(issuer, tmp_path, f"leeway_seconds = {leeway}\n{BY_SCOPE}") as users:
        if said is None:
            assert (await users.caller_of(token)).name == SUBJECT
        else:
            assert await refusal(users, token) == said


async def test_a_token_that_was_taken_is_refused_when_it_expires(tmp_path: Path) -> None:
    token = signed(RSA, claims(exp=NOW + 10))
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        await users.caller_of(token)
        users.now = NOW + 39.9
        await users.caller_of(token)
        users.now = NOW + 40

        assert await refusal(users, token) == EXPIRED


MALFORMED = "The token is malformed; send it as the issuer gave it out."
HEADER = {"alg": "RS256", "kid": "rsa-1"}
SIGNATURE = "The token's signature is not that of its issuer for it; get a new token."
UNFIT = "The token names an algorithm that its key is not for; get a new token."
NO_ALGORITHM = "The token is signed by an algorithm that is not taken here; taken are RS256, ES256."


@pytest.mark.parametrize(
    "token",
    [
        "not-to-be-shown",
        "a.b",
        "a.b.c.d",
        "..",
        "eyJ.eyJ.x",
        forged(b"not-to-be-shown", {}),
        forged([["alg"]], {}),
        forged("alg", {}),
        forged(7, {}),
        forged(b"\xff\xfe", {}),
        forged(b"[" * 3_000, {}),
        forged(b'{"alg":"RS256","kid":"rsa-1","x":' + b"[" * 740 + b"]" * 740 + b"}", {}),
        forged({**HEADER, "jku": "not-to-be-shown"}, {}),
        forged({**HEADER, "x": "y" * 2_048}, {}),
        forged({**HEADER, "b64": False}, {}),
        signed(RSA, claims()) + "=",
        signed(RSA, claims()).replace(".", " ."),
        signed(RSA, claims()).replace(".", ".\n", 1),
        part(HEADER) + ".é." + part(b"x"),
    ],
)
async def test_what_is_no_token_is_malformed(tmp_path: Path, token: str) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        with pytest.raises(Unauthenticated) as refused:
            await users.caller_of(token)

        assert str(refused.value) in {
            MALFORMED,
            SIGNATURE,
            "The credential is not ASCII text; send it as it was given out.",
        }
        assert "not-to-be-shown" not in str(refused.value)


@pytest.mark.parametrize(
    "payload", [b"not-to-be-shown", b"[]", b'"x"', b"7", b"null", b"\xff", b'{"exp": NaN}', b"[" * 9_000]
)
async def test_a_signed_payload_that_is_no_object_is_malformed(tmp_path: Path, payload: bytes) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        assert await refusal(users, serialize_compact(HEADER, payload, RSA)) == MALFORMED


async def test_a_token_is_not_read_beyond_its_bound(tmp_path: Path) -> None:
    fitting = signed(RSA, claims(groups=["x" * 100] * 100))
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        assert len(fitting) < MOST_TOKEN_CHARACTERS
        assert (await users.caller_of(fitting)).name == SUBJECT
        said = await refusal(users, signed(RSA, claims(groups=["x" * 100] * 120)))

        assert said == f"The token has more than {MOST_TOKEN_CHARACTERS} characters; ask for one of fewer claims."


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, ["RS256"], {"RS256": 1}, 0])
@pytest.mark.parametrize("signature", [b"", b"x"])
async def test_a_token_that_nothing_signs_is_refused(tmp_path: Path, algorithm: object, signature: bytes) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        token = forged({"alg": algorithm, "kid": "rsa-1"}, claims(), signature)

        assert await refusal(users, token) == NO_ALGORITHM
        assert await refusal(users, forged({"kid": "rsa-1"}, claims(), signature)) == NO_ALGORITHM


async def test_a_public_key_is_no_secret_that_signs(tmp_path: Path) -> None:
    secrets = [
        RSA.as_pem(private=False),
        RSA.as_pem(private=False).strip(),
        RSA.as_der(private=False),
        part(public(RSA)).encode(),
        str(public(RSA)["n"]).encode(),
    ]
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        for secret in secrets:
            for algorithm in ("HS256", "RS256"):
                token = by_secret({"alg": algorithm, "kid": "rsa-1"}, claims(), secret)

                assert await refusal(users, token) == (NO_ALGORITHM if algorithm == "HS256" else SIGNATURE)


async def test_a_key_signs_by_the_algorithms_of_its_kind_alone(tmp_path: Path) -> None:
    async with running(RSA, EC) as issuer, users_of(issuer, tmp_path) as users:
        _, payload, signature = signed(EC, claims()).split(".")
        crossed = f"{part({'alg': 'RS256', 'kid': 'ec-1'})}.{payload}.{signature}"
        turned = f"{part({'alg': 'ES256', 'kid': 'rsa-1'})}.{payload}.{signature}"

        assert await refusal(users, crossed) == UNFIT
        assert await refusal(users, turned) == UNFIT


async def test_a_key_that_is_published_for_one_algorithm_checks_no_other(tmp_path: Path) -> None:
    async with running() as issuer, users_of(issuer, tmp_path, f'algorithms = ["RS256", "RS512"]\n{BY_SCOPE}') as users:
        issuer.keys = [public(RSA, alg="RS256")]

        assert (await users.caller_of(signed(RSA, claims()))).name == SUBJECT
        assert await refusal(users, signed(RSA, claims(), alg="RS512")) == UNFIT


async def test_keys_that_a_token_brings_along_are_not_looked_at(tmp_path: Path) -> None:
    evil = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    async with running(RSA) as issuer, running(evil) as other, users_of(issuer, tmp_path) as users:
        for header in ({"jwk": public(evil)}, {"jku": other.url}, {"x5u": other.url}, {"x5c": ["MIIB"]}):
            assert await refusal(users, signed(evil, claims(), **header)) == SIGNATURE
            assert (await users.caller_of(signed(RSA, claims(), **header))).name == SUBJECT

        assert other.requests == []


@pytest.mark.parametrize("critical", [["exp"], [], ["b64"], "exp", None])
async def test_critical_parameters_are_refused(tmp_path: Path, critical: object) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        said = await refusal(users, forged({**HEADER, "crit": critical, "exp": 1}, claims(), b"x"))

        assert said == "The token's header has critical parameters (crit), which are not taken here."


@pytest.mark.parametrize(
    ("kind", "taken"),
    [("JWT", True), ("jwt", True), ("at+jwt", True), ("application/at+jwt", True), ("logout+jwt", False), (7, False)],
)
async def test_a_token_of_another_type_is_no_access_token(tmp_path: Path, kind: object, *, taken: bool) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        if taken:
            assert (await users.caller_of(signed(RSA, claims(), typ=kind))).name == SUBJECT
        else:
            said = "The token is of another type (typ) than JWT or at+jwt; send an access token."
            assert await refusal(users, forged({**HEADER, "typ": kind}, claims(), b"x")) == said


@pytest.mark.parametrize("kid", [None, "", 7, ["rsa-1"]])
async def test_a_token_names_its_key(tmp_path: Path, kid: object) -> None:
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        said = await refusal(users, forged({"alg": "RS256", "kid": kid}, claims(), b"x"))

        assert said == "The token's header does not name its key (kid); let the issuer name it."


async def test_neither_tokens_nor_claims_are_in_the_log_or_in_errors(tmp_path: Path) -> None:
    secret = "not-to-be-shown"
    good = signed(RSA, claims(email=secret))
    bad = [
        signed(RSA, claims(iss=secret)),
        signed(RSA, claims(exp=secret)),
        signed(OTHER_RSA, claims(email=secret), kid="rsa-1"),
        signed(RSA, claims(email=secret), kid=secret),
        forged({"alg": secret}, claims()),
        good[:-4] + "AAAA",
        secret,
    ]
    async with running(RSA) as issuer, users_of(issuer, tmp_path) as users:
        with capture_logs() as log:
            said = [await refusal(users, token) for token in bad]
            await users.caller_of(good)
            await issuer.stop()
            users.seconds += 700
            await users.caller_of(good)
            for _ in range(500):
                if len(log) >= 4:
                    break
                await asyncio.sleep(0.01)

    assert [line["event"] for line in log] == ["upstream_call", "key_set_read", "upstream_call", "key_set_unread"]
    told = repr(log) + repr(said)
    assert [each for each in [secret, SUBJECT, *bad, *good.split(".")] if each in told] == []


def offline(most_remembered: int = 10) -> TokenVerifier:
    """A verifier whose issuer's set is handed to it, for many tokens at a time."""

    async def fetch(_: object) -> object:
        return {"keys": [public(RSA), public(EC)]}

    policy = TokenPolicy(ISSUER, (AUDIENCE,), ("RS256", "ES256"), ClaimRules(scope=("scope",)))
    return TokenVerifier(policy, IssuerKeys(fetch, policy.algorithms), lambda: NOW, most_remembered)


TOKENS = [signed(RSA, claims()), signed(EC, claims())]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "


@given(data=st.data(), token=st.sampled_from(TOKENS))
def test_a_token_changed_in_one_character_is_refused(data: st.DataObject, token: str) -> None:
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from([each for each in LETTERS if each != token[at]]))
    how = data.draw(st.sampled_from(["changed", "added", "removed"]))
    after = {"changed": letter + token[at + 1 :], "added": letter + token[at:], "removed": token[at + 1 :]}[how]

    async def check() -> None:
        verifier = offline()
        assert (await verifier.caller_of(token)).name == SUBJECT
        with pytest.raises(Unauthenticated):
            await verifier.caller_of(token[:at] + after)

    asyncio.run(check())


PIECES = st.one_of(
    st.binary(max_size=40),
    st.dictionaries(
        st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "x5c"]),
        st.one_of(
            st.sampled_from(["RS256", "ES256", "none", "rsa-1", "ec-1", "JWT"]),
            st.none(),
            st.integers(),
            st.lists(st.text()),
        ),
    ),
    st.just({"alg": "RS256", "kid": "rsa-1"}),
    st.just({"alg": "ES256", "kid": "ec-1"}),
    st.text(max_size=5),
)


@given(header=PIECES, payload=PIECES, signature=st.one_of(st.binary(max_size=80), st.binary(min_size=64, max_size=64)))
def test_whatever_is_put_together_is_refused_by_a_sentence(header: object, payload: object, signature: bytes) -> None:
    async def check() -> None:
        with pytest.raises((Unauthenticated, IssuerUnavailable)):
            await offline().caller_of(forged(header, payload, signature))

    asyncio.run(check())


async def test_tokens_are_remembered_up_to_a_bound_the_first_one_goes_first() -> None:
    tokens = [signed(EC, claims(sub=str(count))) for count in range(4)]
    verifier = offline(most_remembered=3)
    callers = [await verifier.caller_of(each) for each in tokens[:3]]

    assert all([await verifier.caller_of(each) is caller for each, caller in zip(tokens, callers, strict=False)])
    await verifier.caller_of(tokens[3])
    assert await verifier.caller_of(tokens[1]) is callers[1]
    again = await verifier.caller_of(tokens[0])
    assert again == callers[0]
    assert again is not callers[0]
