"""The gateway by several processes on one socket, under uvicorn's supervisor."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import contextmanager
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Final

import structlog
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from customer_gateway.environment import CONFIG_VARIABLE, NUMBERS_VARIABLE, WORKERS_VARIABLE
from customer_gateway.server.serving import config_of, ignore_hangup

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator
    from multiprocessing.process import BaseProcess

    from uvicorn import Config

    from customer_gateway.server.serving import Ending, Timeouts

_FIXED: Final = "the number of workers is fixed: restart the service with another"

_log = structlog.get_logger("customer_gateway.server.workers")


def serve_by_workers(
    config: Path | None, workers: int, connection: socket.socket, ending: Ending, timeouts: Timeouts
) -> bool:
    """Serve by several processes that share the socket until the ending; return False when they could not start."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config)
    os.environ[WORKERS_VARIABLE] = str(workers)
    settings = config_of("customer_gateway.app:application", timeouts, factory=True, workers=workers)
    supervisor = _Supervisor(settings, connection, ending)
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
    """uvicorn's supervisor, which hears signals from when it is made; `ending` has heard those before."""

    def __init__(self, config: Config, connection: socket.socket, ending: Ending) -> None:
        super().__init__(config, sockets=[connection])
        self._ending = ending

    def init_processes(self) -> None:
        if self._ending.wished:
            self.should_exit.set()
        else:
            super().init_processes()

    def handle_hup(self) -> None:
        """Uvicorn would start new workers beside the old ones: together they would overspend the vendors' budgets."""
        ignore_hangup(signal.SIGHUP, None)

    def handle_ttin(self) -> None:
        """Each worker has been told how many share the budgets."""
        _log.warning("signal_ignored", signal="SIGTTIN", reason=_FIXED)

    def handle_ttou(self) -> None:
        _log.warning("signal_ignored", signal="SIGTTOU", reason=_FIXED)

    def keep_subprocess_alive(self) -> None:
        """What uvicorn itself says about a death is below the level that is logged."""
        before = [*self.processes]
        super().keep_subprocess_alive()
        for old, new in zip(before, self.processes, strict=True):
            if new is not old:
                _log.warning("worker_died", process=old.pid, exit_code=old.exitcode, replaced_by=new.pid)

    def terminate_all(self) -> None:
        for connection in self.sockets:  # open here, it would take connections that no worker accepts any more
            connection.close()
        super().terminate_all()


@contextmanager
def _file_of_numbers() -> Generator[str | None]:
    """The path of an empty file for as long as the workers live; None where no file can be made."""
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
