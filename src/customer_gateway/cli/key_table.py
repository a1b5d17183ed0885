"""Write the list of API keys: a table for people, JSON for programs. Neither has a key or its digest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.cli.columns import columns_text
from customer_gateway.cli.key_options import written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.store.api_keys import StoredKey

_COLUMNS: Final = ("name", "state", "scopes", "systems", "rate class", "from", "created", "expires", "last used")
_NONE: Final = "No key is there yet; `customer-gateway keys create --name NAME` makes one.\n"
_OVER: Final = (
    "Every key is over, revoked or replaced; `keys list --all` lists those, "
    "`customer-gateway keys create --name NAME` makes one.\n"
)


def table_text(stored: Sequence[StoredKey], now: datetime, *, are_more: bool = False) -> str:
    """Return a table with a line for each key, or why there is none: `are_more` says that some are not shown."""
    if not stored:
        return _OVER if are_more else _NONE
    return columns_text(_COLUMNS, (_facts(each, now).values() for each in stored))


def json_text(stored: Sequence[StoredKey], now: datetime) -> str:
    """Return a list of objects."""
    return json.dumps([_facts(each, now) for each in stored], indent=2) + "\n"


def _facts(stored: StoredKey, now: datetime) -> dict[str, Any]:
    key = stored.key
    return {
        "name": key.name,
        "state": _state(stored, now),
        "scopes": sorted(key.rights.scopes),
        "systems": None if key.rights.systems is None else sorted(key.rights.systems),
        "rateClass": key.rate_class,
        "addresses": list(key.addresses),
        "createdAt": written(stored.created_at),
        "expiresAt": _moment(key.expires_at),
        "lastUsedAt": _moment(stored.last_used_at),
    }


def _state(stored: StoredKey, now: datetime) -> str:
    """Return one word: what comes of a request with it."""
    if stored.key.revoked_at is not None:
        return "revoked"
    if stored.key.expires_at is not None and stored.key.expires_at <= now:
        return "expired"
    return "active" if stored.is_current else "replaced"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)
