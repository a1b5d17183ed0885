"""The processes of a run: contestants, the stub, the sandbox. Each is ended by its own id."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self
from urllib.request import Request, urlopen

from bench.machine import used, workers_used
from bench.trees import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from bench.machine import Used
    from bench.trees import Tree

_READY_SECONDS = 30
_REST_SECONDS = 0.2
_REST_TRIES = 150


class Running:
    """A module of a tree, `first_line` is what it said when it was ready; `log` None is the terminal."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        core: int,
        environment: Mapping[str, str] | None = None,
        tree: Tree = HERE,
        log: int | None = subprocess.DEVNULL,
    ) -> None:
        self._process = subprocess.Popen(
            [tree.python, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=tree.root,
            env={**tree.environment, **(environment or {})},
            text=True,
        )
        os.sched_setaffinity(self._process.pid, {core})
        if self._process.stdout is None:
            raise RuntimeError(f"{module} has no output")
        self.first_line = self._process.stdout.readline().strip()
        if not self.first_line:
            raise RuntimeError(f"{module} {' '.join(arguments)} of {tree.root} did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)

    def used(self) -> Used:
        return used(self._process.pid)

    def workers_used(self) -> dict[int, float]:
        return workers_used(self._process.pid)

    def come_to_rest(self) -> None:
        """Wait until it computes nothing: what the last load left under way is done with."""
        before = self.used().cpu
        for _ in range(_REST_TRIES):
            time.sleep(_REST_SECONDS)
            after = self.used().cpu
            if after - before < _REST_SECONDS / 10:
                return
            before = after
        raise RuntimeError("a contestant does not come to rest")


class Server(Running):
    """A contestant under uvicorn, on `cores`."""

    def __init__(
        self,
        contestant: str,
        cores: Sequence[int],
        environment: Mapping[str, str],
        tree: Tree = HERE,
        log: int | None = subprocess.DEVNULL,
    ) -> None:
        told = ",".join(map(str, cores))
        workers = len(cores)
        super().__init__(
            "bench.serve",
            contestant,
            told,
            str(workers),
            core=cores[0],
            environment={**environment, "CUSTOMER_GATEWAY_WORKERS": str(workers)},
            tree=tree,
            log=log,
        )
        self.url = f"http://127.0.0.1:{self.first_line}"
        _wait_until_answering(self.url)


class Stub(Running):
    """The stub of Pland."""

    def __init__(self, core: int) -> None:
        super().__init__("bench.stub", core=core)
        self.url = f"http://127.0.0.1:{self.first_line}"

    def calls(self) -> int:
        return fetched(f"{self.url}/calls")["calls"]

    def take(self, milliseconds: int) -> None:
        """Answer only after so long."""
        fetched(f"{self.url}/latency?ms={milliseconds}")


class Vendors(Running):
    """The sandbox's five vendors."""

    def __init__(self, core: int) -> None:
        super().__init__("bench.vendors", core=core)
        self.tables: dict[str, dict[str, Any]] = json.loads(self.first_line)

    def calls(self) -> int:
        roots = ["/".join(table["base_url"].split("/")[:3]) for table in self.tables.values()]
        return sum(len(fetched(f"{root}/_sandbox/calls")) for root in roots)


def fetched(url: str) -> Any:
    with urlopen(url, timeout=30) as answer:
        return json.load(answer)


def posted(url: str, document: Any, key: str = "") -> bytes:
    """What the server answers to a JSON body."""
    headers = {"content-type": "application/json", "accept": "application/graphql-response+json, application/json"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    with urlopen(Request(url, json.dumps(document).encode(), headers), timeout=60) as answer:
        return answer.read()


def _wait_until_answering(url: str) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        try:
            urlopen(f"{url}/", timeout=1).close()
        except OSError as error:
            if hasattr(error, "code"):  # an HTTP error is an answer
                return
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} does not answer")
