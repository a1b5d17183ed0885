"""Rows of a list by the ids that their vendor gives them, however those are spelled.

Ids are integers, or texts of a form; one that came otherwise (an integer as text or as a float, a text as a number) is
put in its place as what it is. A row without one that can be read keeps its place in the list, so that positions stay
true, and is left out of what is made of the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from customer_gateway.documents.values import is_list, is_object, read_integer, read_key

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Sequence

    from customer_gateway.documents.values import Document, DocumentContext

ReadId: TypeAlias = "Callable[[object, str, DocumentContext], int | str | None]"
"""Reads the value that stands under the name of an id."""

T = TypeVar("T")


class NoId:
    """Stands for the id of a row that has none: equal to itself alone, so that two such rows are not taken for one."""


def with_integer_ids(rows: object, name: str, context: DocumentContext) -> list[Document] | None:
    """Return the rows of a list with an integer, or `NoId`, under `name`; None for what is no list of such rows.

    A lone row without an id is one that lost it; several, and not one with an id, are rows of something else. One
    object with an id is a list of one.
    """
    return _with_ids(rows, name, context, read_integer)


def with_text_ids(rows: object, name: str, form: re.Pattern[str], context: DocumentContext) -> list[Document] | None:
    """Return the rows of a list as `with_integer_ids` does, with a text of this form under `name`."""
    return _with_ids(rows, name, context, text_of(form))


def text_of(form: re.Pattern[str]) -> ReadId:
    """Return how an id is read that is a text of this form."""
    return lambda value, name, context: read_key(value, name, form, context)


def _with_ids(rows: object, name: str, context: DocumentContext, read: ReadId) -> list[Document] | None:
    if is_object(rows) and single_id(rows, name, context, read) is not None:
        return [rows]
    if not is_list(rows):
        return None
    known = [_identified(row, name, context, read) for row in rows]
    return known if are_of_one_kind(rows, [has_id(row, name) for row in known]) else None


def are_of_one_kind(rows: Sequence[object], identified: Sequence[object]) -> bool:
    """Return whether rows are those that were asked for, given which of them say who they are."""
    return any(identified) or not rows or (len(rows) == 1 and is_object(rows[0]))


def _identified(row: object, name: str, context: DocumentContext, read: ReadId) -> Document:
    if not is_object(row):
        context.drift.notice(name, "missing: what is no object is left out of its list")
        return {name: NoId()}
    if read is not read_integer or type(row.get(name)) is not int:
        found = read(row.get(name), name, context)
        if found is None:
            context.drift.notice(name, "missing: the row is left out of its list")
        row[name] = NoId() if found is None else found
    return row


def has_id(row: Document, name: str) -> bool:
    return not isinstance(row[name], NoId)


def in_place(rows: Iterable[Document], name: str, read: Callable[[Document], T]) -> list[T | None]:
    """Read each row that has an id; None in the place of the others."""
    return [read(row) if has_id(row, name) else None for row in rows]


def those_with_ids(rows: Iterable[Document], name: str) -> list[Document]:
    """Leave out the rows that have no id."""
    return [row for row in rows if has_id(row, name)]


def single_id(row: Any, name: str, context: DocumentContext, read: ReadId) -> int | str | None:
    """Return the id of a single row, and put it in its place as what it is."""
    found = read(row.get(name), name, context) if is_object(row) else None
    if found is not None:
        row[name] = found
    return found
