"""Which rights the claims of a user's token give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.model.callers import EVERY_SCOPE, Rights
from customer_gateway.model.tokens import ClaimGrant, ClaimRules, value_of

KEYCLOAK = {
    "scope": "openid profile customers:read",
    "realm_access": {"roles": ["default-roles-main", "clerk"]},
    "resource_access": {"customer.gateway": {"roles": ["reader"]}, "account": {"roles": ["manage-account"]}},
    "groups": ["/sales/north", "/all"],
}
ENTRA = {
    "scp": "Customers.Read Customers.Write",
    "roles": ["billing:read"],
    "groups": ["0f6b-11"],
    "department": "Field Sales",
}
AUTH0 = {
    "scope": "openid email",
    "permissions": ["customers:read", "raw:read"],
    "https://example.com/roles": ["support"],
}


def given_by(claim: str, value: str, claims: dict[str, Any]) -> bool:
    """Whether a grant for that value of that claim fits."""
    grant = ClaimGrant(claim, value, Rights(frozenset({"force"})))
    return ClaimRules(grants=(grant,)).rights_of(claims) == grant.rights


NAMED: list[tuple[tuple[str, ...], dict[str, Any], set[str]]] = [
    (("scope",), KEYCLOAK, {"customers:read"}),
    (("scp", "roles"), ENTRA, {"billing:read"}),
    (("permissions",), AUTH0, {"customers:read", "raw:read"}),
    (("permissions", "scope"), {"permissions": "admin  force\tother"}, {"admin", "force"}),
    (
        ("resource_access.customer.gateway.roles",),
        {"resource_access": {"customer.gateway": {"roles": ["admin"]}}},
        {"admin"},
    ),
    (("scope",), {"scope": ["admin", 7, None, ["force"]]}, {"admin"}),
    (("scope",), {"scope": {"admin": True}}, set()),
    (("scope",), {"scope": "ADMIN admin,force customers:*"}, set()),
    (("scope",), {}, set()),
    ((), {"scope": "admin"}, set()),
]


@pytest.mark.parametrize(("scope", "claims", "scopes"), NAMED)
def test_scopes_of_ours_are_taken_from_the_claims_that_are_named(
    scope: tuple[str, ...], claims: dict[str, Any], scopes: set[str]
) -> None:
    systems = None if scopes else frozenset[str]()

    assert ClaimRules(scope=scope).rights_of(claims) == Rights(frozenset(scopes), systems)


@pytest.mark.parametrize(
    ("claim", "value", "claims", "fits"),
    [
        ("groups", "/sales/north", KEYCLOAK, True),
        ("groups", "/sales", KEYCLOAK, False),
        ("realm_access.roles", "clerk", KEYCLOAK, True),
        ("resource_access.customer.gateway.roles", "reader", KEYCLOAK, True),
        ("resource_access.account.roles", "reader", KEYCLOAK, False),
        ("resource_access", "account", KEYCLOAK, False),
        ("scp", "Customers.Write", ENTRA, True),
        ("scp", "Customers.Read Customers.Write", ENTRA, False),
        ("department", "Field Sales", ENTRA, True),
        ("department", "Sales", ENTRA, False),
        ("https://example.com/roles", "support", AUTH0, True),
        ("https://example.com/roles", "Support", AUTH0, False),
        ("staff", "true", {"staff": True}, False),
        ("groups", "sales", {"groups": [["sales"]]}, False),
    ],
)
def test_a_grant_fits_a_claim_that_is_its_value_or_has_it(
    claim: str, value: str, claims: dict[str, Any], *, fits: bool
) -> None:
    assert given_by(claim, value, claims) is fits


def test_a_name_with_dots_is_one_claim_before_it_is_a_way() -> None:
    assert value_of({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert value_of({"a": {"b": 2}}, "a.b") == 2
    assert value_of({"a": {"b": {"c": 3}}, "a.b": {"d": 4}}, "a.b.c") == 3
    assert value_of({"a": ["b"]}, "a.b") is None
    assert value_of({"": {"": 1}}, ".") == 1
    assert value_of({}, "...") is None


SALES = ClaimGrant("groups", "sales", Rights(frozenset({"customers:read"}), frozenset({"lemonsoft"})), "staff")
CLERKS = ClaimGrant("groups", "clerks", Rights(frozenset({"billing:read"}), frozenset({"billbee"})), "clerks")
OPERATORS = ClaimGrant("groups", "operators", Rights(frozenset({"admin"})))


def test_grants_add_up_and_one_without_systems_is_for_all() -> None:
    rules = ClaimRules(grants=(SALES, CLERKS, OPERATORS))

    assert rules.rights_of({}) == Rights(frozenset(), frozenset())
    assert rules.rights_of({"groups": "sales"}) == SALES.rights
    both = Rights(frozenset({"customers:read", "billing:read"}), frozenset({"lemonsoft", "billbee"}))
    assert rules.rights_of({"groups": ["clerks", "sales"]}) == both
    everywhere = Rights(frozenset({"customers:read", "admin"}))
    assert rules.rights_of({"groups": ["sales", "operators"]}) == everywhere


def test_scopes_that_the_token_names_hold_for_the_systems_that_are_said() -> None:
    rules = ClaimRules(scope=("scope",), systems=frozenset({"pland"}), grants=(SALES,))

    assert rules.rights_of({"scope": "raw:read"}) == Rights(frozenset({"raw:read"}), frozenset({"pland"}))
    both = Rights(frozenset({"raw:read", "customers:read"}), frozenset({"pland", "lemonsoft"}))
    assert rules.rights_of({"scope": "raw:read", "groups": "sales"}) == both
    assert rules.rights_of({"scope": "openid", "groups": "sales"}) == SALES.rights


def test_the_first_grant_with_a_rate_class_says_it() -> None:
    rules = ClaimRules(grants=(OPERATORS, SALES, CLERKS), rate_class="users")

    assert rules.rate_class_of({}) == "users"
    assert rules.rate_class_of({"groups": ["clerks", "sales", "operators"]}) == "staff"
    assert rules.rate_class_of({"groups": ["clerks", "operators"]}) == "clerks"
    assert rules.rate_class_of({"groups": "operators"}) == "users"


NAMES = st.sampled_from(["lemonsoft", "billbee", "pland"])
RIGHTS = st.builds(Rights, st.frozensets(st.sampled_from(sorted(EVERY_SCOPE))), st.none() | st.frozensets(NAMES))
GROUPS = st.sampled_from(["a", "b", "c"])
RULES = st.builds(
    ClaimRules,
    scope=st.sampled_from([(), ("scope",), ("scope", "groups")]),
    systems=st.none() | st.frozensets(NAMES),
    grants=st.lists(st.builds(ClaimGrant, st.sampled_from(["groups", "x.y"]), GROUPS, RIGHTS), max_size=4).map(tuple),
)


@given(RULES, st.lists(GROUPS), GROUPS, st.sampled_from(sorted(EVERY_SCOPE)))
def test_more_in_a_token_never_means_fewer_rights(rules: ClaimRules, groups: list[str], more: str, scope: str) -> None:
    fewer = rules.rights_of({"groups": groups, "x": {"y": groups}})
    added = rules.rights_of({"groups": [*groups, more], "x": {"y": [more, *groups]}, "scope": scope})

    assert fewer.scopes <= added.scopes
    assert all(added.sees(name) for name in ("lemonsoft", "billbee", "pland", "other") if fewer.sees(name))


@given(RULES, st.lists(GROUPS))
def test_all_rights_come_from_a_rule(rules: ClaimRules, groups: list[str]) -> None:
    rights = rules.rights_of({"groups": groups})
    possible = [grant.rights for grant in rules.grants if grant.claim == "groups" and grant.value in groups]

    assert rights.scopes == frozenset[str]().union(*(each.scopes for each in possible))
    assert all(any(each.sees(name) for each in possible) for name in ("lemonsoft", "other") if rights.sees(name))
