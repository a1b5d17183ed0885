from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from picked import FIRST, SECOND, SECRET, listed, those
from sandbox.clients import credentials_of, guest, names_of, rename_first

from customer_gateway.sandbox import PORTS, PortTaken, Sandbox, run_sandbox

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path

pytestmark = pytest.mark.anyio


BY_GET, *_ = those(lambda facts: facts.login is None and all(route.startswith("GET ") for route in facts.listed))
PATH = listed(BY_GET).partition(" ")[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


async def test_two_sandboxes_share_nothing_but_their_beginning() -> None:
    one, other = Sandbox(customers=20), Sandbox(customers=20)
    before = await names_of(one, FIRST)

    await rename_first(one, FIRST)

    assert await names_of(other, FIRST) == before
    assert await names_of(one, FIRST) == ["Neu", *before[1:]]


async def test_the_log_tells_every_call_in_order_with_its_query_as_sent() -> None:
    box = Sandbox(customers=5)
    async with guest(box.vendors[BY_GET]) as client:
        await client.get(PATH)
        await client.get("/nothing?limit=2&offset=0")

    assert box.vendors[BY_GET].log.calls() == [f"GET {PATH}", "GET /nothing?limit=2&offset=0"]
    assert [call.status for call in box.vendors[BY_GET].log.entries] == [200, 404]
    assert [len(vendor.log) for name, vendor in box.vendors.items() if name != BY_GET] == [0] * (len(box.vendors) - 1)


async def test_a_path_outside_the_base_path_is_not_found() -> None:
    box = Sandbox(customers=5)
    vendor = box.vendors[BY_GET]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(vendor.app), base_url="http://vendor.example", **credentials_of(vendor)
    ) as client:
        within, outside = await client.get(vendor.base_path + PATH), await client.get(PATH)

    assert (within.status_code, outside.status_code) == (200, 404)


async def test_files_keep_what_was_written(tmp_path: Path) -> None:
    first = Sandbox(customers=5, directory=tmp_path)
    await rename_first(first, FIRST)
    first.close()
    second = Sandbox(customers=5, directory=tmp_path)

    assert (await names_of(second, FIRST))[0] == "Neu"
    second.close()


async def test_a_taken_port_is_said_in_one_line_and_nothing_stays_open() -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        box = Sandbox(customers=5)

        with pytest.raises(
            PortTaken, match=f"^Port {taken} for {SECOND} cannot be used .Address already in use.: stop"
        ):
            async with box.serving({FIRST: first, SECOND: taken}):
                pass

    with socket.create_server(("127.0.0.1", first)) as again:
        assert again.getsockname()[1] == first


async def test_named_ports_are_used() -> None:
    port = free_port()
    box = Sandbox(customers=5)

    async with box.serving({FIRST: port}) as urls:
        assert urls[FIRST] == f"http://127.0.0.1:{port}{box.vendors[FIRST].base_path}"
        assert urls[SECOND].count(":") == 2


async def test_an_application_can_be_started_and_stopped_by_a_server() -> None:
    box = Sandbox(customers=3)
    asked = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    told: list[str] = []

    async def receive() -> dict[str, str]:
        return next(asked)

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message["type"])

    await box.vendors[FIRST].app({"type": "lifespan"}, receive, send)

    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_fault_of_the_connection_needs_a_connection() -> None:
    box = Sandbox(customers=3)
    box.vendors[FIRST].faults.set("reset")

    async with guest(box.vendors[FIRST]) as client:
        with pytest.raises(RuntimeError, match="serve the sandbox on sockets"):
            await client.get("/")


def test_a_reset_forgets_what_was_written(tmp_path: Path) -> None:
    def first_line(_line: str) -> None:
        if not stopped:
            stopped.append(True)
            raise KeyboardInterrupt

    (tmp_path / f"{FIRST}.sqlite").write_bytes(b"no database")
    stopped: list[bool] = []

    run_sandbox(ports=dict.fromkeys(PORTS, 0), customers=5, directory=tmp_path, reset=True, say=first_line)

    assert (tmp_path / f"{FIRST}.sqlite").read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_everything_is_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    ports = {name: free_port() for name in PORTS}
    script = (
        "from pathlib import Path; from customer_gateway.sandbox import run_sandbox;"
        f"run_sandbox(ports={ports}, customers=5, directory=Path({str(tmp_path)!r}), reset=True)"
    )

    # As a shell starts what is to run in the background: it ignores Ctrl-C, unless it minds for itself.
    command = ["/bin/sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-u", "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            lines = [running.stdout.readline() for _ in PORTS]
            running.send_signal(number)
            rest, _ = running.communicate(timeout=30)
        finally:
            running.kill()

    assert [line.split()[0] for line in lines] == list(PORTS)
    assert all(f":{port}" in line for line, port in zip(lines, ports.values(), strict=True))
    assert f"{SECRET} = " in lines[0]
    assert (rest, running.returncode) == ("The sandbox has stopped.\n", 0)
    assert {path.name for path in tmp_path.glob("*.sqlite")} == {f"{name}.sqlite" for name in PORTS}
