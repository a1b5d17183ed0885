from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same examples at every run, so that a change is to blame when one fails; `make fuzz` looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("fresh", max_examples=1_000, deadline=None, database=None)
settings.load_profile("fresh" if os.environ.get("FUZZ") else "fixed")


@pytest.fixture
def anyio_backend() -> str:
    """The gateway runs on asyncio alone: uvicorn's loop, aiodataloader's loop."""
    return "asyncio"
