"""AutoDNS's envelope: what says that an answer is an error, and the rows of one that is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.record import is_list, is_object
from customer_gateway.documents.values import lone

if TYPE_CHECKING:
    from customer_gateway.documents.record import Document

_ERROR_CODE: Final = re.compile(r"EF?[0-9]{1,12}")
_SUCCESS_CODE: Final = re.compile(r"S[0-9]{1,12}")


def error_in_body(_status: int, document: Any) -> str | None:
    """Find an error under 200: the envelope's status says so, by type or by code, or one of its messages."""
    if not is_object(document):
        return None
    status = lone(document.get("status"))
    kind, code = _type(status), _code(status)
    known = _ERROR_CODE.fullmatch(code) is not None
    if kind == "ERROR":
        return f"its status is ERROR, with the code {code}" if known else "its status is ERROR"
    if known and kind != "SUCCESS":
        return f"its status has the code {code}"
    return "one of its messages is an ERROR" if any(map(_is_error, _messages(document))) else None


def rows_of(document: object) -> list[Document] | None:
    """Return the entities under `data`, which only a success may leave out; None for what is no such answer.

    The status may be a list of one, and the only entity may stand without its list.
    What is no entity among entities is an empty one: it keeps its place, and says of no customer that it is one.
    """
    if not is_object(document) or not is_object(status := lone(document.get("status"))):
        return None
    rows = document.get("data")
    if is_object(rows):
        return [rows]
    if rows is None:
        return [] if _is_success(status) else None
    if not is_list(rows) or (rows and not any(map(is_object, rows))):
        return None
    return [row if is_object(row) else {} for row in rows]


def _is_success(status: Document) -> bool:
    kind = _type(status)
    return kind == "SUCCESS" or (not kind and _SUCCESS_CODE.fullmatch(_code(status)) is not None)


def _is_error(message: object) -> bool:
    """Read the status of a message of the envelope: a word, or as the envelope has it."""
    if not is_object(message):
        return False
    told = lone(message.get("status"))
    kinds = {_word(told), _type(told), _type(message)}
    return "ERROR" in kinds or (kinds == {""} and _ERROR_CODE.fullmatch(_code(message)) is not None)


def _messages(document: Document) -> list[Any]:
    messages: Any = document.get("messages")
    return messages if is_list(messages) else [messages]


def _type(status: object) -> str:
    return _word(status.get("type")) if is_object(status) else ""


def _code(status: object) -> str:
    return _word(status.get("code")) if is_object(status) else ""


def _word(value: object) -> str:
    """Return a word of AutoDNS's in upper case."""
    value = lone(value)
    return value.strip().upper() if isinstance(value, str) else ""
