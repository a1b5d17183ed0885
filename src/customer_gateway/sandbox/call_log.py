"""What a vendor was asked, in order."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Call:
    """One request as it came in; the path is relative to the vendor's base path, the query as sent.

    `status` is None while no status line was sent: in flight, hung up or reset. `login` marks log-ins and token calls.
    """

    method: str
    path: str
    query: str
    body: bytes = b""
    login: bool = False
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}?{self.query}" if self.query else f"{self.method} {self.path}"


@dataclass(slots=True)
class CallLog:
    """All calls since the start or the last `clear()`; str() of an entry reads `GET /customers/?limit=50&offset=0`."""

    entries: list[Call] = field(default_factory=list[Call])

    def calls(self) -> list[str]:
        """Return the calls as text, without log-ins."""
        return [str(call) for call in self.entries if not call.login]

    def logins(self) -> list[str]:
        return [str(call) for call in self.entries if call.login]

    def clear(self) -> None:
        self.entries.clear()

    def __len__(self) -> int:
        return len(self.calls())
