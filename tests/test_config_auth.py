"""`[auth]` of the configuration: what is taken, and what is said of mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from users import BY_SCOPE, SECOND, SYSTEM

from customer_gateway.app import load_settings
from customer_gateway.config import AuthSettings
from customer_gateway.errors import ConfigInvalid
from customer_gateway.model.callers import SCOPES, Rights
from customer_gateway.model.tokens import ClaimGrant, ClaimRules, TokenPolicy

if TYPE_CHECKING:
    from pathlib import Path

JWT = """
[auth.jwt]
issuer = "https://login.example.com/realms/main"
audience = "customer-gateway"
jwks_url = "https://login.example.com/realms/main/certs"
"""
SALES = '[auth.jwt.grants.sales]\nclaim = "groups"\nvalue = "sales"\n'


def auth(folder: Path, text: str) -> AuthSettings:
    file = folder / "gateway.toml"
    file.write_text(f"{SYSTEM}{SECOND}{text}", encoding="utf-8")
    return load_settings(file).auth


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(ConfigInvalid) as refused:
        auth(folder, text)
    return str(refused.value).replace(f"{folder / 'gateway.toml'}: ", "")


def test_without_a_table_nothing_is_said(tmp_path: Path) -> None:
    assert auth(tmp_path, "") == AuthSettings(anonymous=None, anonymous_systems=None, jwt=None)


def test_anonymous_has_scopes_and_perhaps_fewer_systems(tmp_path: Path) -> None:
    found = auth(tmp_path, '[auth]\nanonymous = ["customers:read", "schema:read"]\nanonymous_systems = ["second"]\n')

    assert (found.anonymous, found.anonymous_systems) == (("customers:read", "schema:read"), ("second",))


def test_an_issuer_needs_three_lines_and_a_rule(tmp_path: Path) -> None:
    jwt = auth(tmp_path, JWT + BY_SCOPE).jwt

    assert jwt is not None
    assert jwt.policy() == TokenPolicy(
        "https://login.example.com/realms/main",
        ("customer-gateway",),
        ("RS256", "ES256"),
        ClaimRules(subject="sub", scope=("scope",), systems=None, grants=(), rate_class=None),
        30,
    )


def test_all_that_may_be_said_of_an_issuer(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_text("", encoding="utf-8")
    text = (
        JWT.replace('"customer-gateway"', '["customer-gateway", "api://gateway"]')
        + 'algorithms = ["PS256", "Ed25519"]\nleeway_seconds = 0\nrate_class = "users"\nca_file = "authority.pem"\n'
        + '[auth.jwt.claims]\nsubject = "oid"\nscope = ["scp", "roles"]\nsystems = []\n'
        + f'{SALES}scopes = ["customers:read"]\nsystems = ["first"]\nrate_class = "staff"\n'
        + '[auth.jwt.grants.operators]\nclaim = "realm_access.roles"\nvalue = "operator, senior"\nscopes = ["admin"]\n'
    )

    jwt = auth(tmp_path, text).jwt

    assert jwt is not None
    assert jwt.ca_file == tmp_path / "authority.pem"
    sales = ClaimGrant("groups", "sales", Rights(frozenset({"customers:read"}), frozenset({"first"})), "staff")
    operators = ClaimGrant("realm_access.roles", "operator, senior", Rights(frozenset({"admin"})))
    rules = ClaimRules("oid", ("scp", "roles"), frozenset(), (sales, operators), "users")
    audiences = ("customer-gateway", "api://gateway")
    assert jwt.policy() == TokenPolicy(jwt.issuer, audiences, ("PS256", "Ed25519"), rules, 0)


def test_every_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ANONYMOUS": "customers:read, schema:read",
        "ANONYMOUS_SYSTEMS": "first,second",
        "JWT__LEEWAY_SECONDS": "5",
        "JWT__AUDIENCE": "312909075212468632",
        "JWT__ALGORITHMS": "ES256",
        "JWT__CLAIMS__SCOPE": "scp, roles",
        "JWT__GRANTS__SALES__VALUE": "1",
        "JWT__GRANTS__CLERKS__CLAIM": "groups",
        "JWT__GRANTS__CLERKS__VALUE": "[clerks]",
        "JWT__GRANTS__CLERKS__SCOPES": "billing:read",
    }.items():
        monkeypatch.setenv(f"CUSTOMER_GATEWAY_AUTH__{name}", value)

    found = auth(tmp_path, f'{JWT}{SALES}scopes = ["force"]\n')

    assert (found.anonymous, found.anonymous_systems) == (("customers:read", "schema:read"), ("first", "second"))
    assert found.jwt is not None
    assert (found.jwt.leeway_seconds, found.jwt.audience, found.jwt.algorithms) == (
        5,
        ("312909075212468632",),
        ("ES256",),
    )
    assert found.jwt.claims.scope == ("scp", "roles")
    values = {name: (grant.value, grant.scopes) for name, grant in found.jwt.grants.items()}
    assert values == {"sales": ("1", ("force",)), "clerks": ("[clerks]", ("billing:read",))}


SCOPES_ARE = f"expected: scopes, of these: {', '.join(SCOPES)}"
SYSTEMS_ARE = "expected: names of configured systems: first, second"
RULE_IS = "expected: claims.scope, or a table such as [auth.jwt.grants.sales]: users have no rights without"
ADDRESS = (
    "[auth.jwt] jwks_url: expected: the https:// address of the issuer's key set, without a user or a fragment "
    "(http:// on this machine alone); its discovery document names it as jwks_uri"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[auth]\nanonymous = ["customer:read"]', f"[auth] anonymous: {SCOPES_ARE}"),
        ('[auth]\nanonymous = ["customers:read", 7]', f"[auth] anonymous: {SCOPES_ARE}"),
        ("[auth]\nanonymous = true", f"[auth] anonymous: {SCOPES_ARE}"),
        (
            "[auth]\nanonymous = []",
            f"[auth] anonymous: {SCOPES_ARE}; leave the key out to refuse requests without a credential",
        ),
        ('[auth]\nanonymous = ["force"]\nanonymous_systems = ["shop"]', f"[auth] anonymous_systems: {SYSTEMS_ARE}"),
        (
            '[auth]\nanonymous_systems = ["first"]',
            "[auth]: expected anonymous beside anonymous_systems, with the scopes that it has there",
        ),
        ("[auth]\nanybody = 1", "[auth] anybody: is not a key of this table; check the spelling"),
        ("[auth]\njwt = 1", "[auth] jwt: expected: a table"),
        (f'{SALES}scopes = ["sales"]\n{JWT}', f"[auth.jwt.grants.sales] scopes: {SCOPES_ARE}"),
        (f'{SALES}systems = ["first", "shop"]\n{JWT}', f"[auth.jwt.grants.sales] systems: {SYSTEMS_ARE}"),
        (f'{BY_SCOPE}systems = ["shop"]\n{JWT}', f"[auth.jwt.claims] systems: {SYSTEMS_ARE}"),
        (f"{SALES}rate = 1\n{JWT}", "[auth.jwt.grants.sales] rate: is not a key of this table; check the spelling"),
        (
            f'{SALES}rate_class = "Very Fast"\n{JWT}',
            "[auth.jwt.grants.sales] rate_class: expected: small letters, digits, - and _, a letter first",
        ),
        (
            JWT,
            f"[auth] jwt: {RULE_IS}",
        ),
        (
            JWT.replace('"customer-gateway"', "[]") + BY_SCOPE,
            "[auth.jwt] audience: expected: at least one text",
        ),
        (
            JWT.replace('"customer-gateway"', '""') + BY_SCOPE,
            "[auth.jwt] audience: expected: a text, or a list of texts, without blanks",
        ),
        (
            JWT.replace('realms/main"', 'realms main"') + BY_SCOPE,
            "[auth.jwt] issuer: expected: a text of at most 200 characters, without blanks",
        ),
        (f"{JWT}leeway_seconds = 301\n{BY_SCOPE}", "[auth.jwt] leeway_seconds: expected: less than or equal to 300"),
        (
            BY_SCOPE,
            "\n".join(f"[auth.jwt] {key}: is missing; it is required" for key in ("issuer", "audience", "jwks_url")),
        ),
    ],
)
def test_a_mistake_is_reported_by_table_and_key_with_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    assert mistakes(tmp_path, text) == said


@pytest.mark.parametrize(
    "algorithms", ['["none"]', '["RS256", "HS256"]', '"HS512"', "[]", '["RS256 "]', '["EdDSA"]', "7"]
)
def test_an_algorithm_without_a_key_pair_is_refused(tmp_path: Path, algorithms: str) -> None:
    said = mistakes(tmp_path, f"{JWT}algorithms = {algorithms}\n{BY_SCOPE}")

    assert said == (
        "[auth.jwt] algorithms: expected: algorithms that sign with a key of the issuer's own: RS256, RS384, RS512, "
        "PS256, PS384, PS512, ES256, ES384, ES512, Ed25519; none signs nothing, and what HS256 and its kind sign could "
        "be signed by all who check it"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.com/certs",
        "http://keycloak/certs",
        "http://127.0.0.1.example.com/certs",
        "http://localhost.example.com/certs",
        "http://169.254.169.254/certs",
        "https://user:not-to-be-shown@login.example.com/certs",
        "https://login.example.com/certs#key",
        "https://…/certs",
        "https://login.example.com/cer ts",
        "https://login.example.com:0/certs",
        "https://login.example.com:port/certs",
        "https:///certs",
        "https://[::1/certs",
        "file:///etc/passwd",
        "login.example.com/certs",
        "",
    ],
)
def test_keys_are_read_from_an_address_that_cannot_be_tampered_with(tmp_path: Path, url: str) -> None:
    said = mistakes(tmp_path, JWT.replace("https://login.example.com/realms/main/certs", url) + BY_SCOPE)

    assert said == ADDRESS


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com/certs?p=policy",
        "http://127.0.0.1:8080/certs",
        "http://localhost/certs",
        "http://[::1]:8080/certs",
    ],
)
def test_on_this_machine_keys_may_be_read_without_tls(tmp_path: Path, url: str) -> None:
    found = auth(tmp_path, JWT.replace("https://login.example.com/realms/main/certs", url) + BY_SCOPE).jwt

    assert found is not None
    assert found.jwks_url == url


def test_a_mistake_of_a_variable_is_reported_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_AUTH__JWT__GRANTS__SALES__SCOPES", "not-to-be-shown")

    said = mistakes(tmp_path, JWT + SALES)

    assert said == f"environment: CUSTOMER_GATEWAY_AUTH__JWT__GRANTS__SALES__SCOPES: {SCOPES_ARE}"


def test_systems_whose_own_tables_are_wrong_are_configured_all_the_same(tmp_path: Path) -> None:
    said = mistakes(
        tmp_path, '[auth]\nanonymous = ["force"]\nanonymous_systems = ["shop"]\n[systems.shop]\nkind = "x"\n'
    )

    assert "anonymous_systems" not in said
    assert "[systems.shop]: kind is 'x'" in said
