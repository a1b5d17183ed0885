"""All benchmarks: `make bench`, with `ARGS=--quick` a look that writes nothing. Prints tables and writes RESULTS.md.

`make bench AGAINST=REF` compares this tree with another commit instead: bench/against.py.

One contestant at a time is under load, pinned to a core of its own; rounds go through all contestants in turn, so that
what else happens on the machine meets them alike. Every figure is the median of the rounds: three, with --quick one.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import uvloop

from bench import collection, execution
from bench.against import compare
from bench.answers import checked
from bench.ceilings import ceilings, stub_alone
from bench.contest import SEVERAL, contest, two_on_one_core, two_workers, written
from bench.find import RECORDS, measure_finding
from bench.freshness import measure_freshness
from bench.index_cost import measure_index_cost
from bench.load import Entrant, Generator
from bench.machine import cores, facts
from bench.over_http import OverHttp
from bench.processes import Server, Vendors, posted
from bench.report import Goal, Report, Section, section_of
from bench.rounds import Rounds
from bench.trees import HERE
from bench.writes import measure_writes
from customer_gateway.http.graphiql.examples import DEMO_QUERY
from customer_gateway.server import collector

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.contest import Contest
    from bench.machine import Cores

_LOADS, _LOAD_SECONDS = 20, 1.0
_A_PART = 0.02
"""Of a load's CPU: a worker with less has served nothing, it has only answered its supervisor."""

_ALONE: dict[str, Callable[[argparse.Namespace], None]] = {
    "find": lambda asked: measure_finding(asked.records),
    "freshness": lambda asked: measure_freshness(quick=asked.quick),
    "index": lambda asked: measure_index_cost(quick=asked.quick),
}

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure all there is, in half an hour.")
    parser.add_argument("--quick", action="store_true", help="one short round; RESULTS.md stays as it is")
    parser.add_argument("--against", metavar="REF", help="compare with this commit; nothing is written")
    parser.add_argument("--writes", action="store_true", help="what a write costs above its vendor calls, alone")
    parser.add_argument("what", nargs="?", choices=list(_ALONE), help="of the index, alone")
    parser.add_argument("--records", type=int, default=RECORDS, help="in the index that `find` makes")
    asked = parser.parse_args()
    if asked.what is not None:
        _ALONE[asked.what](asked)
    elif asked.writes:
        alone = Report(facts())
        measure_writes(alone, 1 if asked.quick else 3)
        alone.close()
    elif asked.against is None:
        measure(quick=asked.quick)
    else:
        compare(asked.against, quick=asked.quick)


def measure(*, quick: bool) -> None:
    placed = cores()
    rounds = Rounds(Generator.found(), 1 if quick else 3, 3 if quick else 8, 2 if quick else 4)
    report = Report([*facts(), *_conditions(placed, rounds)])
    os.sched_setaffinity(0, {placed.generator})  # the generator inherits it
    for line in report.heading:
        print(line)
    in_process(report, rounds.rounds)
    with tempfile.TemporaryDirectory() as directory:
        with contest(placed, Path(directory)) as running:
            over_http(report, rounds, running, placed, Path(directory))
            workers(report, rounds, running, placed, Path(directory))
            shared_loads(report, rounds, running, placed, Path(directory))
        demo_query(report, rounds, placed, Path(directory))
    measure_writes(report, rounds.rounds)
    report.close()
    if not quick:
        RESULTS.write_text(report.markdown())


def _conditions(placed: Cores, rounds: Rounds) -> list[str]:
    shared = "a core of its own each" if placed.stub != placed.generator else f"both on core {placed.generator}"
    told = "1 round" if rounds.rounds == 1 else f"{rounds.rounds} rounds"
    return [
        f"contestant on core {placed.server}; stub and load generator: {shared}; generator: {rounds.generator.name}",
        f"every figure is the median of {told}, which go through all contestants in turn",
        f"over HTTP a round is a load of {rounds.seconds:g} s for each contestant, with 100 connections unless said",
        "a load ends with the last answer: all that was asked within its seconds counts",
        (
            f"in process, (a) and (e), a round is {execution.TURNS} turns through the contestants, of which each figure"
            f" is the median; a turn is the median of the calls in {execution.TURN_SECONDS:g} s, of one call at least"
        ),
        (
            "contestants over HTTP under uvicorn, uvloop and httptools, one worker; the gateway with connections of its"
            " own, as `customer-gateway serve` gives it"
        ),
        (
            "garbage collector: the gateway, and all contestants in process, freeze what is there at the start and"
            f" have {collector.YOUNG_OBJECTS:,} as first threshold, as the gateway sets it; the others over HTTP have"
            f" Python's defaults or, where they are called tuned, a frozen start and {collection.YOUNG_OBJECTS:,}, with"
            " which they answer the most (bench/collection.py)"
        ),
        (
            "in process all contestants encode with orjson, Strawberry's answers too; over HTTP the straightforward"
            " server decodes and encodes with `json`, as httpx and Strawberry do by themselves"
        ),
        "before and after each load all pages are asked for and must be those of the hand-written endpoint",
        "during a load the bytes received must be those of right answers; a goal that leans on wrong ones is void",
        "the gateway logs its lines as always, to /dev/null; its `limits.parallel` is 100",
    ]


