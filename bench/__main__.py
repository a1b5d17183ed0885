"""All benchmarks: `python -m bench [--quick]`, or `make bench`. Prints tables and writes bench/RESULTS.md.

One contestant at a time is under load, pinned to a core of its own; rounds go through all contestants in turn, so that
what else happens on the machine meets them alike. Figures are medians of the rounds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from bench import execution
from bench.contest import BARE, BY_HAND, GATEWAY, REFERENCE, STRAIGHTFORWARD, Bodies, contest, two_workers
from bench.load import Entrant, Figures, Generator
from bench.machine import cores, facts
from bench.processes import Server, Vendors, posted
from bench.report import Goal, Report, Section, section_of
from customer_gateway.examples import DEMO_QUERY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.contest import Contest
    from bench.machine import Cores

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often and how long each contestant is asked, in seconds, after a warm-up."""

    generator: Generator
    rounds: int
    seconds: float
    warm_up: float

    def figures(self, entrants: Sequence[Entrant], upstream: Callable[[], int]) -> dict[str, Figures]:
        """The medians by contestant, in the order given."""
        for entrant in entrants:
            self.generator.run(entrant, self.warm_up, upstream)
        runs: dict[str, list[Figures]] = {entrant.name: [] for entrant in entrants}
        for _ in range(self.rounds):
            for entrant in entrants:
                runs[entrant.name].append(self.generator.run(entrant, self.seconds, upstream))
        return {name: Figures.median(each) for name, each in runs.items()}


def main() -> None:
    quick = "--quick" in sys.argv
    placed = cores()
    rounds = Rounds(Generator.found(), 1 if quick else 3, 3 if quick else 8, 2 if quick else 4)
    report = Report([*facts(), *_conditions(placed, rounds)])
    os.sched_setaffinity(0, {placed.generator})  # the generator inherits it
    for line in report.heading:
        print(line)
    in_process(report)
    with tempfile.TemporaryDirectory() as directory:
        with contest(placed, Path(directory)) as running:
            over_http(report, rounds, running)
            smallest(report, rounds, running)
            with_latency(report, rounds, running)
            workers(report, rounds, running, placed, Path(directory))
        demo_query(report, rounds, placed, Path(directory))
    report.close()
    if not quick:
        RESULTS.write_text(report.markdown())


def _conditions(placed: Cores, rounds: Rounds) -> list[str]:
    shared = "a core of its own each" if placed.stub != placed.generator else f"both on core {placed.generator}"
    return [
        f"contestant on core {placed.server}; stub and load generator: {shared}; generator: {rounds.generator.name}",
        f"`python -m bench`: medians of {rounds.rounds} runs of {rounds.seconds} s; 100 connections unless said",
        "contestants under uvicorn, uvloop and httptools, one worker; all give the same answer, checked at the start",
        "the gateway logs its lines as always, to /dev/null; its `limits.parallel` is 100",
    ]


def in_process(report: Report) -> None:
    """(a) and (e)."""
    figures = uvloop.run(execution.run())
    page = figures["page"]
    ours, stock, hand = page[execution.OURS], page[execution.STOCK], page[execution.BY_HAND]
    rows = [(name, f"{time * 1000:.3f}", f"{time / hand:.2f}") for name, time in page.items()]
    report.add(Section("(a) The page query in process", ("", "ms", "times by hand"), rows))
    report.goals.append(Goal("(a) this executor against Strawberry's", stock / ours, 20))
    report.goals.append(Goal("(a) this executor's time against hand-joined", ours / hand, 2, least=False))
    awaiting = page[f"{execution.OURS}, awaiting"]
    report.goals.append(Goal("(a) the same with resolvers that are awaited", awaiting / hand, 2, least=False))
    growth = figures["growth"]
    sizes = list(growth[execution.OURS])
    rows = [(name, *(f"{times[size] * 1e6:.3f}" for size in sizes)) for name, times in growth.items()]
    report.add(Section("(e) Growth: µs per object, by objects in the answer", ("", *map(str, sizes)), rows))
    mine = [time for size, time in growth[execution.OURS].items() if 100 <= size <= 5000]
    text = "(e) time per object, 100 to 5,000: largest to smallest"
    report.goals.append(Goal(text, max(mine) / min(mine), 1.1, least=False))


