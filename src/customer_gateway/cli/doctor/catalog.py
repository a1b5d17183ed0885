"""Whether the index of customers is believed: which systems are SUSPECT, or could not be passed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from customer_gateway.cli.doctor.database import mode_of
from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.errors import DatabaseDamaged, DatabaseNewer, DatabaseUnavailable
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from customer_gateway.app import Catalog
    from customer_gateway.model.catalog import SyncState

_NAME: Final = "[catalog]"
_NO_CLOCK: Final = Finding("unknown", "not known")
_NONE_NEEDED: Final = Finding("unknown", "none needed")


async def examine_catalog(catalog: Catalog, systems: Collection[str], seconds: float) -> Checkup:
    """Read how the passes of the configured systems ended; nothing is made or changed."""
    states: Mapping[str, SyncState] = {}
    older: Finding | None = None
    try:
        async with asyncio.timeout(seconds):
            revision = await catalog.database.revision()
            if revision is not None and CATALOG.is_older(revision):
                older = _older(revision)  # asking for more would make it anew
            elif revision is not None:
                states = await catalog.passes.sync_states()
        reach = Finding("well", "not there yet" if revision is None else "yes")
    except (TimeoutError, DatabaseUnavailable, DatabaseNewer) as error:
        text = f"it cannot be used ({getattr(error, 'reason', '') or type(error).__name__})"
        is_damaged = isinstance(error, DatabaseDamaged)
        reach = Finding("wrong", "no", text, CATALOG.remedy_of_damage if is_damaged else CATALOG.remedy)
    finally:
        await catalog.database.aclose()
    known = [state for name, state in states.items() if name in systems]
    content = older or _passed(known, systems)
    path = catalog.database.path
    kind, mode = ("postgresql", None) if path is None else ("sqlite", mode_of(path))
    location, doubts = catalog.database.location, tuple(_doubts(known))
    return Checkup(_NAME, kind, location, reach, mode or _NONE_NEEDED, _NO_CLOCK, doubts, content=content)


def _passed(known: Collection[SyncState], systems: Collection[str]) -> Finding:
    whole = sum(state.completed_at is not None for state in known)
    return Finding("well", f"{whole} of {len(systems)} passed")


def _older(revision: str) -> Finding:
    text = f"it is of version {revision}, older than {CATALOG.newest()}"
    return Finding("warned", f"version {revision}", text, "the next start of `serve` builds it anew")


def _doubts(states: Iterable[SyncState]) -> Iterable[Finding]:
    for state in states:
        text = f"{state.system} is {state.state.value}: {state.reason}"
        if state.state is SyncStateName.SUSPECT:
            remedy = f"look at the system; if that is right, `customer-gateway sync --accept {state.system}`"
            yield Finding("wrong", state.system, f"{text}; nothing of it was marked missing", remedy)
        elif state.state is SyncStateName.FAILED:
            yield Finding(
                "warned", state.system, text, "`serve` tries again by itself; see catalog_pass_failed in its log"
            )
