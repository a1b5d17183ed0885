"""`[database]`: where keys, and later the journal and the catalog, are kept."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationInfo, field_validator

from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

SQLITE: Final = "sqlite+aiosqlite:///"
POSTGRESQL: Final = "postgresql+asyncpg://"
_FILE: Final = re.compile(r"[^?#\0]*[^?#\0/]")
_FORMS: Final = f"{SQLITE}PATH (four slashes where the path is absolute), or {POSTGRESQL}USER:PASSWORD@HOST:PORT/NAME"


class DatabaseSettings(BaseModel):
    """`[database]`. Without a `url` it is a SQLite file in the state directory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _is_a_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        """Check its form; a relative path begins at the folder of the configuration's `file`."""
        if value is None:
            return None
        text = value.get_secret_value()
        if text.startswith(SQLITE) and _FILE.fullmatch(text.removeprefix(SQLITE)):
            file: Path | None = info.context["file"] if info.context else None
            path = (file.parent if file else Path()) / Path(text.removeprefix(SQLITE)).expanduser()
            return SecretStr(f"{SQLITE}{path.absolute()}")
        if text.startswith(POSTGRESQL) and _is_reachable(text):
            return value
        raise ValueError(_FORMS)

    def address(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the URL; that of the file in the state directory unless one is given. Raises `ConfigInvalid`."""
        return self.url.get_secret_value() if self.url else f"{SQLITE}{_state_directory(environ) / 'gateway.db'}"


def _is_reachable(url: str) -> bool:
    """Return whether it names a host and a database; a folder of sockets is named by `?host=`."""
    try:
        parts = urlsplit(url)
        return bool(parts.port != 0 and (parts.hostname or parse_qs(parts.query).get("host")) and parts.path.strip("/"))
    except ValueError:
        return False


def _state_directory(environ: Mapping[str, str]) -> Path:
    """Return where programs of this user keep what outlives a restart, by the XDG base directories."""
    chosen = Path(environ.get("XDG_STATE_HOME", ""))
    if chosen.is_absolute():  # others are to be ignored
        return chosen / "customer-gateway"
    try:
        return Path.home() / ".local" / "state" / "customer-gateway"
    except RuntimeError:
        raise ConfigInvalid(
            f"environment: this user has no home, so no place for the database is known: set [database] url to {_FORMS}"
        ) from None
