"""A worker of a process of its own, which passes one system until it is killed: python killed.py URL_OF_DATABASE …"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from catalog.passing import working
from vendors import sandbox

from customer_gateway.catalog.schedule import ScheduleTiming
from customer_gateway.logs import configure_logs


async def main(database: str, urls: dict[str, str], names: list[str], lease: float, every: float) -> None:
    timing = ScheduleTiming(every=timedelta(seconds=every), lease=timedelta(seconds=lease), tick_seconds=0.1)
    async with working(sandbox(customers=1), urls, database, timing=timing) as worker:
        schedule = worker.schedule(*names)
        await schedule.run()


if __name__ == "__main__":
    configure_logs(plain=True, level="warning")
    told: dict[str, Any] = json.loads(sys.argv[1])
    asyncio.run(main(**told))
