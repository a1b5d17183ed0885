"""The schema, and the document of its fields, in files: written, and compared with what they should say."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileUnfit(Exception):
    """A file cannot be read or written; the message is one plain line that says why."""


class NoSchema(FileUnfit):
    """A file holds something else than a GraphQL schema: it is neither shown nor overwritten."""


def difference(file: Path, text: str) -> str:
    """Return how the schema in the file differs from `text`, as a unified diff; empty where it does not. Raises
    FileUnfit.
    """
    found = read(file)
    if not _is_schema(found):
        raise NoSchema(f"{file} holds no GraphQL schema that could be compared.")
    return "\n".join(difflib.unified_diff(found.splitlines(), text.splitlines(), str(file), "schema", lineterm=""))


def write_schema(file: Path, text: str) -> None:
    """Write it to the file, in place of another schema and of nothing else. Raises FileUnfit."""
    if file.is_file() and (found := read(file)).strip() and not _is_schema(found):
        raise NoSchema(f"{file} holds no GraphQL schema, so it stays as it is: name another file, or remove it.")
    write(file, text)


def write(file: Path, text: str) -> None:
    """Write it to the file, in place of what was there. Raises FileUnfit."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnfit(f"{file} cannot be written: {error.strerror}.") from None


def _is_schema(text: str) -> bool:
    from graphql import GraphQLError, TypeSystemDefinitionNode, TypeSystemExtensionNode, parse

    try:
        definitions = parse(text, no_location=True).definitions
    except GraphQLError:
        return False
    return all(isinstance(each, TypeSystemDefinitionNode | TypeSystemExtensionNode) for each in definitions)


def read(file: Path) -> str:
    """Return the text of a file. Raises FileUnfit."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileUnfit(f"{file}: there is no such file; `customer-gateway schema --write {file}` makes it.") from None
    except OSError as error:
        raise FileUnfit(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileUnfit(f"{file} cannot be read: expected text in UTF-8.") from None
