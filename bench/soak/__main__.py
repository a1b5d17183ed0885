"""The index under all that may happen at once: python -m bench.soak --seconds 3600.

Four workers pass the sandbox's five vendors over and over, while customers come, change and go there, clients search
and write, vendors fail, and workers are killed. What was written is in the index when that is answered. A system that
is SUSPECT because churn has made too many vanish at once is accepted, again and again. After that all is quiet, and one
pass of each vendor is asked for, and accepted likewise. Then every row that is PRESENT is what the vendor has, column
by column, and nothing else is; nothing was GONE that had not vanished; no writer failed on a locked database, and the
write-ahead log stayed small. Ends with 1 where any of that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import structlog

from bench.soak.acceptance import accepting, quiet_pass
from bench.soak.running import Soak, address_in, served
from bench.soak.searches import searches
from bench.soak.trouble import churn_and_faults, kills
from bench.soak.truth import compared, look_at_log, looking
from bench.soak.writes import writes
from customer_gateway.model.catalog import RecordState
from customer_gateway.sandbox import Sandbox

MOST_WAL = 200_000_000


async def soaked(seconds: float, customers: int, seed: int) -> int:
    """Soak for so long, and print what was done and what is wrong; return the code to end with."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    box = Sandbox(customers=customers)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(box, Path(folder), random.Random(seed))
        async with box.serving() as urls:
            config = soak.write_config(urls)
            log = Path(folder) / "serve.log"
            with log.open("wb") as lines:
                process = served(config, lines)
                try:
                    url = await address_in(log)
                    until = time.monotonic() + seconds
                    await asyncio.gather(
                        churn_and_faults(soak, until),
                        kills(soak, process.pid, until),
                        searches(soak, url, until),
                        writes(soak, url, until),
                        looking(soak, until),
                        accepting(soak, config, until),
                    )
                    passes = soak.rows("SELECT system, pass_number FROM catalog_systems")
                    states = await quiet_pass(soak, config)
                    count = await compared(soak, config)
                    gone = soak.rows("SELECT count(*) FROM catalog_records WHERE state = ?", int(RecordState.GONE))
                finally:
                    process.terminate()
                    process.wait(timeout=60)
            look_at_log(soak, log)
        box.close()
    if soak.longest_wal > MOST_WAL:
        soak.problems.append(f"the write-ahead log was {soak.longest_wal / 1e6:.0f} MB")
    soak.problems += [f"{name}: the quiet pass ended {state}" for name, state in states.items() if state != "IDLE"]
    print(
        json.dumps(
            {
                **soak.done,
                "writes": soak.writes,
                "passes": dict(passes),
                "rows compared": count,
                "GONE": gone[0][0],
                "largest WAL": soak.longest_wal,
                "states": states,
                "SUSPECT by churn at the end": soak.accepted,
            }
        )
    )
    for problem in soak.problems[:20]:
        print(problem)
    return 1 if soak.problems or not count else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    return asyncio.run(soaked(asked.seconds, asked.customers, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
