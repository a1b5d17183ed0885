"""The file that keeps a token which a vendor gives once, and does not end."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path
    from typing import TextIO


def token_in(path: Path, where: str, name: str) -> str:
    """Return the token in a file. Raise `ConfigInvalid` where there is none; `where` says what named the file."""
    try:
        return present_token(path.read_text(encoding="utf-8"), where)
    except FileNotFoundError:
        raise ConfigInvalid(f"{where} does not exist; `customer-gateway token {name}` writes it once") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigInvalid(f"{where} cannot be read as text; expected a file with the access token") from None


@contextmanager
def new_file(path: Path, where: str) -> Generator[TextIO]:
    """Yield a file that did not exist, mode 0600; removed again when the body fails."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = f"{where}: {path} is there already and stays as it is; move it away to get a new token"
        raise ConfigInvalid(text) from None
    except OSError as error:
        raise ConfigInvalid(f"{where}: {path} cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def present_token(token: str, where: str) -> str:
    """Return a token that a header can carry. Raise `ConfigInvalid` for anything else."""
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigInvalid(f"{where} holds no token; expected one word")
    return token
