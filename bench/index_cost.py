"""What the index costs the reads of (b): `make bench ARGS=index`. It prints a table and writes nothing.

A gateway whose index a pass has filled compares each customer that it reads with what it has read before, so that the
index learns of changes. The loads of (b) are run with that comparing and without it in turn, in the same process, and
in several processes one after the other.
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.answers import checked
from bench.contest import Pages, configured, cursors, right_answers
from bench.filled_index import WITH_INDEX, wait_until_filled
from bench.load import Entrant, Generator
from bench.machine import cores, facts
from bench.processes import Server, Stub, fetched
from bench.ratios import MARGIN, Pair
from bench.report import Report, Section
from bench.rounds import order_rounds

if TYPE_CHECKING:
    from collections.abc import Generator as Yields
    from collections.abc import Mapping, Sequence

    from bench.answers import Order
    from bench.load import Figures
    from bench.machine import Cores

ORDERS: Final[tuple[tuple[str, Order], ...]] = (("random pages", "random"), ("all different pages", "turn"))
_WITHOUT, _WITH = "without", "with"
_COLUMNS = ("", _WITHOUT, _WITH, "with to without", "19 times in 20", f"within {MARGIN:.0%}")


def measure_index_cost(*, quick: bool) -> None:
    """Print requests a second and CPU a request, with the comparing to without it."""
    processes, rounds, seconds = (1, 8, 2.0) if quick else (3, 12, 3.0)
    placed, generator = cores(), Generator.found()
    os.sched_setaffinity(0, {placed.generator})  # the generator inherits it
    report = Report(facts())
    found: Mapping[str, dict[str, list[Figures]]] = defaultdict(lambda: {_WITHOUT: [], _WITH: []})
    for _ in range(processes):
        with _gateway(placed) as (stub, entrant):
            for text, order in ORDERS:
                asking = replace(entrant, order=order)
                _, sizes = checked(asking.url, asking.questions, asking.connections)
                generator.run(asking, seconds, stub, sizes)
                for turn in order_rounds([_WITHOUT, _WITH], rounds):
                    for name in turn:
                        fetched(entrant.url.replace("/graphql", f"/compare?on={int(name == _WITH)}"))
                        found[text][name].append(generator.run(asking, seconds, stub, sizes))
    remark = (
        f"{processes} processes, {rounds} pairs of loads in each, of {seconds:g} s with 100 connections;"
        f" within {MARGIN:.0%}: yes if all of the range is at most so much slower, no if none of it is, else unsure."
    )
    rows = [pair.row for text in found for pair in _pairs(text, found[text])]
    report.add(Section("(b) with the index: comparing what is read, to not comparing it", _COLUMNS, rows, [remark]))


@contextmanager
def _gateway(placed: Cores) -> Yields[tuple[Stub, Entrant]]:
    """Start a gateway that has filled its index and read every page once."""
    with tempfile.TemporaryDirectory() as name, Stub(placed.stub) as stub:
        directory = Path(name)
        config = configured(stub, directory, auth=WITH_INDEX.format(directory=directory))
        environment = {"CUSTOMER_GATEWAY_CONFIG": str(config), "BENCH_STUB": f"{stub.url}/v2"}
        with Server("by_hand", [placed.server], environment) as by_hand:
            answers = right_answers(by_hand)
        with Server("switched_gateway", [placed.server], environment) as server:
            wait_until_filled(directory)
            questions = Pages(directory, cursors(server), answers).all("cursor")
            yield stub, Entrant("gateway", server, f"{server.url}/graphql", questions)


def _pairs(text: str, runs: Mapping[str, Sequence[Figures]]) -> list[Pair]:
    without, compared = runs[_WITHOUT], runs[_WITH]
    faults = sorted({fault for each in (*without, *compared) for fault in each.faults})
    return [
        Pair(f"{text}: requests/s", "more", [each.rate for each in without], [each.rate for each in compared], faults),
        Pair(
            f"{text}: CPU ms/request", "less", [each.cpu for each in without], [each.cpu for each in compared], faults
        ),
    ]
