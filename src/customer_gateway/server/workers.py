"""Serve the gateway by several processes on one port, under uvicorn's supervisor."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import contextmanager
from itertools import chain
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from customer_gateway.environment import CONFIG_VARIABLE, NUMBERS_VARIABLE, WORKERS_VARIABLE
from customer_gateway.server.serving import config_of, ignore_hangup, sockets_for_workers

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Sequence
    from multiprocessing.process import BaseProcess

    from uvicorn import Config

    from customer_gateway.server.serving import Ending, Timeouts

_FIXED: Final = "the number of workers is fixed: restart the service with another"

_log = structlog.get_logger("customer_gateway.server.workers")


def serve_by_workers(
    config: Path | None, workers: int, connection: socket.socket, ending: Ending, timeouts: Timeouts
) -> bool:
    """Serve by processes at the address of `connection` until the ending; return False when they could not start."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config)
    os.environ[WORKERS_VARIABLE] = str(workers)
    settings = config_of("customer_gateway.app:application", timeouts, factory=True, workers=workers)
    supervisor = _Supervisor(settings, sockets_for_workers(connection, workers), ending)
    with _file_of_numbers() as numbers:
        if numbers is not None:
            os.environ[NUMBERS_VARIABLE] = numbers
        supervisor.run()
    return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


def follow_supervisor() -> None:
    """End this worker process with its supervisor, also where that was killed."""
    signal.signal(signal.SIGHUP, ignore_hangup)  # a terminal that closes sends it to workers, too
    supervisor = parent_process()
    if supervisor is not None:
        Thread(target=_end_after, args=(supervisor,), daemon=True).start()


def _end_after(supervisor: BaseProcess) -> None:
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)


class _Supervisor(Multiprocess):
    """Run uvicorn's supervisor, which handles signals from when it is made; `ending` has handled those before.

    `by_worker` has the sockets of each worker. They stay open here, so that what a dead worker had not accepted yet
    waits for the one that replaces it.
    """

    def __init__(self, config: Config, by_worker: Sequence[list[socket.socket]], ending: Ending) -> None:
        super().__init__(config, [*dict.fromkeys(chain(*by_worker))])
        self._by_worker = by_worker
        self._ending = ending

    def init_processes(self) -> None:
        if self._ending.requested:
            self.should_exit.set()
        else:
            self.processes += map(self._started, self._by_worker)

    def _started(self, sockets: list[socket.socket]) -> Process:
        process = Process(self.config, sockets)
        process.start()
        return process

    def handle_hup(self) -> None:
        """Ignore it: uvicorn would start new workers beside the old ones, which would exceed the rate limits."""
        ignore_hangup(signal.SIGHUP, None)

    def handle_ttin(self) -> None:
        """Ignore it: each worker knows how many share the rate limits."""
        _log.warning("signal_ignored", signal="SIGTTIN", reason=_FIXED)

    def handle_ttou(self) -> None:
        _log.warning("signal_ignored", signal="SIGTTOU", reason=_FIXED)

    def keep_subprocess_alive(self) -> None:
        """Replace dead workers as uvicorn does, but with the sockets of the one that each replaces."""
        for place, old in enumerate(self.processes):
            if self.should_exit.is_set() or old.is_alive(self.config.timeout_worker_healthcheck):
                continue
            old.kill()  # it may hang
            old.join()
            if old.exitcode == STARTUP_FAILURE:
                self.should_exit.set()
            else:
                self.processes[place] = new = self._started(self._by_worker[place])
                _log.warning("worker_died", process=old.pid, exit_code=old.exitcode, replaced_by=new.pid)

    def terminate_all(self) -> None:
        for connection in self.sockets:  # open here, it would take connections that no worker accepts any more
            connection.close()
        super().terminate_all()


@contextmanager
def _file_of_numbers() -> Generator[str | None]:
    """Make a file for as long as the workers live, and yield its path; None where no file can be made."""
    try:
        descriptor, name = tempfile.mkstemp(prefix="customer-gateway-", suffix=".workers")
    except OSError:
        yield None
        return
    os.close(descriptor)
    try:
        yield name
    finally:
        Path(name).unlink(missing_ok=True)  # what cleans directories of old files may have been here
