"""`[database]`: where keys and the journal of writes are kept, and the key for the personal values in the journal."""

from __future__ import annotations

import binascii
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
_KEY_BYTES: Final = 32
_HEXADECIMAL: Final = re.compile(r"[0-9a-fA-F]{64}")
_FORMS: Final = f"{SQLITE}PATH (four slashes where the path is absolute), or {POSTGRESQL}USER:PASSWORD@HOST:PORT/NAME"


class DatabaseSettings(BaseModel):
    """`[database]`. Without a `url` it is a SQLite file in the state directory.

    `key` encrypts the personal values of writes. SQLite needs none: one is made in the state directory.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr | None = None
    key: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _is_a_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return None if value is None else database_url(value, info)

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and key_of(value.get_secret_value()) is None:
            raise ValueError("32 random bytes as base64 or hexadecimal digits; `openssl rand -base64 32` prints such")
        return value

    def address(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the URL; that of the file in the state directory unless one is given. Raises `ConfigInvalid`."""
        return self.url.get_secret_value() if self.url else f"{SQLITE}{_state_directory(environ) / 'gateway.db'}"

    def private_key(self) -> bytes | None:
        """Return the bytes of `key`."""
        return None if self.key is None else key_of(self.key.get_secret_value())

    def private_key_path(self, environ: Mapping[str, str] = os.environ) -> Path | None:
        """Return the file of the key that a SQLite database without `key` has; None for PostgreSQL.

        It lies in the state directory wherever the database is. Raises `ConfigInvalid`.
        """
        if self.url is not None and not self.url.get_secret_value().startswith(SQLITE):
            return None
        return _state_directory(environ) / "gateway.key"


def database_url(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Check the form of a URL; a relative path begins at the folder of the configuration's `file`."""
    text = value.get_secret_value()
    if text.startswith(SQLITE) and _FILE.fullmatch(text.removeprefix(SQLITE)):
        file: Path | None = info.context["file"] if info.context else None
        path = (file.parent if file else Path()) / Path(text.removeprefix(SQLITE)).expanduser()
        return SecretStr(f"{SQLITE}{path.absolute()}")
    if text.startswith(POSTGRESQL) and _is_reachable(text):
        return value
    raise ValueError(_FORMS)


def key_of(text: str) -> bytes | None:
    """Return the 32 bytes that a text spells as base64 or as hexadecimal digits, None where it does not."""
    if _HEXADECIMAL.fullmatch(text):
        return bytes.fromhex(text)
    try:
        key = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


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
            "environment: this user has no home, so no place for the database and its key is known: set [database] key "
            f"and url; url to {_FORMS}"
        ) from None
