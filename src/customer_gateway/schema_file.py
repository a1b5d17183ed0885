"""The schema, and the document of its fields, in files: written, and compared with what they should say."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileUnfit(Exception):
    """A file cannot be read or written; the message is one plain line that says why."""


def difference(file: Path, text: str) -> str:
    """How the schema in the file differs from `text`, as a unified diff; empty where it does not. Raises FileUnfit."""
    lines = difflib.unified_diff(_read(file).splitlines(), text.splitlines(), str(file), "schema", lineterm="")
    return "\n".join(lines)


def write(file: Path, text: str) -> None:
    """Write it to the file, in place of what was there. Raises FileUnfit."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnfit(f"{file} cannot be written: {error.strerror}.") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileUnfit(f"{file}: there is no such file; `customer-gateway schema --write {file}` makes it.") from None
    except OSError as error:
        raise FileUnfit(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileUnfit(f"{file} cannot be read: expected text in UTF-8.") from None
