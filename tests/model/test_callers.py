"""Scopes: those of the code are those of the documents and of the contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from customer_gateway.model.callers import SCOPES, Rights
from customer_gateway.model.required_scopes import FIELDS, NODES, forbidden, redacted_fields

CALLERS = (Path(__file__).parents[2] / "docs" / "callers.md").read_text(encoding="utf-8")


def test_every_scope_is_told_with_what_it_allows() -> None:
    assert re.findall(r"^\| `([a-z:]+)` \| (.*) \|$", CALLERS, re.MULTILINE)[: len(SCOPES)] == list(SCOPES.items())


def test_what_is_needed_are_scopes() -> None:
    needed = {scope for fields in FIELDS.values() for scopes in fields.values() for scope in scopes}

    assert needed | {scope for scopes in NODES.values() for scope in scopes} <= SCOPES.keys()


def test_the_message_names_what_is_lacking_and_nothing_else() -> None:
    error = forbidden({"raw:read", "billing:read", "customers:read"}, Rights(frozenset({"customers:read"})), "X.raw")

    assert str(error) == ("X.raw needs these scopes: billing:read, raw:read; ask the operator for a key with it.")
    assert forbidden({"raw:read"}, Rights(frozenset({"raw:read"})), "X.raw") is None


def test_what_a_caller_may_not_read_of_a_customer_is_known_by_its_scopes() -> None:
    assert redacted_fields(Rights(frozenset({"customers:read"}))) == {"billing", "accounts", "invoices"}
    assert redacted_fields(Rights(frozenset({"customers:read", "billing:read"}))) == frozenset()


@pytest.mark.parametrize(
    ("systems", "is_seen"), [(None, True), (frozenset({"pland"}), True), (frozenset({"next"}), False)]
)
def test_a_caller_sees_all_systems_or_those_that_are_named(systems: frozenset[str] | None, is_seen: bool) -> None:
    assert Rights(frozenset(), systems).sees("pland") is is_seen
