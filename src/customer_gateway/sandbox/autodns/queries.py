"""AutoDNS's Query body: nested filters with links, orders, a view; and which keys a list answers with."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.exchange import Refusal
from customer_gateway.sandbox.store import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from customer_gateway.sandbox.store import Document

_DEFAULT_LIMIT: Final = 30
_LARGEST_LIMIT: Final = 1000
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")


class Query:
    """A checked Query over documents with these top-level keys; a Refusal says what cannot be honoured."""

    def __init__(self, body: Document, keys: Collection[str]) -> None:
        self._keys = keys
        self.filters: Sequence[Document] = body.get("filters") or []
        self.orders: Sequence[Document] = body.get("orders") or []
        view: Document = body.get("view") or {}
        self.limit = _bounded(view.get("limit", _DEFAULT_LIMIT), "limit", 1, _LARGEST_LIMIT)
        self.offset = _bounded(view.get("offset", 0), "offset", 0, None)
        self._fits = self._linked(self.filters)
        for order in self.orders:
            self._check_key(order.get("key"))
            if order.get("type", "ASC") not in ("ASC", "DESC"):
                raise _invalid("orders", str(order.get("type")))

    def chosen(self, rows: Iterable[Document]) -> list[Document]:
        """Return the rows that fit, in the order asked for."""
        found = [row for row in rows if self._fits(row)]
        for order in reversed(self.orders):
            key = str(order["key"])
            found.sort(key=lambda row: _comparable_or_empty(value_at(row, key)), reverse=order.get("type") == "DESC")
        return found

    def bound(self, key: str) -> set[str] | None:
        """Return the only values of a key that can fit, so that rows can be looked up; None when the filters do not
        say.
        """
        return _bound(self.filters, key)

    def _linked(self, filters: Sequence[Document]) -> Callable[[Document], bool]:
        """Combine filters: a filter's link joins it to the next one; AND binds before OR."""
        groups = [[self._test(one) for one in group] for group in _groups(filters)]
        return lambda row: not groups or any(all(test(row) for test in group) for group in groups)

    def _test(self, one: Document) -> Callable[[Document], bool]:
        if one.get("filters"):
            return self._linked(one["filters"])
        key = self._check_key(one.get("key"))
        operator = str(one.get("operator", "EQUAL"))
        negated = operator.startswith("NOT_")
        plain = operator.removeprefix("NOT_")
        test = _tests(plain, one)
        if test is None:
            raise _invalid("operator", operator)
        return lambda row: any(test(value) for value in _values(value_at(row, key))) is not negated

    def _check_key(self, key: Any) -> str:
        if not isinstance(key, str) or key.split(".")[0] not in self._keys:
            raise _invalid("key", str(key))
        return key


def reduced(row: Document, listed: Sequence[str], keys: Sequence[str]) -> Document:
    """Return a row as lists show it: their own keys and those asked for by name."""
    return {name: value for name, value in row.items() if name in listed or name in keys}


def _tests(operator: str, one: Document) -> Callable[[Any], bool] | None:
    wanted = one.get("value")
    match operator:
        case "EQUAL":
            return lambda value: _same(value, wanted)
        case "IN":
            sent: list[Any] = one.get("values") or []
            values = {_text(each) for each in sent}
            return lambda value: _text(value) in values
        case "LIKE" | "ILIKE":
            pattern = _pattern(str(wanted), re.IGNORECASE if operator == "ILIKE" else 0)
            return lambda value: value is not None and pattern.fullmatch(_text(value)) is not None
        case "IS_NULL" | "IS_NOT_NULL":
            return lambda value: (value is None) is (operator == "IS_NULL")
        case "GREATER" | "GREATER_EQUAL" | "LESS" | "LESS_EQUAL":
            return _comparison(operator, wanted)
        case _:
            return None


def _comparison(operator: str, wanted: Any) -> Callable[[Any], bool]:
    bound = _comparable(wanted)

    def compare(value: Any) -> bool:
        mine = _comparable(value)
        if value is None or type(mine) is not type(bound):
            return False
        above, same = mine > bound, mine == bound
        return (same and operator.endswith("EQUAL")) or (above if operator.startswith("GREATER") else not above | same)

    return compare


def _groups(filters: Sequence[Document]) -> list[list[Document]]:
    groups: list[list[Document]] = []
    joined = False
    for one in filters:
        if joined:
            groups[-1].append(one)
        else:
            groups.append([one])
        link = str(one.get("link", "AND"))
        if link not in ("AND", "OR"):
            raise _invalid("link", link)
        joined = link == "AND"
    return groups


def _bound(filters: Sequence[Document], key: str) -> set[str] | None:
    bounds = [_group_bound(group, key) for group in _groups(filters)]
    if not bounds or any(bound is None for bound in bounds):
        return None
    return {value for bound in bounds for value in bound or ()}


def _group_bound(group: Sequence[Document], key: str) -> set[str] | None:
    for one in group:
        if one.get("filters"):
            bound = _bound(one["filters"], key)
            if bound is not None:
                return bound
        elif one.get("key") == key and one.get("operator", "EQUAL") in ("EQUAL", "IN"):
            return {_text(value) for value in (one.get("values") or [one.get("value")])}
    return None


def _values(value: Any) -> list[Any]:
    """Return the elements that stand for a list; an absent one is null."""
    if isinstance(value, list):
        return value or [None]  # pyright: ignore[reportUnknownVariableType] - elements of a document
    return [value]


def _same(value: Any, wanted: Any) -> bool:
    return _comparable(value) == _comparable(wanted) if value is not None else wanted is None


def _comparable(value: Any) -> Any:
    """Return numbers as numbers even when they come as text, date-times as moments, the rest as text."""
    text = _text(value)
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text)
    return _moment(text) if _DATE.match(text) else text


def _moment(text: str) -> float:
    """Return seconds since 1970; a date-time without an offset is Berlin's."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=moments.BERLIN)).timestamp()


def _comparable_or_empty(value: Any) -> tuple[bool, str, float]:
    mine = _comparable(value) if value is not None else ""
    return value is not None, "" if isinstance(mine, float) else str(mine), mine if isinstance(mine, float) else 0.0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pattern(text: str, flags: int) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), flags | re.DOTALL)


def _bounded(value: Any, name: str, least: int, most: int | None) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
        raise _invalid(f"view.{name}", str(value))
    return value


def _invalid(name: str, value: str) -> Refusal:
    return Refusal(400, f"The value '{value}' is not allowed for {name}.", detail=[{"type": name, "value": value}])
