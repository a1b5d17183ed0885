"""Where a document holds users: what gives their keys (`Writes.users`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.documents.changes import ABSENT
from customer_gateway.documents.values import is_object

if TYPE_CHECKING:
    from collections.abc import Callable


def user_itself(value: Any) -> list[str]:
    """Return the key of the user that a place holds as its value; none where it holds none."""
    return [] if value in (None, ABSENT) else [str(value)]


def users_in(*members: str) -> Callable[[Any], list[str]]:
    """Return the keys of the users that `members` of an entry of a list hold."""
    return lambda entry: [key for name in members if is_object(entry) for key in user_itself(entry.get(name))]
