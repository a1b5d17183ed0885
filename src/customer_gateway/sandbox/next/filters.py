"""filter_str: a JSON object of `field` or `field__operator`, all of which must hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from customer_gateway.sandbox.next.fields import FieldType
    from customer_gateway.sandbox.store import Document

_OPERATORS: Final = ("in", "ge", "le", "contains")
_SHAPES: Final[Mapping[FieldType, str]] = {
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "date": r"\d{4}-\d\d-\d\d",
}


class Filter:
    """A parsed filter_str. `keys` are the values of an id__in or an id, for a look-up instead of a search."""

    def __init__(self, text: str | None, fields: Mapping[str, FieldType], noun: str) -> None:
        self.terms = _parsed(text)
        self._fields = fields
        unknown = [name for name in self.terms if name.partition("__")[0] not in fields or _unknown_operator(name)]
        if unknown:
            raise unprocessable(f"Invalid filter fields for {noun}: {', '.join(unknown)}")
        self.tests = [self._test(name, wanted) for name, wanted in self.terms.items()]
        if "active" in fields and not any(name.partition("__")[0] == "active" for name in self.terms):
            self.tests.append(lambda row: row["active"] is True)

    def equal(self, field: str) -> list[Any] | None:
        """Return the values that the filter allows for a field by equality or __in; None when it does not say."""
        if f"{field}__in" in self.terms:
            return list(self.terms[f"{field}__in"])
        return [self.terms[field]] if field in self.terms else None

    def everything(self) -> bool:
        """Return whether all rows fit: nothing is asked but active and inactive ones."""
        return set(self.terms) <= {"active__in"} and {"true", "false"} <= {
            str(value).lower() for value in self.terms.get("active__in", ())
        }

    def fits(self, row: Document) -> bool:
        return all(test(row) for test in self.tests)

    def _test(self, name: str, wanted: Any) -> Callable[[Document], bool]:
        field, _, operator = name.partition("__")
        kind = self._fields[field]
        match operator:
            case "in":
                values = [_typed(value, kind, name) for value in _list(wanted, name)]
                return lambda row: row[field] in values
            case "ge":
                bound = _typed(wanted, kind, name)
                return lambda row: row[field] is not None and row[field] >= bound
            case "le":
                bound = _typed(wanted, kind, name)
                return lambda row: row[field] is not None and row[field] <= bound
            case "contains":
                part = _part(wanted, kind, name)
                return lambda row: part in (row[field] or "").lower()
            case _:
                value = _typed(wanted, kind, name)
                return lambda row: row[field] == value


def unprocessable(message: str) -> Refusal:
    """Answer 422 with the detail as a single object, as filter errors have it."""
    detail = {"loc": ["query", "filter_str"], "msg": message, "type": "value_error"}
    return Refusal(422, message, detail=detail)


def _parsed(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        terms = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise unprocessable("Failed to decode json") from None
    if not isinstance(terms, dict):
        raise unprocessable("Failed to decode json")
    return terms  # pyright: ignore[reportUnknownVariableType] - JSON object keys are text


def _unknown_operator(name: str) -> bool:
    _, separator, operator = name.partition("__")
    return bool(separator) and operator not in _OPERATORS


def _list(wanted: Any, name: str) -> list[Any]:
    if not isinstance(wanted, list):
        raise unprocessable(f"{name} needs a list")
    return wanted  # pyright: ignore[reportUnknownVariableType] - elements are checked one by one


def _part(wanted: Any, kind: FieldType, name: str) -> str:
    if kind != "text" or not isinstance(wanted, str):
        raise unprocessable(f"{name} works on strings only")
    return wanted.lower()


def _typed(value: Any, kind: FieldType, name: str) -> Any:
    """Return the value as rows hold it; null fits every type, "true" and "false" stand for the booleans."""
    if value is None:
        return None
    if kind == "boolean" and str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    if kind in ("integer", "number") and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if (
        kind in ("text", "moment", "date")
        and isinstance(value, str)
        and re.fullmatch(_SHAPES.get(kind, ".*"), value, re.DOTALL)
    ):
        return value
    raise unprocessable(f"{name} has the wrong type")
