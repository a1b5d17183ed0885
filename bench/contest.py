"""Who competes over HTTP: the contestants' processes, and what asks each of them for the same pages."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson

from bench.answers import Questions, asked
from bench.collection import TUNED
from bench.load import Entrant
from bench.page import CURSOR_QUERY, GATEWAY_QUERY, OFFSET_QUERY, SMALLEST_QUERY
from bench.pland_rows import CONTACTS_EACH, CUSTOMERS, PAGE
from bench.processes import Server, Stub, posted
from bench.trees import HERE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from bench.machine import Cores
    from bench.trees import Tree

SEVERAL = 32
"""Connections of a load that both of two workers have to serve."""

OFFSETS = range(0, CUSTOMERS, PAGE)

GATEWAY = "gateway"
REFERENCE = "gateway on graphql-core"
STRAIGHTFORWARD = "straightforward Strawberry server"
BY_HAND = "hand-written endpoint, three calls"
BY_PYREQWEST = "hand-written, pyreqwest directly"
STRAIGHTFORWARD_TUNED = "straightforward, its collector tuned"
BY_HAND_TUNED = "hand-written, its collector tuned"
BY_PYREQWEST_TUNED = "pyreqwest directly, its collector tuned"
WITH_DEFAULTS = "gateway, its defaults"
BARE = "bare endpoint, the same bytes from memory"
SMALLEST = "bare endpoint, the smallest answer"


@dataclass(frozen=True, slots=True)
class Pages:
    """What is asked, in each way of asking: all pages, one page, the smallest query. `answers` are right, by page."""

    directory: Path
    cursors: Sequence[str | None]
    answers: Sequence[Any]

    def all(self, way: str) -> Questions:
        return written(self.directory / f"{way}-pages", self._bodies(way), self.answers)

    def one(self, way: str) -> Questions:
        return written(self.directory / f"{way}-one", self._bodies(way)[:1], self.answers[:1])

    def smallest(self) -> Questions:
        answer = {"data": {"__typename": "Query"}}
        return written(self.directory / "smallest", [{"query": SMALLEST_QUERY}], [answer])

    def _bodies(self, way: str) -> list[Any]:
        if way == "cursor":
            return [{"query": GATEWAY_QUERY, "variables": {"after": cursor}} for cursor in self.cursors]
        if way == "offset":
            return [{"query": OFFSET_QUERY, "variables": {"offset": offset}} for offset in OFFSETS]
        return _PLAIN


def written(path: Path, bodies: Sequence[Any], answers: Sequence[Any]) -> Questions:
    """Questions whose bodies are JSON."""
    path.write_bytes(b"".join(orjson.dumps(body) + b"\n" for body in bodies))
    return Questions(path, answers)


@dataclass(frozen=True, slots=True)
class Contest:
    """All contestants, running, and the stub behind them. `entrants` ask for the different pages in turn."""

    stub: Stub
    entrants: Mapping[str, Entrant]
    pages: Pages

    def with_one_page(self, *names: str) -> list[Entrant]:
        """The same page over and over."""
        return [replace(self.entrants[name], questions=self.pages.one(_WAYS[name])) for name in names]

    def with_smallest(self) -> list[Entrant]:
        asked = [self.entrants[name] for name in (GATEWAY, REFERENCE, STRAIGHTFORWARD)]
        bare = self.entrants[BARE]
        asked.append(replace(bare, name=SMALLEST, url=bare.url.replace("/bare", "/smallest")))
        return [replace(each, questions=self.pages.smallest()) for each in asked]


_PLAIN = [{"offset": offset} for offset in OFFSETS]
_WAYS = {
    **dict.fromkeys((GATEWAY, REFERENCE, WITH_DEFAULTS), "cursor"),
    **dict.fromkeys((STRAIGHTFORWARD, STRAIGHTFORWARD_TUNED), "offset"),
    **dict.fromkeys((BY_HAND, BY_HAND_TUNED, BY_PYREQWEST, BY_PYREQWEST_TUNED, BARE), "plain"),
}
_PATHS = {**dict.fromkeys((BY_HAND, BY_HAND_TUNED, BY_PYREQWEST, BY_PYREQWEST_TUNED), "/page"), BARE: "/bare"}


@contextmanager
def contest(cores: Cores, directory: Path) -> Generator[Contest]:
    """Start everything, and end it all."""
    with Stub(cores.stub) as stub, ExitStack() as started:
        servers = {
            name: started.enter_context(Server(contestant, [cores.server], environment))
            for name, (contestant, environment) in _contestants(stub, directory).items()
        }
        servers[BARE] = servers[BY_HAND]
        pages = Pages(directory, cursors(servers[GATEWAY]), right_answers(servers[BY_HAND]))
        yield Contest(stub, _entrants(servers, pages), pages)


def _contestants(stub: Stub, directory: Path) -> Mapping[str, tuple[str, Mapping[str, str]]]:
    """Who is started, in this order: by name the file in bench/contestants, and its environment."""
    usual = {"BENCH_STUB": f"{stub.url}/v2", "CUSTOMER_GATEWAY_CONFIG": str(configured(stub, directory))}
    reference = {**usual, "CUSTOMER_GATEWAY_SERVER__EXECUTOR": "reference"}
    defaults = {**usual, "CUSTOMER_GATEWAY_CONFIG": str(configured(stub, directory, "defaults", parallel=None))}
    tuned = {**usual, TUNED: "1"}
    return {
        GATEWAY: ("gateway", usual),
        REFERENCE: ("gateway", reference),
        STRAIGHTFORWARD: ("straightforward", usual),
        BY_HAND: ("by_hand", usual),
        WITH_DEFAULTS: ("gateway", defaults),
        BY_PYREQWEST: ("by_pyreqwest", usual),
        BY_PYREQWEST_TUNED: ("by_pyreqwest", tuned),
        STRAIGHTFORWARD_TUNED: ("straightforward", tuned),
        BY_HAND_TUNED: ("by_hand", tuned),
    }


def _entrants(servers: Mapping[str, Server], pages: Pages) -> Mapping[str, Entrant]:
    return {
        name: Entrant(name, server, server.url + _PATHS.get(name, "/graphql"), pages.all(_WAYS[name]))
        for name, server in servers.items()
    }


@contextmanager
def two_workers(cores: Cores, contest: Contest, directory: Path) -> Generator[list[Entrant]]:
    """One worker on a core, and two on two."""
    environment = {"CUSTOMER_GATEWAY_CONFIG": str(configured(contest.stub, directory))}
    with (
        Server("gateway", cores.workers[:1], environment) as one,
        Server("gateway", cores.workers, environment) as two,
    ):
        pages = contest.pages.all("cursor")
        yield [
            Entrant(name, server, f"{server.url}/graphql", pages)
            for name, server in (("one worker", one), ("two workers", two))
        ]


@contextmanager
def two_on_one_core(cores: Cores, contest: Contest, directory: Path) -> Generator[tuple[Server, Entrant]]:
    """Two workers that share a core, with several connections: for who serves, not for how fast."""
    environment = {"CUSTOMER_GATEWAY_CONFIG": str(configured(contest.stub, directory))}
    with Server("gateway", [cores.server] * 2, environment) as server:
        pages = contest.pages.all("cursor")
        yield server, Entrant("two workers", server, f"{server.url}/graphql", pages, connections=SEVERAL)


def cursors(gateway: Server, key: str = "") -> list[str | None]:
    """What leads to each page, asked from page to page; None for the first."""
    found: list[str | None] = [None]
    for _ in OFFSETS[1:]:
        answer = posted(f"{gateway.url}/graphql", {"query": CURSOR_QUERY, "variables": {"after": found[-1]}}, key)
        found.append(orjson.loads(answer)["data"]["system"]["customers"]["pageInfo"]["endCursor"])
    return found


def right_answers(by_hand: Server) -> list[Any]:
    """Every page as joined by hand, none of it missing."""
    found = [answer.document for answer in asked(f"{by_hand.url}/bare", [orjson.dumps(body) for body in _PLAIN], 4)]
    for page in found:
        must_be_whole(page)
    return found


def must_be_whole(page: Any) -> None:
    nodes = page["data"]["system"]["customers"]["nodes"]
    people = [each for node in nodes for each in (node["creator"], node["updater"], *node["contacts"])]
    if len(nodes) != PAGE or len(people) != PAGE * (2 + CONTACTS_EACH) or None in people:
        raise RuntimeError("a page that is not whole")


def configured(
    stub: Stub,
    directory: Path,
    name: str = "gateway",
    *,
    parallel: int | None = 100,
    tree: Tree = HERE,
    auth: str | None = None,
) -> Path:
    """Write the configuration of a tree's gateway; None leaves `parallel` at its default, and lets everybody ask."""
    path = directory / f"{name}.toml"
    limits = "" if parallel is None else f"[systems.pland.limits]\nparallel = {parallel}\n"
    callers = tree.auth if auth is None else auth
    pland = f"[systems.pland]\nbase_url = {json.dumps(stub.url + '/v2')}\napi_key = 'bench:secret'\n"
    path.write_text(f"{callers}{pland}{limits}")
    return path
