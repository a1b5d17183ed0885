from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from clients.npm_packages import install

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of npm's packages; tests that ask for it are marked `NEEDS_NPM`."""
    return install()