def over_http(report: Report, rounds: Rounds, running: Contest) -> None:
    """(b): different pages in turn, random pages, one page by all, one connection."""
    calls, entrants = running.stub.calls, running.entrants
    asked = [entrants[name] for name in (GATEWAY, REFERENCE, STRAIGHTFORWARD, BY_HAND)]
    turn = rounds.figures(asked, calls)
    remark = "The 200 pages in shuffled order, in turn: no two alike are under way together."
    report.add(section_of("(b) A page of 50 with creator, updater, contacts; all different", turn, [remark]))
    report.goals.append(
        Goal("(b) different pages: gateway to straightforward", turn[GATEWAY].faster_than(turn[STRAIGHTFORWARD]), 30)
    )
    report.goals.append(
        Goal("(b) different pages: gateway to hand-written", turn[GATEWAY].faster_than(turn[BY_HAND]), 2)
    )
    report.goals.append(
        Goal("(b) different pages: gateway's p99 to its p50", turn[GATEWAY].p99 / turn[GATEWAY].p50, 3, least=False)
    )
    drawn = [replace(entrants[name], order="random") for name in (GATEWAY, BY_HAND)]
    remark = "A random one of the 200 pages for each request: some meet one under way for the same page."
    report.add(section_of("(b) Random pages", rounds.figures(drawn, calls), [remark]))
    same = rounds.figures(running.with_one_page(GATEWAY, REFERENCE, STRAIGHTFORWARD, BY_HAND, BARE), calls)
    report.add(section_of("(b) Identical queries", same))
    report.goals.append(
        Goal("(b) identical queries: gateway to bare endpoint", same[GATEWAY].faster_than(same[BARE]), 0.6)
    )
    lone = [replace(entrants[name], connections=1) for name in (GATEWAY, REFERENCE, STRAIGHTFORWARD, BY_HAND)]
    alone = rounds.figures(lone, calls)
    report.add(section_of("(b) One lone connection, different pages", alone))
    ratio = alone[GATEWAY].p50 / alone[BY_HAND].p50
    report.goals.append(Goal("(b) one connection: gateway's p50 to hand-written", ratio, 1.2, least=False))


def smallest(report: Report, rounds: Rounds, running: Contest) -> None:
    """(c)."""
    figures = rounds.figures(running.with_smallest(), running.stub.calls)
    report.add(section_of("(c) The smallest query, { __typename }", figures))


def with_latency(report: Report, rounds: Rounds, running: Contest) -> None:
    """(d)."""
    running.stub.take(20)
    asked = [running.entrants[name] for name in (GATEWAY, STRAIGHTFORWARD, BY_HAND)]
    report.add(
        section_of("(d) As (b), different pages, with 20 ms upstream", rounds.figures(asked, running.stub.calls))
    )
    running.stub.take(0)


def workers(report: Report, rounds: Rounds, running: Contest, placed: Cores, directory: Path) -> None:
    """(f)."""
    title = "(f) Two workers against one"
    if not placed.workers:
        report.add(Section(title, (), (), ["Not measured: it needs four cores, for two workers, stub and generator."]))
        return
    with two_workers(placed, running, directory) as entrants:
        figures = rounds.figures(entrants, running.stub.calls)
    report.add(section_of(title, figures))
    report.goals.append(Goal("(f) two workers to one", figures["two workers"].faster_than(figures["one worker"]), 1.8))


def demo_query(report: Report, rounds: Rounds, placed: Cores, directory: Path) -> None:
    """The demo query against the sandbox's five vendors, which share the generator's core."""
    with Vendors(placed.stub) as vendors:
        config = directory / "demo.toml"
        config.write_text("\n".join(_table(name, table) for name, table in vendors.tables.items()))
        with Server("gateway", [placed.server], {"CUSTOMER_GATEWAY_CONFIG": str(config)}) as server:
            body = Bodies(directory, []).query("demo", DEMO_QUERY)
            entrants = [
                Entrant(name, server, f"{server.url}/graphql", body, connections=connections)
                for name, connections in (("one connection", 1), ("100 connections", 100))
            ]
            figures = rounds.figures(entrants, vendors.calls)
            if "errors" in json.loads(posted(f"{server.url}/graphql", {"query": DEMO_QUERY})):
                raise RuntimeError("the demo query fails under this load: its figures say nothing")
    remark = "The vendors are real HTTP servers in Python on one core: they, not the gateway, are the limit here."
    report.add(section_of("The demo query over five systems of the sandbox, no rate limits", figures, [remark]))


def _table(name: str, table: dict[str, str | int]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join([f"[systems.{name}]", *lines, f"[systems.{name}.limits]", "vendor_budget = false"])


if __name__ == "__main__":
    main()
