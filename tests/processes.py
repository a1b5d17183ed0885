"""The gateway's command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PATIENCE = 60.0


@contextmanager
def python(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """This Python, killed at the end if it has not ended by itself."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@contextmanager
def command(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """The command `customer-gateway`."""
    with python("-m", "customer_gateway", *arguments) as process:
        yield process


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again and again; TimeoutError where it never holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)


def is_served(client: httpx.Client, url: str) -> bool:
    """Whether a gateway that may not be there yet answers well."""
    try:
        return client.get(url).status_code == 200
    except httpx.TransportError:
        return False
