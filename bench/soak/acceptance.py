"""Accept, as an operator does, what churn has made SUSPECT: without that no later pass marks anything."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from customer_gateway.app import load_settings
from customer_gateway.model.catalog import RecordState, SyncStateName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.soak.running import Soak

_SECONDS: Final = 15.0
"""Between two looks at what is SUSPECT."""


async def accepting(soak: Soak, config: Path, until: float) -> None:
    """Accept meanwhile what is SUSPECT by churn alone; each time is counted."""
    while time.monotonic() < until - 2 * _SECONDS:  # one pass beside churn and faults takes some seconds
        await asyncio.sleep(_SECONDS)
        if names := [name for name in await asyncio.to_thread(suspect, soak) if is_suspect_by_churn(soak, name)]:
            soak.done["accepted"] += len(names)
            await _synced(config, names, "--accept")


def suspect(soak: Soak) -> Sequence[str]:
    """Return which systems are SUSPECT; none before the index is there."""
    try:
        found = soak.rows("SELECT system FROM catalog_systems WHERE state = ?", SyncStateName.SUSPECT.value)
    except sqlite3.OperationalError as error:
        if not soak.database.exists() or "no such table" in str(error):
            return []
        raise
    return [name for (name,) in found]


async def quiet_pass(soak: Soak, config: Path) -> Mapping[str, str]:
    """Ask for one pass of every vendor; return the state that each is in then.

    One that is SUSPECT because churn has made so many vanish at once is accepted, as by an operator who knows that;
    each is counted. Any other stays SUSPECT.
    """
    states = await _synced(config, list(load_settings(config).systems))
    accepted = [
        name
        for name, state in states.items()
        if state == SyncStateName.SUSPECT.value and is_suspect_by_churn(soak, name)
    ]
    if not accepted:
        return states
    soak.accepted += accepted
    return {**states, **await _synced(config, accepted, "--accept")}


async def _synced(config: Path, names: Sequence[str], *options: str) -> Mapping[str, str]:
    """Run `customer-gateway sync` for some systems; return the state of each after it."""
    arguments = ["sync", *options, "--json", *names, "--config", str(config)]
    command = [sys.executable, "-m", "customer_gateway", *arguments]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told, _ = await process.communicate()
    return {each["system"]: each["state"] for each in json.loads(told)}


def is_suspect_by_churn(soak: Soak, name: str) -> bool:
    """Return whether all that the last pass of a system has missed are gone at the vendor.

    Where churn has renamed many since the last believed pass, it is taken for another tenant: there is none here.
    """
    query = (
        "SELECT key FROM catalog_records JOIN catalog_systems USING (system) "
        "WHERE system = ? AND catalog_records.state <> ? AND seen_pass < pass_number"
    )
    missed = {key for (key,) in soak.rows(query, name, int(RecordState.GONE))}
    return bool(missed) and missed.isdisjoint(soak.box.vendors[name].population.documents())
