"""Whether the Redis that keeps the budgets of all processes can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.doctor.finding import Checkup, Finding
from customer_gateway.wire.budget_store import BudgetStore, place_of

if TYPE_CHECKING:
    from pydantic import SecretStr

_NAME: Final = "[server] redis"
_NOT_TRIED: Final = Finding("unknown", "not tried")
_NO_CLOCK: Final = Finding("unknown", "not told")
_UNREACHED: Final = {
    "ConnectionError": Finding(
        "wrong", "no", "nothing can be connected there", "check host and port, and that it runs"
    ),
    "TimeoutError": Finding("wrong", "no", "it does not answer in time", "check host, port, firewall and route"),
}
_REMEDY: Final = "check user, password and database number of the URL, and what the user is allowed to run"


async def examine_budgets(url: SecretStr) -> Checkup:
    """Run a script in the Redis at `url`, as the gateway does before it serves; nothing is written."""
    store = BudgetStore(url.get_secret_value())
    await store.open()
    reason = store.lost_to
    await store.aclose()
    reach = _UNREACHED.get(reason or "", Finding("well", "yes"))
    return Checkup(_NAME, "redis", place_of(url.get_secret_value()), reach, _credentials(reason), _NO_CLOCK)


def _credentials(reason: str | None) -> Finding:
    if reason is None:
        return Finding("well", "accepted")
    return _NOT_TRIED if reason in _UNREACHED else Finding("wrong", "refused", f"it refuses us ({reason})", _REMEDY)
