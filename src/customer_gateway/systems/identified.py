"""Rows of a list by the ids that their vendor gives them, however those are spelled.

An id that came as text or as a float is put in its place as the integer that it is. A row without one that can be read
keeps its place in the list, so that positions stay true, and is left out of what is made of the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from customer_gateway.documents.values import is_list, is_object, read_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from customer_gateway.documents.values import Document, DocumentContext


T = TypeVar("T")


class NoId:
    """Stands for the id of a row that has none: equal to itself alone, so that two such rows are not taken for one."""


def with_integer_ids(rows: object, name: str, reading: DocumentContext) -> list[Document] | None:
    """Return the rows of a list with an integer, or `NoId`, under `name`; None for what is no list of such rows.

    A lone row without an id is one that lost it; several, and not one with an id, are rows of something else. One
    object with an id is a list of one.
    """
    if is_object(rows) and integer_id(rows, name, reading) is not None:
        return [rows]
    if not is_list(rows):
        return None
    known = [_identified(row, name, reading) for row in rows]
    return known if are_of_one_kind(rows, [has_id(row, name) for row in known]) else None


def are_of_one_kind(rows: Sequence[object], identified: Sequence[object]) -> bool:
    """Return whether rows are those that were asked for, given which of them say who they are."""
    return any(identified) or not rows or (len(rows) == 1 and is_object(rows[0]))


def _identified(row: object, name: str, reading: DocumentContext) -> Document:
    if not is_object(row):
        reading.drift.notice(name, "missing: what is no object is left out of its list")
        return {name: NoId()}
    if type(row.get(name)) is not int:
        number = read_integer(row.get(name), name, reading)
        if number is None:
            reading.drift.notice(name, "missing: the row is left out of its list")
        row[name] = NoId() if number is None else number
    return row


def has_id(row: Document, name: str) -> bool:
    return type(row[name]) is int


def in_place(rows: Iterable[Document], name: str, read: Callable[[Document], T]) -> list[T | None]:
    """Read each row that has an id; None in the place of the others."""
    return [read(row) if has_id(row, name) else None for row in rows]


def those_with_ids(rows: Iterable[Document], name: str) -> list[Document]:
    """Leave out the rows that have no id."""
    return [row for row in rows if type(row[name]) is int]


def integer_id(row: Any, name: str, reading: DocumentContext) -> int | None:
    """Return the id of a single row, and put it in its place as an integer."""
    number = read_integer(row.get(name), name, reading) if is_object(row) else None
    if number is not None:
        row[name] = number
    return number
