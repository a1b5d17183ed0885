"""Lemonsoft's logins: a session lives thirty minutes from login, not from its last use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document

LIFE_SECONDS: Final = 30 * 60
LOGIN: Final = {
    "username": "rajapinta",
    "password": "lemon-salasana",
    "database": "DEMO_OY",
    "api_key": "7c1f6a40-9d6b-4c0e-8d0b-5a2f4e9b1c33",
}


@dataclass(slots=True)
class Sessions:
    """The open sessions; several may be open at once, and a renewal leaves the earlier one to run out by itself."""

    clock: Clock
    _ends: dict[str, float] = field(default_factory=dict[str, float])
    _opened: int = 0

    def opened(self, sent: Document) -> str:
        """Return a new session's id for a login body, whose keys may be written in any case."""
        body = {name.lower().replace("_", ""): value for name, value in sent.items()}
        if not body.get("apikey"):
            raise Refusal(400, "The API key is missing.")
        if body.get("apikey") != LOGIN["api_key"]:
            raise Refusal(403, "The licence look-up failed.")
        if body.get("database") != LOGIN["database"]:
            raise Refusal(400, "Cannot log in to the database.")
        if (body.get("username"), body.get("password")) != (LOGIN["username"], LOGIN["password"]):
            raise Refusal(401, "Username or password is wrong.")
        self._opened += 1
        session = str(uuid5(NAMESPACE_URL, f"lemonsoft session {self._opened} {self.clock()}"))
        self._ends[session] = self.clock() + LIFE_SECONDS
        return session

    def is_open(self, session: str) -> bool:
        return self.clock() < self._ends.get(session, 0.0)
