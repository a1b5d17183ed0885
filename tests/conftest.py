from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from postgres_server import NEEDS_POSTGRES, PostgresServer
from process_as_before import exempt_what_is_there, forget_configured_logs, process_as_before
from redis_server import RedisServer
from vendors import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# The keys of whoever runs the tests are no part of them, and nothing is left in that home.
STATE = tempfile.TemporaryDirectory(prefix="customer-gateway-tests-")
os.environ["XDG_STATE_HOME"] = STATE.name

# The same examples at every run, so that a change is to blame when one fails; `make fuzz` looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("fresh", max_examples=1_000, deadline=None, database=None)
settings.load_profile("fresh" if os.environ.get("FUZZ") else "fixed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if lacking := {name for mark in item.iter_markers("vendors") for name in mark.args} - set(SYSTEMS):
            item.add_marker(pytest.mark.skip(reason=f"not registered: {', '.join(sorted(lacking))}"))


def pytest_collection_finish() -> None:
    exempt_what_is_there()


@pytest.fixture(scope="module", autouse=True)
def forget_earlier_modules() -> None:
    """Undo what earlier modules have set up: workers take modules from each other, so they come in any order."""
    forget_configured_logs()
    exempt_what_is_there()


@pytest.fixture
def anyio_backend() -> str:
    """The gateway runs on asyncio alone: uvicorn's loop, aiodataloader's loop."""
    return "asyncio"


@pytest.fixture
def redis(tmp_path: Path) -> Generator[RedisServer]:
    """An empty Redis; tests that ask for it are marked `NEEDS_REDIS`."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    """A PostgreSQL for all tests of this process, who have a database each; they are marked `NEEDS_POSTGRES`."""
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=NEEDS_POSTGRES)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind: for SQLite a file that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'state' / 'gateway.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(name="process_as_before")
def _process_as_before() -> Generator[None]:
    with process_as_before():
        yield
