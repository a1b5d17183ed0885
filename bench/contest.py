"""Who competes over HTTP: the contestants' processes, and the bodies that ask each for the same pages."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from bench.load import Entrant
from bench.page import CURSOR_QUERY, GATEWAY_QUERY, OFFSET_QUERY, SMALLEST_QUERY
from bench.pland_rows import CUSTOMERS, PAGE
from bench.processes import Server, Stub, posted

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path

    from bench.machine import Cores

OFFSETS = range(0, CUSTOMERS, PAGE)

GATEWAY = "gateway"
REFERENCE = "gateway on graphql-core"
STRAIGHTFORWARD = "straightforward Strawberry server"
BY_HAND = "hand-written endpoint, three calls"
BARE = "bare endpoint, the same bytes from memory"
SMALLEST = "bare endpoint, the smallest answer"


@dataclass(frozen=True, slots=True)
class Bodies:
    """Files with a body a line: all pages, one page, the smallest query; for each way of asking."""

    directory: Path
    cursors: list[str | None]

    def pages(self, way: str) -> Path:
        return self._written(f"{way}-pages", self._pages(way))

    def one(self, way: str) -> Path:
        return self._written(f"{way}-one", self._pages(way)[:1])

    def smallest(self) -> Path:
        return self._written("smallest", [{"query": SMALLEST_QUERY}])

    def query(self, name: str, query: str) -> Path:
        return self._written(name, [{"query": query}])

    def _pages(self, way: str) -> list[Any]:
        if way == "cursor":
            return [{"query": GATEWAY_QUERY, "variables": {"after": cursor}} for cursor in self.cursors]
        if way == "offset":
            return [{"query": OFFSET_QUERY, "variables": {"offset": offset}} for offset in OFFSETS]
        return [{"offset": offset} for offset in OFFSETS]

    def _written(self, name: str, documents: Iterable[Any]) -> Path:
        path = self.directory / f"{name}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(document) + b"\n" for document in documents))
        return path


@dataclass(frozen=True, slots=True)
class Contest:
    """All contestants, running, and the stub behind them. `entrants` ask for the different pages in turn."""

    stub: Stub
    entrants: Mapping[str, Entrant]
    bodies: Bodies

    def with_one_page(self, *names: str) -> list[Entrant]:
        """The same page over and over."""
        return [replace(self.entrants[name], bodies=self.bodies.one(_WAYS[name])) for name in names]

    def with_smallest(self) -> list[Entrant]:
        asked = [self.entrants[name] for name in (GATEWAY, REFERENCE, STRAIGHTFORWARD)]
        bare = self.entrants[BARE]
        asked.append(replace(bare, name=SMALLEST, url=bare.url.replace("/bare", "/smallest")))
        return [replace(each, bodies=self.bodies.smallest()) for each in asked]


_WAYS = {GATEWAY: "cursor", REFERENCE: "cursor", STRAIGHTFORWARD: "offset", BY_HAND: "plain", BARE: "plain"}
_PATHS = {BY_HAND: "/page", BARE: "/bare"}


@contextmanager
def contest(cores: Cores, directory: Path) -> Generator[Contest]:
    """Start everything, see that all give the same answers, and end it all."""
    with Stub(cores.stub) as stub:
        environment = {
            "BENCH_STUB": f"{stub.url}/v2",
            "CUSTOMER_GATEWAY_CONFIG": str(_configured(stub, directory)),
        }
        reference = {**environment, "CUSTOMER_GATEWAY_SERVER__EXECUTOR": "reference"}
        with (
            Server("gateway", [cores.server], environment) as gateway,
            Server("gateway", [cores.server], reference) as graphql_core,
            Server("straightforward", [cores.server], environment) as straightforward,
            Server("by_hand", [cores.server], environment) as by_hand,
        ):
            servers = {
                GATEWAY: gateway,
                REFERENCE: graphql_core,
                STRAIGHTFORWARD: straightforward,
                BY_HAND: by_hand,
                BARE: by_hand,
            }
            bodies = Bodies(directory, cursors(gateway))
            entrants = {
                name: Entrant(name, server, server.url + _PATHS.get(name, "/graphql"), bodies.pages(_WAYS[name]))
                for name, server in servers.items()
            }
            _demand_sameness(entrants.values())
            yield Contest(stub, entrants, bodies)


@contextmanager
def two_workers(cores: Cores, contest: Contest, directory: Path) -> Generator[list[Entrant]]:
    """One worker and two, each on a core of its own."""
    environment = {"CUSTOMER_GATEWAY_CONFIG": str(_configured(contest.stub, directory))}
    with (
        Server("gateway", cores.workers[:1], environment) as one,
        Server("gateway", cores.workers, environment) as two,
    ):
        pages = contest.bodies.pages("cursor")
        yield [
            Entrant(name, server, f"{server.url}/graphql", pages)
            for name, server in (("one worker", one), ("two workers", two))
        ]


def cursors(gateway: Server) -> list[str | None]:
    """What leads to each page, asked from page to page; None for the first."""
    found: list[str | None] = [None]
    for _ in OFFSETS[1:]:
        answer = posted(f"{gateway.url}/graphql", {"query": CURSOR_QUERY, "variables": {"after": found[-1]}})
        found.append(orjson.loads(answer)["data"]["system"]["customers"]["pageInfo"]["endCursor"])
    return found


def _configured(stub: Stub, directory: Path) -> Path:
    path = directory / "gateway.toml"
    path.write_text(
        f"[systems.pland]\nbase_url = {json.dumps(stub.url + '/v2')}\napi_key = 'bench:secret'\n"
        "[systems.pland.limits]\nparallel = 100\n"
    )
    return path


def _demand_sameness(entrants: Iterable[Entrant]) -> None:
    """Every contestant gives the same data for some pages, or the contest is void."""
    for place in (0, 1, len(OFFSETS) - 1):
        answers: dict[str, Any] = {}
        for entrant in entrants:
            body = orjson.loads(entrant.bodies.read_bytes().splitlines()[place])
            answers[entrant.name] = orjson.loads(posted(entrant.url, body))
        odd = [name for name, answer in answers.items() if answer != answers[GATEWAY]]
        if odd or "errors" in answers[GATEWAY] or not answers[GATEWAY]["data"]["system"]["customers"]["nodes"]:
            raise RuntimeError(f"page {place}: another answer than the gateway's from {odd or 'nobody, but no data'}")
