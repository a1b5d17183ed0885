from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """The gateway runs on asyncio alone: uvicorn's loop, aiodataloader's loop."""
    return "asyncio"
