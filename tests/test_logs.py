"""Logs: a JSON line an event on standard error, with the request's id wherever there is one."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog

from customer_gateway.errors import UpstreamTimeout
from customer_gateway.logs import REQUEST_ID, configure_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOMEBODY = "anna@example.com"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - pytest uses it
    before, handlers = structlog.get_config(), [*logging.getLogger().handlers]
    yield
    structlog.configure(**before)
    logging.getLogger().handlers = handlers


def lines(captured: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_an_event_is_one_line_of_json_with_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    structlog.get_logger().info("upstream_call", system="pland", status=200)

    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "upstream_call", "level": "info", "system": "pland", "status": 200}


def test_the_requests_id_stands_in_every_line_within_it_and_in_none_outside(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    before = REQUEST_ID.set("r1")
    structlog.get_logger().warning("within")
    REQUEST_ID.reset(before)
    structlog.get_logger().warning("outside")

    assert [line.get("request_id") for line in lines(capsys)] == ["r1", None]


def test_an_exception_is_told_within_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    try:
        int("x")
    except ValueError:
        structlog.get_logger().exception("failed")

    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert line["exception"].startswith("ValueError\n")
    assert "in test_an_exception_is_told_within_its_line" in line["exception"]


def failed_with(value: str) -> None:
    """Stumbles over a value twice, and says so in both exceptions."""
    try:
        {}[value]
    except KeyError as error:
        raise ExceptionGroup(value, [ValueError(value)]) from error


def test_an_exception_does_not_tell_the_value_it_stumbled_over(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    try:
        failed_with(SOMEBODY)
    except ExceptionGroup:
        structlog.get_logger().exception("failed")

    (line,) = lines(capsys)
    assert SOMEBODY not in str(line)
    assert [word in line["exception"] for word in ("KeyError", "ExceptionGroup", "ValueError")] == [True] * 3


def test_an_error_of_our_own_is_told_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    structlog.get_logger().error("failed", exc_info=UpstreamTimeout("pland", "GET /customers/ was late"))

    (line,) = lines(capsys)
    assert line["exception"] == "UpstreamTimeout: pland: GET /customers/ was late"


def test_what_libraries_say_is_a_line_of_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <Task … %r>", ValueError("anna"))

    said = [(line["logger"], line["level"], line["event"]) for line in lines(capsys)]
    assert said == [
        ("uvicorn.error", "warning", "Invalid HTTP request received."),
        ("asyncio", "error", "Task exception was never retrieved"),
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ValueError(f"no such customer: {SOMEBODY}\n{SOMEBODY}: none"), "failed by ValueError"),
        (httpx.ConnectError(SOMEBODY), "failed by httpx.ConnectError"),
        (ExceptionGroup(SOMEBODY, [ValueError(SOMEBODY)]), "failed by an exception"),
    ],
)
def test_a_traceback_that_a_library_tells_is_the_class_of_its_exception(
    capsys: pytest.CaptureFixture[str], error: Exception, told: str
) -> None:
    configure_logs()

    logging.getLogger("uvicorn.error").error(_as_text(error))

    (line,) = lines(capsys)
    assert line["event"] == told
    assert SOMEBODY not in str(line)


def _as_text(error: Exception) -> str:
    """As Starlette hands a failed start to uvicorn."""
    try:
        raise error  # noqa: TRY301 - its traceback is all that is wanted
    except Exception:  # noqa: BLE001 - whichever it is
        return traceback.format_exc()


def test_what_is_less_than_the_level_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="warning")

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_for_people_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(plain=True)

    structlog.get_logger().info("upstream_call", system="pland")

    told = capsys.readouterr().err
    assert "upstream_call" in told
    assert not told.startswith("{")


async def _two_turns(heard: Callable[[], int]) -> tuple[int, int]:
    log = structlog.get_logger()
    log.warning("one")
    log.warning("two")
    within = heard()
    await asyncio.sleep(0)
    return within, heard()


def test_lines_of_one_turn_of_the_loop_are_written_together_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    counts = asyncio.run(_two_turns(lambda: len(lines(capsys))))

    assert counts == (0, 2)


def test_lines_that_a_loop_left_behind_are_written_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    def say_and_end() -> None:
        structlog.get_logger().warning("left behind")
        loop.stop()

    loop = asyncio.new_event_loop()
    loop.call_soon(say_and_end)
    loop.run_forever()
    loop.close()
    structlog.get_logger().warning("next")

    assert [line["event"] for line in lines(capsys)] == ["left behind", "next"]


def test_times_go_on_over_the_second(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()

    before = datetime.now(UTC)
    for _ in range(3):
        structlog.get_logger().warning("tick")
        time.sleep(0.4)
    after = datetime.now(UTC)

    told = [datetime.fromisoformat(line["timestamp"]) for line in lines(capsys)]
    assert [before, *told, after] == sorted([before, *told, after])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_log_that_cannot_be_written_ends_no_service_and_costs_no_time(
    unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    program = (
        "import asyncio, time, structlog\n"
        "from customer_gateway.logs import configure_logs\n"
        "configure_logs()\n"
        "async def serve():\n"
        "    for _ in range(3):\n"
        "        structlog.get_logger().info('listening')\n"
        "        await asyncio.sleep(0.1)\n"
        "asyncio.run(serve())\n"
        "print(time.process_time())\n"
    )
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=full, check=False)

    assert ended.returncode == 0
    idle = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    assert float(ended.stdout) < float(idle.stdout) + 0.2


def test_a_process_without_standard_error_is_served_all_the_same() -> None:
    program = (
        "import structlog\n"
        "from customer_gateway.logs import configure_logs\n"
        "configure_logs()\n"
        "structlog.get_logger().info('listening')\n"
        "print('well')\n"
    )

    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, program], stdout=subprocess.PIPE, check=True
    )

    assert ended.stdout == b"well\n"
