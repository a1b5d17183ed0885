"""What the URL of a database says, without a connection, and without SQLAlchemy."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

_SQLITE: Final = "sqlite+aiosqlite:///"
_PORT: Final = 5432


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL, None for other URLs."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def location_of(url: str) -> str:
    """Return the file, or `HOST:PORT/NAME`, nothing else of the URL: the rest may be a secret."""
    if (path := sqlite_path(url)) is not None:
        return str(path)
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", ["localhost"])[0]
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _PORT}{parts.path}"
