"""AutoDNS's two ways in: Basic with a context on every call, or a session that lives on while it is used."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from uuid import NAMESPACE_URL, uuid5

from customer_gateway.sandbox.autodns.documents import CONTEXT
from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document

USER: Final = "gateway"
PASSWORD: Final = "autodns-passwort"
_BASIC: Final = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_SHORTEST_MINUTES: Final = 10
_LONGEST_MINUTES: Final = 300


@dataclass(slots=True)
class Sessions:
    clock: Clock
    _open: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])

    def authenticate(self, request: Request) -> None:
        """Raise a Refusal without a User-Agent, or without Basic and context, or an open session."""
        if not request.headers.get("user-agent"):
            raise Refusal(400, "The header User-Agent is mandatory.")
        session = request.headers.get("x-domainrobot-sessionid") or request.cookies.get("domainrobot_session")
        if session is not None:
            self._touch(session)
            return
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        context = request.headers.get("x-domainrobot-context")
        if scheme.lower() != "basic" or secret != _BASIC or context != str(CONTEXT):
            raise Refusal(401, "User, password or context is wrong.")

    def opened(self, sent: Document, timeout: str) -> str:
        """Return a session of `timeout` minutes for a login body."""
        if (sent.get("user"), sent.get("password"), str(sent.get("context"))) != (USER, PASSWORD, str(CONTEXT)):
            raise Refusal(401, "User, password or context is wrong.")
        if not timeout.isdigit() or not _SHORTEST_MINUTES <= int(timeout) <= _LONGEST_MINUTES:
            raise Refusal(400, "timeout must be 10 to 300 minutes.")
        session = uuid5(NAMESPACE_URL, f"autodns {len(self._open)} {self.clock()}").hex
        self._open[session] = (self.clock() + int(timeout) * 60, int(timeout) * 60.0)
        return session

    def end(self, request: Request) -> None:
        session = request.headers.get("x-domainrobot-sessionid") or request.cookies.get("domainrobot_session", "")
        self._open.pop(session, None)

    def _touch(self, session: str) -> None:
        end, life = self._open.get(session, (0.0, 0.0))
        if self.clock() >= end:
            self._open.pop(session, None)
            raise Refusal(401, "The session has ended.")
        self._open[session] = (self.clock() + life, life)
