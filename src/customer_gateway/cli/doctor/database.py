"""Whether the database that holds the keys can be used, and is of a version that this program can use."""

from __future__ import annotations

import asyncio
import stat
from typing import TYPE_CHECKING, Final

from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.store.address import sqlite_path
from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = "[database]"
_NO_CLOCK: Final = Finding("unknown", "not known")
_NOT_TRIED: Final = Finding("unknown", "not tried")
_NONE_NEEDED: Final = Finding("unknown", "none needed")
_REFUSALS: Final = {
    "InvalidPasswordError",
    "InvalidAuthorizationSpecificationError",
    "InvalidCatalogNameError",
    "InsufficientPrivilegeError",
}
_PRIVATE: Final = 0o600


async def examine_database(url: str, seconds: float) -> Checkup:
    """Read of which version the database at `url` is; nothing is made or changed there."""
    path = sqlite_path(url)
    database = Database(url)
    try:
        async with asyncio.timeout(seconds):
            reach, credentials, content = await _found(database, path)
    except TimeoutError:
        reach = Finding("wrong", "no", "it does not answer in time", "check host, port, firewall and route")
        credentials = content = _NOT_TRIED
    except DatabaseUnavailable as error:
        reach, credentials = _refused(error.reason, path)
        content = _NOT_TRIED
    finally:
        await database.aclose()
    kind = "postgresql" if path is None else "sqlite"
    return Checkup(_NAME, kind, database.location, reach, credentials, _NO_CLOCK, content=content)


async def _found(database: Database, path: Path | None) -> tuple[Finding, Finding, Finding]:
    """Return how it is reached, whether it takes us, and its version. Raises `DatabaseUnavailable`."""
    revision = await database.revision()
    if path is None:
        return Finding("well", "yes"), Finding("well", "accepted"), _version(revision, database.location)
    if (mode := mode_of(path)) is None:
        return Finding("well", "not there yet"), _NONE_NEEDED, Finding("well", "made by the first key")
    return Finding("well", "yes"), mode, _version(revision, database.location)


def _version(revision: str | None, location: str) -> Finding:
    from customer_gateway.store.migration import refusal_of
    from customer_gateway.store.tables import REVISION

    if revision is None:
        return Finding("well", "no tables yet")
    if (refusal := refusal_of(revision, location)) is not None:
        text, _, remedy = str(refusal).removeprefix(f"{location}: ").partition(". ")
        return Finding("wrong", f"version {revision}", text, f"{remedy[:1].lower()}{remedy[1:]}".rstrip("."))
    if revision != REVISION:
        text = f"it is of version {revision}, older than {REVISION}"
        remedy = "the next start brings it up to date, or `customer-gateway database upgrade` ahead of it"
        return Finding("warned", f"version {revision}", text, remedy)
    return Finding("well", f"version {revision}")


def mode_of(path: Path) -> Finding | None:
    """Return who may read the file, None where this user can see none."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    word = f"mode {mode:04o}"
    if mode == _PRIVATE:
        return Finding("well", word)
    return Finding("warned", word, f"the file has {word}, not 0600", f"chmod 600 {path}, and the files beside it")


def _refused(reason: str, path: Path | None) -> tuple[Finding, Finding]:
    """Return whether it is reached, and whether it takes us, by why it cannot be used."""
    if reason in _REFUSALS:
        remedy = "check user, password and name of the database in [database] url, and what the user is allowed to do"
        return Finding("well", "yes"), Finding("wrong", "refused", f"it refuses us ({reason})", remedy)
    if path is None:
        remedy = "check host and port of [database] url, and that it runs"
    else:
        remedy = "check [database] url, and that this user may read and write the file and its folder"
    return Finding("wrong", "no", f"it cannot be used ({reason})", remedy), _NOT_TRIED
