# ruff: noqa: INP001  a script, no module of a package
"""Count the files of `src` that one warm read enters: a customer with contacts, over a socket.

The gateway and the sandbox's vendors run in this process; the sandbox is not counted. Prints the files, and ends with 1
where there are more than `MOST_FILES`, or where a file of `src` has more than `MOST_LINES`.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.app import build_app
from customer_gateway.cli.demo import demo_settings, sandbox_ports
from customer_gateway.sandbox import Sandbox
from customer_gateway.server.serving import Ending, Timeouts, serve

if TYPE_CHECKING:
    from types import FrameType

MOST_FILES: Final = 55
MOST_LINES: Final = 300
NOT_COUNTED: Final = {"server/serving.py"}
"""What no read calls: uvicorn's ticker, ten times a second, goes on with the coroutine in it that serves."""
SOURCE: Final = Path(__file__).parent.parent / "src" / "customer_gateway"
_SYSTEM: Final = "pland"
_LIST: Final = "query($names: [String!]) { systems(names: $names) { customers(first: 5) { nodes { id } } } }"
_READ: Final = "query($id: ID!) { node(id: $id) { ... on Customer { id name contacts { id name email } } } }"


class Client:
    """One kept connection that posts GraphQL requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, query: str, variables: dict[str, Any]) -> Any:
        """Return the data of the answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        head = (
            "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"accept: application/graphql-response+json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        document = json.loads(await self._reader.readexactly(length))
        if "errors" in document:
            raise SystemExit(f"the read failed: {document['errors'][0]['message']}")
        return document["data"]

    def close(self) -> None:
        self._writer.close()


async def entered_files() -> set[str]:
    """Return the files that one warm read enters, by their paths in the package."""
    found: set[str] = set()

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            found.add(frame.f_code.co_filename)

    box = Sandbox()
    connection = socket.create_server(("127.0.0.1", 0))
    ending = Ending()
    try:
        async with box.serving(sandbox_ports(0)) as urls:
            app = build_app(demo_settings(box, urls, budgets=True))
            serving = asyncio.create_task(serve(app, connection, ending, timeouts=Timeouts(1), started=lambda: None))
            client = Client(*await asyncio.open_connection(*connection.getsockname()))
            data = await client.post(_LIST, {"names": [_SYSTEM]})
            *warm, measured = [node["id"] for node in data["systems"][0]["customers"]["nodes"]]
            for customer in warm:
                await client.post(_READ, {"id": customer})
            await asyncio.sleep(0.1)  # what follows an answer is done
            threading.setprofile_all_threads(profile) if sys.version_info >= (3, 12) else sys.setprofile(profile)
            await client.post(_READ, {"id": measured})
            await asyncio.sleep(0.1)
            sys.setprofile(None)
            client.close()
            if ending.server is not None:
                ending.server.should_exit = True
            await serving
    finally:
        box.close()
    inside = [Path(name) for name in found if name.startswith(str(SOURCE))]
    files = {str(path.relative_to(SOURCE)) for path in inside if path.relative_to(SOURCE).parts[0] != "sandbox"}
    return files - NOT_COUNTED


def long_files() -> dict[str, int]:
    """Return the files of the package, the sandbox left out, that are too long, with their lines."""
    lines = {path.relative_to(SOURCE): len(path.read_text().splitlines()) for path in SOURCE.rglob("*.py")}
    long = {path.as_posix(): count for path, count in sorted(lines.items()) if count > MOST_LINES}
    return {name: count for name, count in long.items() if not name.startswith("sandbox/")}


def main() -> int:
    """Print what was counted; return the code to end with."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    files = asyncio.run(entered_files())
    long = long_files()
    print(*sorted(files), sep="\n")  # noqa: T201 - what the script is for
    print(f"{len(files)} files in a warm read, at most {MOST_FILES}")  # noqa: T201
    for name, count in long.items():
        print(f"{name}: {count} lines, at most {MOST_LINES}")  # noqa: T201
    return int(len(files) > MOST_FILES or bool(long))


if __name__ == "__main__":
    sys.exit(main())
