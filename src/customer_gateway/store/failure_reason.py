"""Tell why a database failed, without a word of a statement or a value."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY_CODE: Final = 0xFF
_UNDEFINED_TABLE: Final = "42P01"


def reason_of(error: Exception) -> str | None:
    """Return why the database failed, None where it is not at fault. Nothing of a statement or a value is in it."""
    if isinstance(error, NoConnectionFree):
        return "no connection became free"
    if isinstance(error, IntegrityError | sqlite3.IntegrityError) or not isinstance(
        error, DBAPIError | sqlite3.Error | OSError
    ):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return str(cause)  # such as: unable to open database file
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type((cause.__cause__ if cause else None) or cause or error).__name__


def is_damaged(error: Exception) -> bool:
    """Return whether what stands in a SQLite file cannot be read."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0)  # those of Python's own module have none
    return isinstance(cause, sqlite3.Error) and code & _PRIMARY_CODE in _DAMAGED


def lacks_table(error: Exception) -> bool:
    """Return whether a statement has named a table that is not there."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return str(cause).startswith("no such table")
    return getattr(cause, "sqlstate", None) == _UNDEFINED_TABLE
