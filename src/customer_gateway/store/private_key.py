"""Find the key for personal values: that of the configuration, else that of a file, which the first write makes."""

from __future__ import annotations

import base64
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from customer_gateway.config.database import key_of
from customer_gateway.errors import ConfigInvalid, PrivateKeyMissing
from customer_gateway.store.private_values import PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OTHERS: Final = 0o077
_KEY_BYTES: Final = 32
_MOST_BYTES: Final = 1_000
_FORM: Final = "32 random bytes as base64, as `openssl rand -base64 32` prints them"
_MISSING: Final = (
    f"writes need [database] key: {_FORM}; the same for every replica. It encrypts the personal values in the journal."
)


class PrivateKeySource:
    """Gives the key out, found once. `find_file` returns the file of a SQLite database's key, None where none may be.

    The methods read files: call them in a thread where the event loop must not wait.
    """

    def __init__(self, secret: bytes | None, find_file: Callable[[], Path | None]) -> None:
        self._secret = secret
        self._find_file = find_file
        self._key: PrivateKey | None = None

    @property
    def is_found(self) -> bool:
        """Return whether `needed` answers without reading a file."""
        return self._key is not None

    def needed(self) -> PrivateKey:
        """Return the key; of a SQLite database it is made unless it is there.

        Raises `PrivateKeyMissing`, and `ConfigInvalid` for a file that cannot be made or used.
        """
        if (found := self.present()) is not None:
            return found
        if (file := self._find_file()) is None:
            raise PrivateKeyMissing(_MISSING)
        self._key = PrivateKey(_made(file))
        return self._key

    def present(self) -> PrivateKey | None:
        """Return the key if there is one; none is made. Raises `ConfigInvalid` for a file that cannot be used."""
        if self._key is None and (secret := self._secret or self._read()) is not None:
            self._key = PrivateKey(secret)
        return self._key

    def _read(self) -> bytes | None:
        file = self._find_file()
        return None if file is None else _read(file)


def _read(file: Path) -> bytes | None:
    """Return the key of the file, None where there is no file."""
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            text = opened.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigInvalid(f"{file}: the key of the database cannot be read: {error.strerror}.") from None
    if mode & _OTHERS:
        raise ConfigInvalid(f"{file}: others may use the key of the database (mode {mode:04o}): chmod 600 {file}")
    if (key := key_of(text.decode("ascii", "replace").strip())) is None:
        raise ConfigInvalid(
            f"{file}: this is no key of the database; expected {_FORM}. Play a backup back; without the right key the "
            "personal values in the journal cannot be read."
        )
    return key


def _made(file: Path) -> bytes:
    """Return the key of the file, made unless another process was first: the whole file appears, or none."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        try:
            _write(new, base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            with suppress(FileExistsError):
                os.link(new, file)
        finally:
            new.unlink(missing_ok=True)
        _sync(file.parent)
    except OSError as error:
        raise ConfigInvalid(
            f"{file}: the key of the database cannot be made: {error.strerror}; set [database] key: {_FORM}"
        ) from None
    if (key := _read(file)) is None:
        raise ConfigInvalid(f"{file}: the key of the database was removed while it was made; try again.")
    return key


def _write(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make the name of a new file durable: what is encrypted by a key that is lost is lost."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
