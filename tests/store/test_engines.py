"""The settings of PostgreSQL's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from customer_gateway.store.engines import postgresql_engines

if TYPE_CHECKING:
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio


async def test_postgresql_compiles_no_query_which_may_take_seconds(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite compiles none")

    def jit(connection: Connection) -> object:
        return connection.execute(text("SHOW jit")).scalar_one()

    engines = postgresql_engines(database_url)
    found = await engines.read(jit)
    await engines.aclose()

    assert found == "off"