def in_process(report: Report, rounds: int) -> None:
    """(a) and (e)."""
    figures = uvloop.run(execution.run(rounds))
    ours, stock, hand = (figures.page[name] for name in (execution.OURS, execution.STOCK, execution.BY_HAND))
    rows = [(name, f"{time * 1000:.3f}", f"{time / hand:.2f}") for name, time in figures.page.items()]
    report.add(Section("(a) The page query in process", ("", "ms", "times by hand"), rows))
    report.goals.append(Goal("(a) this executor against Strawberry's", stock / ours, "≥", 20))
    report.goals.append(Goal("(a) this executor's time against hand-joined", ours / hand, "≤", 2))
    awaiting = figures.page[execution.AWAITING]
    report.goals.append(Goal("(a) the same with resolvers that are awaited", awaiting / hand, "≤", 2))
    report.add(_growth(figures))
    times = figures.growth[execution.OURS]
    report.goals.append(Goal("(e) time per object at 5,000 to that at 100: growth", times[5000] / times[100], "≤", 1.1))
    text = "(e) time per object, 100 to 5,000: largest to smallest"
    beyond = execution.spread(figures.beyond_fixed(execution.OURS))
    report.goals.append(Goal(f"{text}, beyond what an execution costs once", beyond, "≤", 1.1))
    report.goals.append(Goal(text, execution.spread(times), "≤", 1.1))


def _growth(figures: execution.Figures) -> Section:
    rows = [
        (
            name,
            *(f"{time * 1e6:.3f}" for time in times.values()),
            f"{figures.fixed(name) * 1e6:.1f}",
            f"{execution.spread(times):.2f}",
            f"{execution.spread(figures.beyond_fixed(name)):.2f}",
        )
        for name, times in figures.growth.items()
    ]
    times, fixed = figures.growth[execution.OURS], figures.fixed(execution.OURS)
    few, many = (figures.beyond_fixed(execution.OURS)[size] * 1e6 for size in (100, 5000))
    remark = (
        "Fixed: µs that an execution costs whatever the number of its objects, by a line through 10 and 1,000 of them."
        f" Of this executor's time at 100 objects it is {fixed / times[100] / 100:.0%}; without it an object takes"
        f" {few:.3f} µs at 100 and {many:.3f} at 5,000. Spread: the largest by the smallest from 100 to 5,000, of the"
        " times above and of what is left of them without the fixed cost."
    )
    return Section(
        "(e) Growth: µs per object, by objects in the answer",
        ("", *map(str, execution.SIZES), "fixed", "spread", "without fixed"),
        rows,
        [remark],
    )


def over_http(report: Report, rounds: Rounds, running: Contest, placed: Cores, directory: Path) -> None:
    """(b), (c) and (d), and whether it was the contestants that were measured."""
    parts = OverHttp(report, rounds, running)
    different = parts.different()
    parts.drawn()
    same = parts.identical()
    parts.alone()
    parts.smallest()
    parts.with_latency()
    alone = stub_alone(rounds, running.stub, directory)
    report.add(ceilings(alone, different, same, one_core=placed.stub == placed.generator))


def workers(report: Report, rounds: Rounds, running: Contest, placed: Cores, directory: Path) -> None:
    """(f)."""
    title = "(f) Two workers against one"
    if not placed.workers:
        report.add(Section(title, (), (), ["Not measured: it needs four cores, for two workers, stub and generator."]))
        return
    with two_workers(placed, running, directory) as entrants:
        figures = rounds.figures(entrants, running.stub)
    report.add(section_of(title, figures))
    one, two = figures["one worker"], figures["two workers"]
    report.goals.append(Goal("(f) two workers to one", two.faster_than(one), "≥", 1.8, (one, two)))


def shared_loads(report: Report, rounds: Rounds, running: Contest, placed: Cores, directory: Path) -> None:
    """(f) again: whether both workers serve every load of several connections."""
    parts: list[float] = []
    with two_on_one_core(placed, running, directory) as (server, entrant):
        _, sizes = checked(entrant.url, entrant.questions, SEVERAL)
        for _ in range(_LOADS):
            before = server.workers_used()
            rounds.generator.run(entrant, _LOAD_SECONDS, running.stub, sizes)
            spent = [now - before[worker] for worker, now in server.workers_used().items()]
            parts.append(min(spent) / max(sum(spent), 1e-9))
    rows = [(f"{SEVERAL} connections", str(_LOADS), f"{min(parts):.0%}", f"{median(parts):.0%}")]
    columns = ("", "loads", "lesser worker's part of the CPU: least", "median")
    report.add(Section("(f) Two workers on one core: who serves", columns, rows))
    lone = sum(part < _A_PART for part in parts)
    report.goals.append(Goal("(f) loads of several that only one of two workers serves", lone, "=", 0))


def demo_query(report: Report, rounds: Rounds, placed: Cores, directory: Path) -> None:
    """The demo query against the sandbox's five vendors, which share the generator's core."""
    with Vendors(placed.stub) as vendors:
        config = directory / "demo.toml"
        config.write_text(HERE.auth + "\n".join(_table(name, table) for name, table in vendors.tables.items()))
        with Server("gateway", [placed.server], {"CUSTOMER_GATEWAY_CONFIG": str(config)}) as server:
            right = json.loads(posted(f"{server.url}/graphql", {"query": DEMO_QUERY}))
            if "errors" in right:
                raise RuntimeError("the demo query fails: its figures would say nothing")
            questions = written(directory / "demo", [{"query": DEMO_QUERY}], [right])
            entrants = [
                Entrant(name, server, f"{server.url}/graphql", questions, connections=connections)
                for name, connections in (("one connection", 1), ("100 connections", 100))
            ]
            figures = rounds.figures(entrants, vendors)
    remark = "The vendors are real HTTP servers in Python on one core: they, not the gateway, are the limit here."
    report.add(section_of("The demo query over five systems of the sandbox, no rate limits", figures, [remark]))


def _table(name: str, table: dict[str, str | int]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join([f"[systems.{name}]", *lines, f"[systems.{name}.limits]", "vendor_budget = false"])


if __name__ == "__main__":
    main()
