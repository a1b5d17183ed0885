# ruff: noqa: INP001, T201  a script that prints figures, no module of a package
"""Ask a gateway what multiplies without end, and print what it cost: seconds, memory, the worst wait of others.

    python scripts/answer_budget.py

Runs the sandbox here, with a customer of 60 contacts and 120 invoices, and the gateway over it in a process of its
own; both on this machine. While a question is answered another client asks `{ __typename }` again and again: its
longest wait is what everybody else would have met. docs/operating.md has a record of the output.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.cli.demo import sandbox_config
from customer_gateway.model.ids import encode_id
from customer_gateway.sandbox import DEFINITIONS, PORTS, Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.sandbox.people import Party
    from customer_gateway.sandbox.store import Store

FIRST_PORT: Final = 9411
GATEWAY_PORT: Final = 9410
CONTACTS: Final = 60
INVOICES: Final = 120
DOCUMENTS: Final[Any] = import_module("customer_gateway.sandbox.pland.documents")  # by name: types hold without Pland
MEGABYTE: Final = 1024.0


def main() -> None:
    pland = next(each for each in DEFINITIONS if each.name == "pland")
    key: list[str] = []

    def fill(store: Store, parties: Sequence[Party]) -> None:
        pland.fill(store, parties)
        key.append(grow(store))

    others = [each for each in DEFINITIONS if each is not pland]
    box = Sandbox(customers=50, definitions=[replace(pland, fill=fill), *others])
    asyncio.run(record(box, key[0]))


def grow(store: Store) -> str:
    """Give the first customer many contacts and invoices, copies of those that are there, and return its key."""
    customer = str(next(iter(store[DOCUMENTS.CUSTOMERS]))["_id"])
    for kind, count in ((DOCUMENTS.CONTACTS, CONTACTS), (DOCUMENTS.INVOICES, INVOICES)):
        pattern = next(iter(store[kind]))
        for own in store[kind].where("customerId", [customer]):
            store[kind].delete(own["_id"])
        store[kind].put_all(
            {**pattern, "_id": DOCUMENTS.object_id("grown", kind.name, place), "customerId": customer}
            for place in range(count)
        )
    return customer


async def record(box: Sandbox, key: str) -> None:
    ports = {name: FIRST_PORT + place for place, name in enumerate(PORTS)}
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "gateway.toml"
        config.write_text(sandbox_config(FIRST_PORT), encoding="utf-8")
        async with box.serving(ports):
            arguments = [sys.executable, "-m", "customer_gateway", "serve", "--config", str(config)]
            gateway = await asyncio.create_subprocess_exec(
                *arguments, "--port", str(GATEWAY_PORT), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            try:
                await asyncio.to_thread(ask_all, gateway.pid, key)
            finally:
                gateway.terminate()
                await gateway.wait()


def ask_all(pid: int, key: str) -> None:
    node = encode_id("Customer", "pland", key)
    wait_until_served()
    ask("{ systems { name customers(first: 20) { nodes { name contacts { name } } } } }")  # warm
    for name, document in questions(node).items():
        measure(name, document, pid)


def questions(node: str) -> dict[str, str]:
    """Return the documents by name."""
    contacts = "id"
    for _ in range(4):
        contacts = f"contacts {{ customer {{ {contacts} }} }}"
    invoices = "number"
    for _ in range(3):
        invoices = f"invoices(first: 100) {{ nodes {{ customer {{ {invoices} }} }} }}"
    types = "name kind description fields { name description args { name type { name } } type { name kind } }"
    copies = " ".join(f"t{place}: types {{ {types} }}" for place in range(16))
    return {
        "contacts, four deep": f'{{ node(id: "{node}") {{ ... on Customer {{ {contacts} }} }} }}',
        "invoices, three deep": f'{{ node(id: "{node}") {{ ... on Customer {{ {invoices} }} }} }}',
        "aliased introspection": f"{{ __schema {{ {copies} }} }}",
        "an ordinary page": "{ systems { customers(first: 20) { nodes { name email contacts { name email } } } } }",
    }


def measure(name: str, document: str, pid: int) -> None:
    reset_peak(pid)
    before = memory(pid, "VmRSS")
    over = threading.Event()
    waits: list[float] = []
    other = threading.Thread(target=keep_asking, args=(over, waits))
    other.start()
    time.sleep(0.2)
    began, worked = time.perf_counter(), processor_seconds(pid)
    body = ask(document)
    seconds, worked = time.perf_counter() - began, processor_seconds(pid) - worked
    over.set()
    other.join()
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    grown = memory(pid, "VmHWM") - before
    print(
        f"{name:22} {len(document):5} bytes  {seconds:5.2f} s ({worked:.2f} s of work)  {grown:+5.0f} MB  "
        f"others waited {max(waits) * 1000:4.0f} ms at worst  {codes[:1] or 'answered'}"
    )


def keep_asking(over: threading.Event, waits: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", GATEWAY_PORT, timeout=60)
    while not over.is_set():
        began = time.perf_counter()
        post(connection, "{ __typename }")
        waits.append(time.perf_counter() - began)
        time.sleep(0.002)


def ask(document: str) -> dict[str, Any]:
    return json.loads(post(http.client.HTTPConnection("127.0.0.1", GATEWAY_PORT, timeout=120), document))


def post(connection: http.client.HTTPConnection, document: str) -> bytes:
    body = json.dumps({"query": document})
    connection.request("POST", "/graphql", body, {"content-type": "application/json"})
    return connection.getresponse().read()


def wait_until_served() -> None:
    for _ in range(200):
        try:
            ask("{ __typename }")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("The gateway did not start.")


def memory(pid: int, line: str) -> float:
    """Return a figure of the process in megabytes: `VmRSS` is what it has now, `VmHWM` the most since `reset_peak`."""
    found = re.search(rf"{line}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    assert found is not None  # noqa: S101  Linux always tells
    return int(found[1]) / MEGABYTE


def processor_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def reset_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")


if __name__ == "__main__":
    main()
