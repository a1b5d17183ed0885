"""The scalars of the contract and the Python types that carry them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError

Long = NewType("Long", int)
JSON = NewType("JSON", object)

_LONG_RANGE: Final = range(-(2**63), 2**63)


def _decimal_text(value: Decimal) -> str:
    """Shortest plain form: no exponent, no trailing zeros, every digit kept."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if value else "0"


def _moment_text(value: datetime) -> str:
    text = value.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


def _read_moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("DateTime takes RFC 3339 text such as 2026-01-31T12:00:00Z.") from None
    if moment.tzinfo is None:
        raise GraphQLError("DateTime needs an offset, such as Z.")
    return moment


def _read_date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("Date takes text such as 2026-01-31.") from None


def _read_decimal(value: Any) -> Decimal:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        try:
            number = Decimal(value)
        except ArithmeticError:
            number = Decimal("nan")
        if number.is_finite():
            return number
    raise GraphQLError("Decimal takes a decimal number as text, such as 12.5.")


def _read_long(value: Any) -> int:
    if type(value) is int and value in _LONG_RANGE:
        return value
    raise GraphQLError("Long takes a whole number of at most 64 bits.")


SCALARS: Final[dict[object, Any]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time, RFC 3339, in UTC in answers.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_moment_text,
        parse_value=_read_moment,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day, RFC 3339 full-date.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=date.isoformat,
        parse_value=_read_date,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as a JSON string, shortest form.",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#decimal",
        serialize=_decimal_text,
        parse_value=_read_decimal,
    ),
    Long: strawberry.scalar(
        name="Long",
        description="A 64-bit integer as a JSON number.",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#long",
        serialize=int,
        parse_value=_read_long,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as it was sent.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
    ),
}
