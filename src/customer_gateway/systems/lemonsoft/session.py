"""Log in to Lemonsoft: its table of the configuration, and the session that a login opens and renews."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, SecretStr

from customer_gateway.documents.record import is_object
from customer_gateway.systems.connection import LimitSettings, SystemSettings, Wiring, text_under
from customer_gateway.wire import Call, SessionLogin, SessionLost

_OF_SESSION: Final = re.compile(
    r"session|istunto|log(?:ged)?[- ]?(?:in|on|out)|kirjau|tunnistau|authori[sz]|authenti", re.IGNORECASE
)
"""Of the vendor's words for a session that is no more, in English and Finnish."""
_SESSION_SECONDS: Final = 30 * 60.0
_RENEW_MARGIN_SECONDS: Final = 10 * 60.0
_PARALLEL: Final = 8


def _few_at_a_time(limits: Any) -> Any:
    """Fill in how many calls may be under way where the table does not say it (docs/systems/lemonsoft.md, 10)."""
    return {"parallel": _PARALLEL, **limits} if is_object(limits) else limits


class LemonsoftSettings(SystemSettings):
    """`[systems.lemonsoft]`: a user of one company's database, and the API key of that database."""

    time_zone: str = "Europe/Helsinki"
    region: str = "FI"
    limits: Annotated[LimitSettings, BeforeValidator(_few_at_a_time)] = LimitSettings(parallel=_PARALLEL)
    username: str
    password: SecretStr
    database: str
    api_key: SecretStr


def login(settings: LemonsoftSettings, wiring: Wiring) -> SessionLogin:
    """Return the session of a user."""
    return SessionLogin(
        Call("POST", "/api/auth/login", body=_credentials(settings), idempotent=True),  # once more, one session more
        text_under("session_id"),
        header="session-id",
        lifetime_seconds=_SESSION_SECONDS,
        renew_margin_seconds=_RENEW_MARGIN_SECONDS,
        clock=wiring.clock,
    )


def _credentials(settings: LemonsoftSettings) -> dict[str, str]:
    return {
        "username": settings.username,
        "password": settings.password.get_secret_value(),
        "database": settings.database,
        "apikey": settings.api_key.get_secret_value(),
    }


def error_in_body(_status: int, document: Any) -> str | None:
    """Find the `Message` of an error's body, whatever the status; no other document has one."""
    message = document.get("Message") if is_object(document) else None
    if message is None:
        return None
    if isinstance(message, str) and _OF_SESSION.search(message):
        return SessionLost("its `Message` is of the session")
    return "it has a `Message`"
