"""The configuration of the registered vendors as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from vendors import FACTS

if TYPE_CHECKING:
    from pathlib import Path


def table_of(name: str, **changes: str | int | Path) -> str:
    """Return a table with what the vendor needs; credentials are `…` unless they are changed."""
    said = {**FACTS[name].config, **changes}
    return f"[systems.{name}]\n" + "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}\n" for key, value in said.items()
    )
