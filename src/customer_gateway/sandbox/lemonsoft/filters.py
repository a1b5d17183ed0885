"""Lemonsoft's query parameters: `filter.name` or plain `name`, arrays by repetition, 400 with ModelState when wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

    from customer_gateway.sandbox.store import Collection, Document

_DEFAULT_SIZE: Final = 10
_LARGEST_SIZE: Final = 500


class Parameters:
    """One request's filter."""

    def __init__(self, request: Request) -> None:
        self._query = request.query_params

    def text(self, name: str) -> str | None:
        return self._query.get(f"filter.{name}", self._query.get(name)) or None

    def integer(self, name: str) -> int | None:
        text = self.text(name)
        return None if text is None else _integer(text, name)

    def integers(self, name: str) -> list[int] | None:
        """Return a repeated parameter; None when it was not sent."""
        sent = self._query.getlist(f"filter.{name}") or self._query.getlist(name)
        return [_integer(text, name) for text in sent] if sent else None

    def moment(self, name: str) -> str | None:
        """Return a date-time as comparable text, its zone mark cut off: filters are in the vendor's own time."""
        text = self.text(name)
        if text is not None and not re.match(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", text):
            raise invalid(name, text)
        return None if text is None else text.removesuffix("Z")

    def page(self) -> tuple[int, int]:
        """Limit and offset; a page size above the cap is cut down to it without a word."""
        size = self.integer("page_size") or _DEFAULT_SIZE
        page = self.integer("page") or 1
        if size < 1 or page < 1:
            raise invalid("page" if page < 1 else "page_size", str(min(size, page)))
        limit = min(size, _LARGEST_SIZE)
        return limit, (page - 1) * limit


def invalid(name: str, value: str) -> Refusal:
    state = {f"filter.{name}": [f"The value '{value}' is not valid for {name}."]}
    return Refusal(400, "The request is invalid.", detail=state)


def candidates(collection: Collection, ids: Sequence[int] | None, field: str, numbers: Sequence[int] | None) -> Any:
    """Return the rows that ids and numbers leave over, by look-up; all when neither was sent."""
    if ids is None and numbers is None:
        return collection
    if ids is None:
        return collection.where(field, numbers or ())
    return [row for row in collection.where("id", ids) if numbers is None or row.get(field) in numbers]


def customer_tests(sent: Parameters) -> list[Callable[[Document], bool]]:
    return [
        *contains("name", sent.text("name"), ("name", "name2")),
        *contains("search_name", sent.text("search_name"), ("searchname",)),
        *contains("email", sent.text("email"), ("email",)),
        *contains("phone", sent.text("phone"), ("phone",)),
        *contains("search", sent.text("search"), ("name", "searchname", "number", "email", "city")),
        *_contact_email(sent.text("contact_email")),
        *equals("vat", sent.text("vat")),
        *equals("group", sent.integer("group")),
        *equals("type", sent.integer("type")),
        *_flag("is_customer", sent.integer("is_customer")),
        *_flag("is_supplier", sent.integer("is_supplier")),
        *_has_email(sent.integer("has_email")),
        *_attributes(sent.integers("attribute_ids")),
        *between("modified", sent.moment("modified_after"), sent.moment("modified_before")),
        *between("modified", sent.moment("updated_after"), sent.moment("updated_before")),
        *between("created", sent.moment("created_after"), sent.moment("created_before")),
    ]


def contains(_name: str, part: str | None, fields: Sequence[str]) -> list[Callable[[Document], bool]]:
    if part is None:
        return []
    wanted = part.lower()
    return [lambda row: any(wanted in str(row.get(field) or "").lower() for field in fields)]


def equals(field: str, value: object) -> list[Callable[[Document], bool]]:
    return [] if value is None else [lambda row: row.get(field) == value]


def between(field: str, after: str | None, before: str | None) -> list[Callable[[Document], bool]]:
    tests: list[Callable[[Document], bool]] = []
    if after is not None:
        tests.append(lambda row: (row.get(field) or "") > after)
    if before is not None:
        tests.append(lambda row: (row.get(field) or "") < before)
    return tests


def _flag(field: str, value: int | None) -> list[Callable[[Document], bool]]:
    """Read a flag: a boolean in bodies, 0 or 1 in filters."""
    return [] if value is None else [lambda row: bool(row.get(field)) == bool(value)]


def _has_email(value: int | None) -> list[Callable[[Document], bool]]:
    return [] if value is None else [lambda row: bool(row.get("email")) == bool(value)]


def _contact_email(part: str | None) -> list[Callable[[Document], bool]]:
    if part is None:
        return []
    wanted = part.lower()
    return [lambda row: any(wanted in (contact.get("email") or "").lower() for contact in row["contacts"])]


def _attributes(wanted: Sequence[int] | None) -> list[Callable[[Document], bool]]:
    if wanted is None:
        return []
    return [lambda row: any(entry["selected"] and entry["id"] in wanted for entry in row["attributes"])]


def _integer(text: str, name: str) -> int:
    if not re.fullmatch(r"-?\d{1,10}", text):
        raise invalid(name, text)
    return int(text)
