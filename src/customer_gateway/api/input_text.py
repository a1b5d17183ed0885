"""Write the input of a mutation as one text, by which a repeated request is told from another one with the same key."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def input_text(mutation: str, given: Mapping[str, Any]) -> str:
    """Return canonical JSON of a mutation and its coerced input, without the idempotency key."""
    told = {name: value for name, value in given.items() if name != "idempotencyKey"}
    return json.dumps([mutation, told], sort_keys=True, separators=(",", ":"), default=_json_value)


def _json_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"no input is a {type(value).__name__}")
