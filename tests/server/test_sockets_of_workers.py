"""The sockets of `serve --workers`: a shared one and one a worker, at one address, kept while a worker is replaced."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from configured import table_at
from picked import FIRST
from processes import PATIENCE, command, wait_until
from structlog.testing import capture_logs
from supervised import NEEDS_PROC, connections, served

from customer_gateway.server.serving import CannotListen, listen, sockets_for_workers

if TYPE_CHECKING:
    from collections.abc import Generator

    from supervised import Served

SEVERAL = 40
"""Connections that miss the own socket of one of two workers by chance: twice in ten million runs."""

LISTENS = "0A"
"""The state of a listening socket in `/proc/net/tcp`."""

pytestmark = [NEEDS_PROC, pytest.mark.alone]


@pytest.fixture
def opened() -> Generator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_several_connections_are_served_by_both_workers(tmp_path: Path, opened: ExitStack) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: listening(gateway) == 3)
        clients = asked(gateway, opened)
        answers = [status(client) for client in clients]
        held = [connections(worker, clients) for worker in gateway.workers()]
        ended(gateway)

    assert answers == [b"HTTP/1.1 200 OK"] * SEVERAL
    assert sum(held) == SEVERAL
    assert min(held) > 0


def test_what_a_dead_worker_had_not_accepted_is_answered_by_its_replacement(tmp_path: Path, opened: ExitStack) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: gateway.are_ready(2))
        victim, other = gateway.workers()
        for worker in (victim, other):
            os.kill(worker, signal.SIGSTOP)
            wait_until(lambda worker=worker: state(worker) == "T")
        clients = asked(gateway, opened)
        os.kill(victim, signal.SIGKILL)
        os.kill(other, signal.SIGCONT)
        answers = [status(client) for client in clients]
        replaced = victim not in gateway.workers()
        ended(gateway)

    assert answers == [b"HTTP/1.1 200 OK"] * SEVERAL
    assert replaced


def test_workers_are_refused_an_address_that_another_program_lets_others_use(tmp_path: Path, opened: ExitStack) -> None:
    taken = opened.enter_context(socket.socket())
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    taken.bind(("127.0.0.1", 0))
    taken.listen()

    assert refusal(tmp_path, taken.getsockname()[1])


def test_a_second_gateway_is_refused_the_address_of_workers(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        refused = refusal(tmp_path, urlsplit(gateway.url).port or 0)
        ended(gateway)

    assert refused


def test_each_worker_has_a_socket_of_its_own_at_the_shared_address(opened: ExitStack) -> None:
    shared = opened.enter_context(listen("127.0.0.1", 0))
    by_worker = sockets_for_workers(shared, 3)
    own = [opened.enter_context(sockets[1]) for sockets in by_worker]

    assert all(sockets[0] is shared for sockets in by_worker)
    assert len({each.fileno() for each in own}) == 3
    assert {each.getsockname() for each in own} == {shared.getsockname()}
    with pytest.raises(CannotListen, match="is taken"):
        listen(*shared.getsockname())


def test_what_comes_in_before_a_worker_serves_goes_to_those_that_do(opened: ExitStack) -> None:
    shared = opened.enter_context(listen("127.0.0.1", 0))
    (_, first), (_, second) = sockets_for_workers(shared, 2)
    opened.enter_context(first).listen()
    opened.enter_context(second)
    for _ in range(SEVERAL):
        opened.enter_context(socket.create_connection(shared.getsockname(), PATIENCE))

    held = [waiting(each, opened) for each in (shared, first)]
    assert sum(held) == SEVERAL
    assert min(held) > 0


def test_workers_share_the_socket_where_it_cannot_be_opened_again_and_leave_a_line(
    tmp_path: Path, opened: ExitStack
) -> None:
    only = opened.enter_context(socket.socket(socket.AF_UNIX))
    only.bind(str(tmp_path / "socket"))
    only.listen()
    with capture_logs() as lines:
        by_worker = sockets_for_workers(only, 2)

    assert by_worker == [[only], [only]]
    assert [line["event"] for line in lines] == ["workers_share_socket"]


def listening(gateway: Served) -> int:
    """How many sockets listen at the gateway's port: the shared one, and that of each worker once it serves."""
    port = f":{urlsplit(gateway.url).port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[1].endswith(port) and row[3] == LISTENS for row in rows)


def waiting(taking: socket.socket, opened: ExitStack) -> int:
    """How many connections wait at the socket."""
    for number in count():
        try:
            opened.enter_context(taking.accept()[0])
        except BlockingIOError:
            return number
    raise AssertionError


def asked(gateway: Served, opened: ExitStack) -> list[socket.socket]:
    """Connections that have each sent a request."""
    parts = urlsplit(gateway.url)
    address = (str(parts.hostname), int(str(parts.port)))
    clients = [opened.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(SEVERAL)]
    for client in clients:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return clients


def status(client: socket.socket) -> bytes:
    """The first line of the answer; empty where the connection ended without one."""
    try:
        return client.recv(10_000).partition(b"\r\n")[0]
    except ConnectionError:
        return b""


def state(process: int) -> str:
    """`T` where the process is stopped."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def refusal(folder: Path, port: int) -> bool:
    """Whether `serve --workers 2` says at once that the port is taken, and ends."""
    arguments = ("--config", str(folder / "second.toml"), "--port", str(port), "--workers", "2")
    anonymous = '[auth]\nanonymous = ["customers:read"]\n'
    (folder / "second.toml").write_text(anonymous + table_at("http://127.0.0.1:1", FIRST), encoding="utf-8")
    with command("serve", *arguments) as process:
        _, errors = process.communicate(timeout=PATIENCE)
    return errors.startswith(f"Port {port} is taken: stop what listens there") and process.returncode != 0


def ended(gateway: Served) -> None:
    gateway.process.send_signal(signal.SIGTERM)
    gateway.ended()
