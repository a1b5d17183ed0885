"""JSON text as it is written: strategies that make it, and a reading that loses nothing of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,8})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
STRINGS = st.text(st.characters(codec="utf-8"), max_size=20).map(json.dumps)
LITERALS = st.sampled_from(["null", "true", "false", "[]", "{}", '""', "1.10", "1e2", "12.0", "-0", "9" * 25])


def _array(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f"{name}:{value}" for name, value in members.items()) + "}"


VALUES = st.recursive(
    NUMBERS | STRINGS | LITERALS,
    lambda inner: st.lists(inner, max_size=4).map(_array) | st.dictionaries(STRINGS, inner, max_size=4).map(_object),
    max_leaves=12,
)
UNKNOWN_MEMBERS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=10).map(lambda name: json.dumps(f"x-{name}")),
    VALUES,
    min_size=1,
    max_size=4,
).map(_object)
"""Objects whose members no vendor documents."""


def exactly(text: str | bytes) -> Any:
    """The text without its white space and escapes: objects as pairs in order, numbers as they are spelled."""
    return json.loads(text, object_pairs_hook=_pairs, parse_float=_number, parse_int=_number)


def with_members(document: str, members: str) -> str:
    """The text of an object with further members at its end."""
    return f"{document.rstrip()[:-1]},{members[1:]}"


def _pairs(members: list[tuple[str, Any]]) -> tuple[str, list[tuple[str, Any]]]:
    return "object", members


def _number(spelling: str) -> tuple[str, str]:
    return "number", spelling
