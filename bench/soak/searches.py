"""The clients of a soak that search, and list what a system has in its own order."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from bench.soak.running import Soak

_SEARCH: Final = '{ customers(first: 20, search: "%s") { totalCount nodes { id name city: address { city } } } }'
_LIST: Final = '{ system(name: "%s") { customers(first: 50) { nodes { id name phone } } } }'
_LISTED: Final = 0.3
_WORDS: Final = ("a", "mueller", "bau", "gmbh", "be", "anna", "shop", "dom", "ab", "s")


async def searches(soak: Soak, url: str, until: float) -> None:
    """Search as clients do; one whose worker is killed fails, and that is no problem."""
    async with httpx.AsyncClient(timeout=15) as client:
        while time.monotonic() < until:
            is_list = soak.chance.random() < _LISTED
            query = _LIST % soak.chance.choice([*soak.box.vendors]) if is_list else _SEARCH % soak.chance.choice(_WORDS)
            try:
                answer = (await client.post(url, json={"query": query})).json()
            except (httpx.HTTPError, ValueError):
                soak.done["failed searches"] += 1
                await asyncio.sleep(0.2)
                continue
            soak.done["lists" if is_list else "searches"] += 1
            codes = {each["extensions"]["code"] for each in answer.get("errors", [])}
            if "INTERNAL_SERVER_ERROR" in codes or "CATALOG_UNAVAILABLE" in codes:
                soak.problems.append(f"a search was answered {sorted(codes)}")
            await asyncio.sleep(0.05)
