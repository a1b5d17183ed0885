"""A real PostgreSQL on a port of its own, for the tests of what is kept in a database that replicas share."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest


def _programs() -> Path | None:
    """The folder of the newest server: Debian keeps it off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


PROGRAMS: Final = _programs()
NEEDS_POSTGRES: Final = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's server is not installed")
USER: Final = "gateway"
PASSWORD: Final = "not-to-be-shown"
_PATIENCE: Final = 60.0


class PostgresServer:
    """Lies in a folder of its own, runs as a user without rights where the tests are root's, and forgets on a crash."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = Path(tempfile.mkdtemp(prefix="customer-gateway-postgres-"))
        self._process: subprocess.Popen[Any] | None = None
        # It refuses to run as root.
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        password = self._folder / "password"
        password.write_text(PASSWORD, encoding="ascii")
        self._run(
            "initdb", "-D", self._data, "-U", USER, "--pwfile", password, "-A", "scram-sha-256", "-N", "-E", "UTF8"
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def start(self) -> None:
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "port": self.port}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [(PROGRAMS or Path()) / "postgres", "-D", self._data, *words]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, cwd=self._folder, **quiet, **self._user)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with suppress(subprocess.CalledProcessError):
                self._run("pg_isready", *self._here)
                return
            time.sleep(0.05)
        raise TimeoutError("postgres does not answer")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(3)  # at once, its connections cut
            process.wait(timeout=_PATIENCE)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = f"test_{secrets.token_hex(4)}"
        self._run("createdb", *self._here, "-U", USER, name)
        return f"postgresql+asyncpg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    @property
    def _here(self) -> tuple[str, ...]:
        return ("-h", "127.0.0.1", "-p", str(self.port))

    def _run(self, program: str, *words: str | Path) -> None:
        subprocess.run(
            [(PROGRAMS or Path()) / program, *words],
            check=True,
            cwd=self._folder,
            env={"PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._user,
        )
