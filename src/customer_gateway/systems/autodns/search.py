"""AutoDNS's Query: the body of every list. Names of keys are the vendor's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_ROWS_PER_CALL: Final = 100  # no maximum is documented; a long-lived client asks for a hundred at a time

Filter = dict[str, Any]


def query(filters: Sequence[Filter], order: Sequence[str], offset: int, limit: int) -> dict[str, Any]:
    """Return a Query in a total order: without one, pages of a list may overlap."""
    body: dict[str, Any] = {
        "view": {"offset": offset, "limit": limit},
        "orders": [{"key": key, "type": "ASC"} for key in order],
    }
    return {"filters": list(filters), **body} if filters else body


def among(members: Iterable[tuple[str, str]], group_key: str, member_key: str) -> list[Filter]:
    """Return filters for members of groups: the numbers of a client, the names of a context.

    Each group is one EQUAL and one IN, so that any number of keys fits one call. Whether a link binds its filter to
    the one before or to the one after is not documented: all filters side by side carry the same link.
    """
    groups: dict[str, list[str]] = {}
    for group, member in members:
        groups.setdefault(group, []).append(member)
    each = [
        [
            {"key": group_key, "operator": "EQUAL", "value": group, "link": "AND"},
            {"key": member_key, "operator": "IN", "values": inside, "link": "AND"},
        ]
        for group, inside in groups.items()
    ]
    return each[0] if len(each) == 1 else [{"filters": filters, "link": "OR"} for filters in each]
