"""What the cursors of found customers are bound to: the search, the filter and the order, as one text.

The same for arguments that mean the same: folded, lists in order and each item once. The page's size is none of it, so
that a client may go on with pages of another size, or backward.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from customer_gateway.catalog.folding import spellings, words
from customer_gateway.catalog.rows import microseconds
from customer_gateway.model.catalog import Order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from enum import Enum

    from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter


def binding(question: Question, systems: Sequence[str] | None) -> bytes:
    """Return what a question means, of all systems or of some."""
    search = words(question.search or "")
    order = question.order or (None if search else Order.NAME)
    meant = {
        "search": [_spelled(each) for each in (" ".join(search), *search)],
        "order": None if order is None else order.name,
        "descending": question.is_descending,
        "systems": _each_once(systems),
        "filter": _filter(question.filter),
    }
    return json.dumps(meant, sort_keys=True).encode()


def _filter(asked: Filter) -> Mapping[str, Any]:
    return {
        "status": _each_once(_texts_of(asked.status)),
        "kind": _each_once(_texts_of(asked.kind)),
        "country": _each_once(_texts_of(asked.country_code)),
        "supplier": asked.is_supplier,
        "created": _moments(asked.created_at),
        "updated": _moments(asked.updated_at),
        **{name: _text(text) for name, text in asked.texts.items() if name in asked.names},
    }


def _text(asked: TextFilter) -> Mapping[str, Any]:
    return {
        "eq": _spelled(asked.eq),
        "in": _each_once(_texts_of(asked.any_of)),
        "contains": _spelled(asked.contains),
        "begins": _spelled(asked.starts_with),
    }


def _moments(asked: MomentFilter | None) -> Sequence[int | None]:
    if asked is None:
        return [None, None]
    return [None if each is None else microseconds(each) for each in (asked.after, asked.before)]


def _texts_of(values: Sequence[str | Enum] | None) -> list[str] | None:
    """Return the values of enums, and texts as they are compared."""
    return None if values is None else [_spelled(each) if isinstance(each, str) else each.value for each in values]


def _spelled(text: str | None) -> Any:
    """Return a text as it is compared: what has the same spellings finds the same."""
    return None if text is None else "\n".join(sorted(spellings(text)))


def _each_once(values: Iterable[str] | None) -> Sequence[str] | None:
    return None if values is None else sorted(set(values))
