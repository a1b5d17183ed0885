"""Tables of the configuration for the registered vendors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from vendors import FACTS, VENDORS

if TYPE_CHECKING:
    from customer_gateway.systems.connection import SystemSettings

SETTINGS: Final = {vendor.kind.slug: vendor.settings for vendor in VENDORS}


def settings_at(base_url: str, name: str, **said: Any) -> SystemSettings:
    """Return what a table of the vendor says with this address and any credentials, unless `said` has others."""
    return SETTINGS[name].model_validate({"base_url": base_url, **FACTS[name].credentials, **said})


def table_at(base_url: str, name: str, **said: Any) -> str:
    """Return such a table as text."""
    return _text(name, {"base_url": base_url, **FACTS[name].credentials, **said})


def table_of(name: str, **said: Any) -> str:
    """Return the table that facts have, with placeholders for credentials, as text."""
    return _text(name, {**FACTS[name].config, **said})


def _text(name: str, table: dict[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False, default=str)}\n" for key, value in table.items()]
    return f"[systems.{name}]\n" + "".join(lines)
