"""This tree against another commit: `make bench AGAINST=REF`; prints a table and writes nothing.

(a) is this tree's bench.execution over each tree's executor, a process a round. (b) is each tree's gateway as its own
bench.serve runs it, both up the whole time and one at a time under load, by this tree's stub, page query and generator.
Rounds alternate: before and now, now and before.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError

from bench.answers import asked
from bench.callers import Keyed
from bench.contest import Pages, cursors, must_be_whole
from bench.execution import AWAITING, BY_HAND, OURS
from bench.load import Entrant, Generator
from bench.machine import cores, facts
from bench.processes import Running, Server, Stub
from bench.ratios import MARGIN, Pair
from bench.report import Report, Section
from bench.rounds import Rounds, order_rounds
from bench.trees import HERE, checked_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.answers import Order
    from bench.machine import Cores
    from bench.rounds import Runs
    from bench.trees import Tree

_COLUMNS = ("", "before", "now", "now to before", "19 times in 20", f"within {MARGIN:.0%}")
_BEFORE, _NOW = "before", "now"
_IN_PROCESS: tuple[tuple[str, Callable[[dict[str, float]], float]], ...] = (
    ("executor, ms a page", lambda page: page[OURS] * 1000),
    ("executor, times by hand", lambda page: page[OURS] / page[BY_HAND]),
    ("resolvers awaited, times by hand", lambda page: page[AWAITING] / page[BY_HAND]),
    ("by hand, the same code in both, ms a page", lambda page: page[BY_HAND] * 1000),
)
_ORDERS: tuple[tuple[str, Order], ...] = (("random pages", "random"), ("all different pages", "turn"))
_BUSY = 0.9


class Figure(NamedTuple):
    """Of a load: what it is called, its attribute in Figures, and whether more of it is better."""

    text: str
    name: str
    more: bool = False


_OVER_HTTP = (
    Figure("requests/s", "rate", more=True),
    Figure("p50 ms", "p50"),
    Figure("CPU ms/request", "cpu"),
    Figure("upstream calls/request", "calls"),
)


def compare(ref: str, *, quick: bool) -> None:
    signal.signal(signal.SIGTERM, _end)
    placed = cores()
    rounds = Rounds(Generator.found(), 7, 1, 1) if quick else Rounds(Generator.found(), 15, 3, 3)
    with checked_out(ref) as (before, told), tempfile.TemporaryDirectory() as directory:
        trees = {_BEFORE: before, _NOW: HERE}
        report = Report([*facts(), *told, *_conditions(placed, rounds)])
        for line in report.heading:
            print(line)
        os.sched_setaffinity(0, {placed.generator})  # the generator inherits it
        report.add(in_process(trees, rounds.rounds, placed.server))
        report.add(over_http(trees, rounds, placed, Path(directory)))


def _end(*_: object) -> None:
    """Leave by an exception, so that the other tree is taken away."""
    sys.exit("ended")


def _conditions(placed: Cores, rounds: Rounds) -> list[str]:
    return [
        f"gateways on core {placed.server}, stub on {placed.stub}, generator on {placed.generator}",
        f"generator: {rounds.generator.name}",
        f"{rounds.rounds} rounds, every second one backwards; over HTTP loads of {rounds.seconds:g} s, 100 connections",
        "before, now: medians of the rounds; now to before: the median of the rounds' ratios",
        "19 times in 20: where that median would lie if there were no end of rounds",
        f"within {MARGIN:.0%}: yes if all of that is at most so much slower, no if none of it is, else unsure",
    ]


def in_process(trees: Mapping[str, Tree], rounds: int, core: int) -> Section:
    """(a)."""
    title = "(a) The page query in process"
    found: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for turn in order_rounds([*trees], rounds):
        for name in turn:
            tree = trees[name]._replace(root=HERE.root)
            try:
                with Running("bench.execution", "--page", core=core, tree=tree, log=None) as run:
                    found[name].append(json.loads(run.first_line))
            except RuntimeError:
                why = f"Not compared: this tree's bench.execution does not run with the executor of {tree.source}."
                return Section(title, (), (), [why])
    return _section(
        title,
        [
            Pair(text, "less", [figure(page) for page in found[_BEFORE]], [figure(page) for page in found[_NOW]])
            for text, figure in _IN_PROCESS
        ],
    )


def over_http(trees: Mapping[str, Tree], rounds: Rounds, placed: Cores, directory: Path) -> Section:
    """(b)."""
    with Stub(placed.stub) as stub:
        keyed = {name: Keyed.of(tree, stub, directory, f"{name}-tree") for name, tree in trees.items()}
        environments = {name: {"CUSTOMER_GATEWAY_CONFIG": str(each.config)} for name, each in keyed.items()}
        with (
            Server("gateway", [placed.server], environments[_BEFORE], trees[_BEFORE]) as before,
            Server("gateway", [placed.server], environments[_NOW], trees[_NOW]) as now,
        ):
            servers = {_BEFORE: before, _NOW: now}
            entrants = [_entrant(name, server, directory, keyed[name].key) for name, server in servers.items()]
            pairs: list[Pair] = []
            remarks: list[str] = []
            for text, order in _ORDERS:
                runs = rounds.runs([replace(entrant, order=order) for entrant in entrants], stub)
                pairs += _pairs(text, runs)
                remarks += _idle(text, runs)
    answers = [entrant.questions.answers for entrant in entrants]
    other = sum(one != another for one, another in zip(*answers, strict=True))
    if other:
        remarks.append(
            f"Of {len(answers[0])} pages {other} are answered otherwise than before: the work is not the same."
        )
    return _section("(b) A page of 50 with creator, updater, contacts over HTTP", pairs, remarks)


def _entrant(name: str, server: Server, directory: Path, key: str) -> Entrant:
    """A tree's own answers are its right ones, if they are whole: another commit may read a value otherwise."""
    own, url = directory / name, f"{server.url}/graphql"
    own.mkdir()
    try:
        pages = Pages(own, cursors(server, key), [])
        answers = [answer.document for answer in asked(url, pages.all("cursor").lines, 4, key=key)]
        for page in answers:
            must_be_whole(page)
    except (HTTPError, KeyError, TypeError, RuntimeError) as error:
        raise SystemExit(
            f"The gateway {name} does not answer this tree's page query, bench/page.py: {error!r}"
        ) from None
    return Entrant(name, server, url, replace(replace(pages, answers=answers).all("cursor"), key=key))


def _pairs(text: str, runs: Mapping[str, Runs]) -> list[Pair]:
    faults = [f"{name}: {fault}" for name, each in runs.items() for fault in each.median.faults]

    def values(tree: str, figure: Figure) -> list[float]:
        return [getattr(figures, figure.name) for figures in runs[tree].rounds]

    return [
        Pair(
            f"{text}, {figure.text}",
            "more" if figure.more else "less",
            values(_BEFORE, figure),
            values(_NOW, figure),
            faults,
        )
        for figure in _OVER_HTTP
    ]


def _idle(text: str, runs: Mapping[str, Runs]) -> list[str]:
    """Whether it was the gateways that were measured."""
    busy = min(each.median.busy.contestant for each in runs.values())
    if busy >= _BUSY:
        return []
    return [f"At {text} a gateway had or used only {busy:.0%} of its core: look at the CPU rather than the rate."]


def _section(title: str, pairs: Sequence[Pair], remarks: Sequence[str] = ()) -> Section:
    ratios = [f"Rounds, {pair.text}: {' '.join(f'{ratio:.2f}' for ratio in pair.ratios)}" for pair in pairs]
    return Section(title, _COLUMNS, [pair.row for pair in pairs], [*remarks, *ratios])
