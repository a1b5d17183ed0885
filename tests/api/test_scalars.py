"""Scalars: how a value is told, and what is taken for one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, cast

import pytest
from api.acme_graph import SCHEMA
from graphql import GraphQLError, GraphQLScalarType
from hypothesis import given
from hypothesis import strategies as st

CET = timezone(timedelta(hours=1))


def scalar(name: str) -> GraphQLScalarType:
    return cast("GraphQLScalarType", SCHEMA.type_map[name])


def told(name: str, value: object) -> Any:
    return scalar(name).serialize(value)


def taken(name: str, value: object) -> Any:
    return scalar(name).parse_value(value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DateTime", datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        ("DateTime", datetime(2026, 1, 31, 12, tzinfo=CET), "2026-01-31T11:00:00Z"),
        ("DateTime", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC), "2026-01-31T12:00:00.500000Z"),
        ("Date", date(2026, 1, 31), "2026-01-31"),
        ("Decimal", Decimal("12.50"), "12.5"),
        ("Decimal", Decimal(100), "100"),
        ("Decimal", Decimal("1E+3"), "1000"),
        ("Decimal", Decimal("1E-7"), "0.0000001"),
        ("Decimal", Decimal("-0.0"), "0"),
        ("Decimal", Decimal("0E+5"), "0"),
        ("Decimal", Decimal("-3.10"), "-3.1"),
        ("Decimal", Decimal("12345678901234567890123456789012.340"), "12345678901234567890123456789012.34"),
        ("Long", 2**40, 2**40),
        ("JSON", {"any": [1, None]}, {"any": [1, None]}),
    ],
)
def test_a_value_is_told_in_its_published_form(name: str, value: object, expected: object) -> None:
    assert told(name, value) == expected


@given(number=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_a_decimal_is_told_in_its_shortest_form_and_keeps_every_digit(number: Decimal) -> None:
    text = told("Decimal", number)

    assert Decimal(text) == number
    assert "E" not in text.upper()
    assert text == "0" or not text.startswith("-0") or "." in text
    assert "." not in text or not text.endswith(("0", "."))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DateTime", "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("DateTime", "2026-01-31T12:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=CET)),
        ("Date", "2026-01-31", date(2026, 1, 31)),
        ("Decimal", "12.50", Decimal("12.50")),
        ("Decimal", 12, Decimal(12)),
        ("Long", 2**63 - 1, 2**63 - 1),
        ("Long", -(2**63), -(2**63)),
        ("JSON", {"any": [1]}, {"any": [1]}),
    ],
)
def test_a_value_in_its_published_form_is_taken(name: str, value: object, expected: object) -> None:
    assert taken(name, value) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DateTime", "2026-01-31T12:00:00"),
        ("DateTime", "yesterday"),
        ("DateTime", 1774220400000),
        ("DateTime", None),
        ("Date", "31.01.2026"),
        ("Date", 20260131),
        ("Decimal", 12.75),
        ("Decimal", True),
        ("Decimal", "12,50"),
        ("Decimal", "NaN"),
        ("Decimal", "Infinity"),
        ("Decimal", []),
        ("Long", 2**63),
        ("Long", -(2**63) - 1),
        ("Long", 1.0),
        ("Long", "1"),
        ("Long", True),
    ],
)
def test_any_other_value_is_refused_with_what_is_expected(name: str, value: object) -> None:
    with pytest.raises(GraphQLError, match=name) as refused:
        taken(name, value)

    assert repr(value) not in refused.value.message or value is None


def test_scalars_with_a_published_form_name_it() -> None:
    assert scalar("DateTime").specified_by_url == "https://www.rfc-editor.org/rfc/rfc3339"
    assert scalar("JSON").specified_by_url == "https://www.rfc-editor.org/rfc/rfc8259"
