from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.aclose()
