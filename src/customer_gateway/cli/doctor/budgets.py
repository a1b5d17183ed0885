"""Whether the Redis that keeps the budgets of all processes can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.wire.shared_limits.store import BudgetStore, location_of

if TYPE_CHECKING:
    from pydantic import SecretStr

_NAME: Final = "[server] redis"
_NOT_TRIED: Final = Finding("unknown", "not tried")
_NO_CLOCK: Final = Finding("unknown", "not known")
_UNREACHED: Final = {
    "ConnectionError": Finding(
        "wrong", "no", "nothing can be connected there", "check host and port, and that it runs"
    ),
    "TimeoutError": Finding("wrong", "no", "it does not answer in time", "check host, port, firewall and route"),
}
_REFUSALS: Final = {"AuthenticationError", "NoPermissionError", "ResponseError"}
_REMEDY: Final = "check user, password and database number of the URL, and what the user is allowed to run"


async def examine_budgets(url: SecretStr) -> Checkup:
    """Run a script in the Redis at `url`, as the gateway does before it serves; nothing is written."""
    store = BudgetStore(url.get_secret_value())
    await store.open()
    reason = store.lost_to
    await store.aclose()
    reach, credentials = _found(reason)
    return Checkup(_NAME, "redis", location_of(url.get_secret_value()), reach, credentials, _NO_CLOCK)


def _found(reason: str | None) -> tuple[Finding, Finding]:
    """Return whether it is reached, and whether it takes us, by the class of redis-py's error."""
    if reason is None:
        return Finding("well", "yes"), Finding("well", "accepted")
    if reason in _REFUSALS:
        return Finding("well", "yes"), Finding("wrong", "refused", f"it refuses us ({reason})", _REMEDY)
    return _UNREACHED.get(reason) or _unknown(reason), _NOT_TRIED


def _unknown(reason: str) -> Finding:
    return Finding(
        "wrong", "no", f"what answers there is no Redis that we can talk to ({reason})", "check host and port"
    )
