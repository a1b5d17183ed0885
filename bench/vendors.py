"""The sandbox's five vendors without rate limits, in a process of their own: `python -m bench.vendors`.

Prints a line of JSON: the configuration table of each system.
"""

from __future__ import annotations

import asyncio
import json

from customer_gateway.sandbox import Sandbox


async def main() -> None:
    box = Sandbox(rate_limits=False)
    async with box.serving() as urls:
        tables = {name: {"base_url": url, **box.vendors[name].credentials} for name, url in urls.items()}
        print(json.dumps(tables), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
