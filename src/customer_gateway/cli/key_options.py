"""Read the options of `customer-gateway keys`, and write what they came to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from customer_gateway.model.callers import SCOPES
from customer_gateway.model.networks import network_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from customer_gateway.model.callers import ApiKey
    from customer_gateway.store.api_keys import StoredKey

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_DURATION: Final = re.compile(r"([0-9]{1,5})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class KeyOptionUnfit(Exception):
    """An option of `keys`, or the key it names, cannot be used; the message says what was expected."""


def name_of(text: str, option: str) -> str:
    """Return a name: one word, since it stands in logs."""
    if not _NAME.fullmatch(text):
        raise KeyOptionUnfit(f"{option}: expected letters, digits, and . _ @ - between them; 64 characters at most.")
    return text


def scopes_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the scopes of a list with commas, or several."""
    return _known(texts, "--scopes", list(SCOPES), "scope")


def systems_of(texts: Iterable[str], configured: Sequence[str]) -> frozenset[str]:
    """Return the names of configured systems."""
    return _known(texts, "--systems", configured, "system")


def networks_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return networks as Python writes them: an address alone is a network of one."""
    return tuple(dict.fromkeys(map(_network, _split(texts))))


def duration_of(text: str, option: str) -> timedelta:
    """Return a time such as 90d, 24h, 30m."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise KeyOptionUnfit(f"{option}: expected a number and one of s, m, h, d, w, such as 24h.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment_of(text: str, now: datetime) -> datetime | None:
    """Return the end of what begins now: after a time, or at a date or a moment in UTC; None for never."""
    if text == "never":
        return None
    if _DURATION.fullmatch(text):
        return now + duration_of(text, "--expires")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeyOptionUnfit("--expires: expected a date such as 2027-12-31, a time such as 90d, or never.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= now:
        raise KeyOptionUnfit(f"--expires: {written(moment)} is past; expected a later moment.")
    return moment


def is_ended(key: ApiKey, now: datetime) -> bool:
    """Return whether it is not taken any more: revoked, or expired."""
    return key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now)


def is_over(stored: StoredKey, now: datetime) -> bool:
    """Return whether nothing is to be done about it: revoked, or replaced and not taken any more."""
    return is_ended(stored.key, now) and not stored.is_current


def summary(key: ApiKey) -> str:
    """Return what a key may, in a line."""
    systems = "all systems" if key.rights.systems is None else "the systems " + ", ".join(sorted(key.rights.systems))
    addresses = f", from {', '.join(key.addresses)} alone" if key.addresses else ""
    until = "without an end" if key.expires_at is None else f"until {written(key.expires_at)}"
    return f"{', '.join(sorted(key.rights.scopes))}; {systems}{addresses}; {until}"


def written(moment: datetime) -> str:
    """Return a moment in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _split(texts: Iterable[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",")]


def _known(texts: Iterable[str], option: str, known: Sequence[str], noun: str) -> frozenset[str]:
    named = _split(texts)
    if unknown := [name for name in named if name not in known]:
        raise KeyOptionUnfit(f"{option}: there is no {noun} {unknown[0]!r}; there are: {', '.join(known) or 'none'}.")
    return frozenset(named)


def _network(text: str) -> str:
    try:
        return str(network_of(text))
    except ValueError:
        raise KeyOptionUnfit(
            f"--address: {text!r} is no network; expected one such as 192.0.2.0/24, 2001:db8::/32 or 192.0.2.7."
        ) from None
