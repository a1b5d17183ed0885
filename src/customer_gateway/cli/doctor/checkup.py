"""What is examined of each system, and how."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from customer_gateway.app import authorities_of_issuer, build_catalog, build_federation
from customer_gateway.cli.doctor.budgets import examine_budgets
from customer_gateway.cli.doctor.catalog import examine_catalog
from customer_gateway.cli.doctor.database import examine_database
from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.cli.doctor.issuer import examine_issuer
from customer_gateway.cli.doctor.way import way_to
from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
)
from customer_gateway.system import Selection
from customer_gateway.systems.connection import authorities_of
from customer_gateway.systems.registry import VENDORS
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.config import Settings
    from customer_gateway.model.nouns import Customer
    from customer_gateway.system import Lookup, System
    from customer_gateway.systems.connection import Wiring
    from customer_gateway.systems.registry import Vendor

_SUCCESS: Final = range(200, 300)


async def examine(
    settings: Settings,
    wiring: Wiring | None = None,
    *,
    seconds: float = 10.0,
    now: Callable[[], float] = time.time,
    vendors: Sequence[Vendor] = VENDORS,
) -> list[Checkup]:
    """Examine side by side, each stage within `seconds`, what is configured: systems, issuer, database, index, Redis.

    Raises `ConfigInvalid`.
    """
    federation = build_federation(settings, wiring, vendors)
    checkups = [
        _checkup(federation.systems[name], system.base_url, authorities_of(name, system), seconds, now)
        for name, (_, system) in settings.systems.items()
    ]
    if settings.auth.jwt is not None:
        checkups.append(examine_issuer(settings.auth.jwt, authorities_of_issuer(settings.auth.jwt), seconds, now))
    if settings.database is not None:
        checkups.append(examine_database(settings.database.address(), seconds))
    if (catalog := build_catalog(settings)) is not None:
        checkups.append(examine_catalog(catalog, settings.systems.keys(), seconds))
    if settings.server.redis is not None:
        checkups.append(examine_budgets(settings.server.redis))
    try:
        return await asyncio.gather(*checkups)
    finally:
        await federation.aclose()


async def _checkup(
    system: System, base_url: str, authorities: bytes, seconds: float, now: Callable[[], float]
) -> Checkup:
    reach, clock = await way_to(base_url, authorities, seconds, now)
    credentials, nouns = Finding("unknown", "not tried"), list[Finding]()
    if reach.outcome != "wrong":
        credentials, customer = await _credentials(system, seconds)
        if credentials.outcome == "well":
            nouns = await asyncio.gather(*(_noun(each, customer, seconds) for each in system.lookups))
    return Checkup(system.name, system.kind.slug, base_url, reach, credentials, clock, tuple(nouns))


async def _credentials(system: System, seconds: float) -> tuple[Finding, Customer | None]:
    """Return whether a page of one customer is answered, and that customer."""
    try:
        page = await system.page(0, 1, Selection(), Deadline.after(seconds), ask_next=False)
    except UpstreamError as error:
        return _refused(error), None
    if not page.items:
        return Finding("well", "accepted, no customers"), None
    return Finding("well", "accepted"), page.items[0]


async def _noun(lookup: Lookup, customer: Customer | None, seconds: float) -> Finding:
    """Return whether a noun or a code list is read, and what is lost where it is not."""
    route = lookup.route
    key = (lookup.key(customer) if customer is not None else None) or lookup.sample
    key = key if route.key_form.fullmatch(key) else lookup.sample
    try:
        found = (await route.fetch([key], Deadline.after(seconds))).get(key)
    except UpstreamError as error:
        found = error
    if not isinstance(found, UpstreamError):
        return Finding("well", route.noun)
    refused = _refused(found)
    return Finding("wrong", route.noun, f"{refused.text}; lost without it: {', '.join(lookup.fields)}", refused.remedy)


def _refused(error: UpstreamError) -> Finding:
    text, _, advice = str(error).removeprefix(f"{error.system}: ").partition("; ")
    match error:
        case UpstreamUnauthorized():
            remedy = f"check the credentials in [systems.{error.system}] and what they are allowed to read"
            return Finding("wrong", "refused", text, remedy)
        case UpstreamRateLimited():
            remedy = "whether it takes the credentials is not known yet: run this again when it takes calls again"
            return Finding("wrong", "too many calls", text, remedy)
        case UpstreamTimeout():
            return Finding(
                "wrong", "no answer", text, "the vendor is slow or hangs: see its status, or raise --seconds"
            )
        case UpstreamBadResponse():
            own = advice.replace("check base_url", f"check base_url in [systems.{error.system}]")
            return Finding("wrong", "not what was asked", text, own or _remedy(error))
        case _:
            return Finding("wrong", "no answer", text, "the vendor is down: see its status")


def _remedy(error: UpstreamBadResponse) -> str:
    """Return what to do about an answer whose error has no advice of its own."""
    if error.retryable:
        return "run this again; if it stays so, see the vendor's status"
    if error.status in _SUCCESS:
        return "see the vendor's status, and the reason in the log of `serve` (`upstream_call`)"
    return f"check base_url in [systems.{error.system}]: path and version belong to it"
