"""`serve --workers` as whoever runs it meets it: told to end, robbed of a worker, given a broken configuration."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from picked import FIRST
from processes import PATIENCE, is_served, python, wait_until
from supervised import NEEDS_PROC, served

from customer_gateway.environment import PORT_VARIABLE, WORKERS_VARIABLE

DOCKERFILE = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")

EARLY = """
import signal
from customer_gateway.server.serving import Ending, Timeouts, listen
from customer_gateway.server.workers import serve_by_workers

ending = Ending()
with ending.on_signals(), listen("127.0.0.1", 0) as connection:
    signal.raise_signal(signal.{signal})
    print(serve_by_workers(None, 2, connection, ending, Timeouts(1)))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_before_the_workers_are_started_ends_all_of_it(name: str) -> None:
    with python("-c", EARLY.format(signal=name)) as process:
        said, errors = process.communicate(timeout=PATIENCE)

    assert (process.returncode, said, errors) == (0, "True\n", "")


@NEEDS_PROC
def test_the_number_of_workers_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, "2")
    with served(tmp_path, options=()) as gateway:
        wait_until(lambda: len(gateway.workers()) == 2)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()


@NEEDS_PROC
def test_a_worker_that_died_is_replaced_and_leaves_a_line(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: len(gateway.workers()) == 2)
        victim, other = gateway.workers()
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: bool(set(gateway.workers()) - {victim, other}))
        replacements = set(gateway.workers()) - {victim, other}
        gateway.process.send_signal(signal.SIGTERM)
        said = gateway.ended()

    (line,) = [line for line in said if line["event"] == "worker_died" and line["process"] == victim]
    assert line["exit_code"] == -signal.SIGKILL
    assert line["replaced_by"] in replacements
    assert gateway.process.returncode == 0


@NEEDS_PROC
def test_a_worker_that_finds_the_configuration_broken_says_why_and_ends_all_of_it(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        gateway.config.write_text("[server\n", encoding="utf-8")
        os.kill(gateway.workers()[0], signal.SIGKILL)
        said = gateway.ended()

    # The one that replaces it; and the other, where that had not come so far yet.
    (reason,) = {line["reason"] for line in said if line["event"] == "worker_cannot_start"}
    assert "gateway.toml: this is not TOML" in reason
    assert gateway.process.returncode == 1


@NEEDS_PROC
def test_signals_that_would_change_its_workers_change_nothing_and_leave_a_line(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: len(gateway.workers()) == 2)
        before = gateway.workers()
        for number in (signal.SIGHUP, signal.SIGTTIN, signal.SIGTTOU):
            gateway.process.send_signal(number)
        time.sleep(2)  # more than the supervisor's pause between looking at its signals
        after = gateway.workers()
        gateway.process.send_signal(signal.SIGTERM)
        said = gateway.ended()

    assert after == before
    assert [line["signal"] for line in said if line["event"] == "signal_ignored"] == ["SIGHUP", "SIGTTIN", "SIGTTOU"]
    assert gateway.process.returncode == 0


@NEEDS_PROC
def test_a_hangup_of_the_whole_group_ends_no_worker_and_leaves_a_line_of_each_process(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: gateway.are_ready(2))
        before = gateway.workers()
        for process in (gateway.process.pid, *before):
            os.kill(process, signal.SIGHUP)
        time.sleep(2)  # more than the supervisor's pause between looking at its workers
        after = gateway.workers()
        gateway.process.send_signal(signal.SIGTERM)
        said = gateway.ended()

    assert after == before
    assert [line["event"] for line in said if "signal" in line] == ["signal_ignored"] * 3


def test_a_hangup_does_not_end_a_lone_process_and_leaves_a_line(tmp_path: Path) -> None:
    with served(tmp_path, options=()) as gateway, httpx.Client(timeout=5) as client:
        gateway.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        answered = is_served(client, gateway.url.replace("/graphql", "/readyz"))
        gateway.process.send_signal(signal.SIGTERM)
        said = gateway.ended()

    assert answered
    assert [line["signal"] for line in said if line["event"] == "signal_ignored"] == ["SIGHUP"]
    assert gateway.process.returncode == 0


def test_the_port_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv(PORT_VARIABLE, str(port))
    monkeypatch.setenv("CUSTOMER_GATEWAY_PORT", "tcp://10.0.0.1:8000")  # as Kubernetes sets it beside a Service
    with served(tmp_path, options=(), port=()) as gateway:
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()

    assert urlsplit(gateway.url).port == port


@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:1"])
def test_the_health_check_of_the_image_asks_where_the_gateway_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    (check,) = re.findall(r"^HEALTHCHECK .*\n  CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    monkeypatch.setenv(PORT_VARIABLE, str(free_port()))
    with served(tmp_path, options=(), port=()) as gateway:
        monkeypatch.setenv("http_proxy", proxy)
        well = _checked(check)
        gateway.process.send_signal(signal.SIGTERM)
        gateway.ended()
    gone = _checked(check)

    assert (well, gone != 0) == (0, True)


def _checked(check: str) -> int:
    with python(*json.loads(check)[1:]) as process:
        process.communicate(timeout=PATIENCE)
        return process.returncode


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@NEEDS_PROC
def test_workers_end_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    with served(tmp_path) as gateway:
        wait_until(lambda: len(gateway.workers()) == 2)
        gateway.process.kill()
        gateway.ended()  # its standard error is the workers', too
        parts = urlsplit(gateway.url)

        assert refused((str(parts.hostname), int(str(parts.port))))


def test_while_it_ends_new_connections_are_refused_and_what_is_under_way_goes_on(tmp_path: Path) -> None:
    query = {"query": f'{{ system(name: "{FIRST}") {{ customers(first: 1) {{ nodes {{ id }} }} }} }}'}
    configured = '[server]\ndeadline_seconds = 10\n[auth]\nanonymous = ["customers:read"]\n'
    with served(tmp_path, configured) as gateway, socket.socket() as asking:
        parts = urlsplit(gateway.url)
        address = (str(parts.hostname), int(str(parts.port)))
        asking.connect(address)
        asking.settimeout(PATIENCE)
        body = json.dumps(query).encode()
        head = (
            b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        )
        asking.sendall(head % len(body) + body)
        gateway.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refused(address))
        already_answered, _, _ = select.select([asking], [], [], 0)
        with asking.makefile("rb") as answers:
            answer = answers.read()
        gateway.ended()

    assert not already_answered
    assert b"UPSTREAM_TIMEOUT" in answer
    assert gateway.process.returncode == 0


def refused(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return True
    except TimeoutError:
        pass
    return False
