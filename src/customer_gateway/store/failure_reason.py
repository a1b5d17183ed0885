"""Tell why a database failed, without a word of a statement or a value."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


def reason_of(error: Exception) -> str | None:
    """Return why the database failed, None where it is not at fault. Nothing of a statement or a value is in it."""
    if isinstance(error, NoConnectionFree):
        return "no connection became free"
    if isinstance(error, IntegrityError) or not isinstance(error, DBAPIError | sqlite3.Error | OSError):
        return None
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return str(cause)  # such as: unable to open database file
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type((cause.__cause__ if cause else None) or cause or error).__name__
