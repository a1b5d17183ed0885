"""What the doctor says of the issuer of users' tokens, of the database and of the index of customers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from configured import table_at
from issuer import Issuer, ec, public, rsa, running
from picked import FIRST
from postgres_server import NEEDS_POSTGRES, PASSWORD
from process_as_before import forget_configured_logs
from pydantic import SecretStr
from sqlalchemy import text
from typer.testing import CliRunner
from users import BY_SCOPE, settings_of

from customer_gateway.cli.commands import app
from customer_gateway.cli.doctor import Checkup, examine, to_mend
from customer_gateway.config import CatalogSettings, DatabaseSettings, ServerSettings, Settings
from customer_gateway.sandbox import Sandbox
from customer_gateway.store.catalog_tables import CATALOG_VERSION
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG
from customer_gateway.store.tables import REVISION

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from postgres_server import PostgresServer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    async with running(rsa("rsa-1"), ec("ec-1")) as serving:
        serving.keys.append(public(rsa("rsa-2"), use="enc"))
        yield serving


async def issuer_row(issuer: Issuer, folder: Path, more: str = BY_SCOPE, seconds: float = 10) -> Checkup:
    auth = settings_of(folder, issuer.url, more).auth
    (row,) = await examine(Settings(ServerSettings(), {}, auth), seconds=seconds)
    assert (row.name, row.kind) == ("[auth.jwt]", "issuer")
    return row


async def database_row(url: str, seconds: float = 10) -> Checkup:
    database, catalog = DatabaseSettings(url=SecretStr(url)), CatalogSettings(enabled=False)
    settings = Settings(ServerSettings(), {}, database=database, catalog=catalog)
    (row,) = await examine(settings, seconds=seconds)
    assert PASSWORD not in repr(row)
    return row


async def catalog_row(url: str) -> Checkup:
    """The row of the index that belongs to a database: a file beside it, or tables in it."""
    _, row = await examine(Settings(ServerSettings(), {}, database=DatabaseSettings(url=SecretStr(url))))
    assert row.name == "[catalog]"
    return row


def index_of(url: str) -> Database:
    return Database(CatalogSettings().address(DatabaseSettings(url=SecretStr(url))), CATALOG)


def words(row: Checkup) -> tuple[str, str, str]:
    return row.reach.word, row.credentials.word, row.read.word


async def test_the_usable_keys_of_an_issuer_are_counted(issuer: Issuer, tmp_path: Path) -> None:
    row = await issuer_row(issuer, tmp_path)

    assert words(row) == ("yes", "none needed", "2 keys, 1 skipped")
    assert (row.well, to_mend([row])) == (True, [])
    assert issuer.requests[-1].startswith("GET /realms/main/certs?of=main ")
    assert row.base_url == issuer.url.partition("?")[0]


async def test_keys_for_other_algorithms_than_are_taken_cannot_be_used(issuer: Issuer, tmp_path: Path) -> None:
    row = await issuer_row(issuer, tmp_path, f'algorithms = ["Ed25519"]\n{BY_SCOPE}')

    assert (words(row), row.well) == (("yes", "none needed", "no keys"), False)
    (line,) = to_mend([row])
    assert line.startswith(
        "[auth.jwt]: it has no key that can be used for Ed25519 (for no algorithm that is taken: 2, "
    )
    assert line.endswith("; check jwks_url and `algorithms` in [auth.jwt].")


@pytest.mark.parametrize(
    ("status", "answer", "word", "said"),
    [
        (200, b'{"issuer": "https://login.example.com"}', "no keys", "no key that can be used for RS256, ES256 (not a"),
        (200, b"<html>", "not a key set", "the answer is not JSON"),
        (302, b"", "not a key set", "redirects are not followed, check jwks_url in [auth.jwt]"),
        (404, b"{}", "not a key set", "answered 404; check jwks_url in [auth.jwt]: the issuer's discovery document"),
        (403, b"{}", "refused", "its key set is refused (403); check jwks_url in [auth.jwt]"),
        (503, b"{}", "no answer", "answered 503; the issuer is down"),
    ],
)
async def test_an_answer_without_keys_is_told_with_what_to_check(
    issuer: Issuer, tmp_path: Path, status: int, answer: bytes, word: str, said: str
) -> None:
    issuer.status, issuer.answer = status, answer

    row = await issuer_row(issuer, tmp_path)

    (line,) = to_mend([row])
    assert (row.reach.word, row.read.word, row.well) == ("yes", word, False)
    assert said in line
    assert "base_url" not in line


async def test_an_issuer_that_hangs_is_given_up_in_time(issuer: Issuer, tmp_path: Path) -> None:
    issuer.seconds = 60

    row = await issuer_row(issuer, tmp_path, seconds=0.3)

    (line,) = to_mend([row])
    assert words(row) == ("no", "none needed", "not tried")
    assert line.endswith("took the request but did not answer in time; see the issuer's status.")


async def test_an_issuer_that_is_not_there_is_told_by_the_key_of_its_table(issuer: Issuer, tmp_path: Path) -> None:
    await issuer.stop()

    row = await issuer_row(issuer, tmp_path)

    (line,) = to_mend([row])
    assert words(row) == ("no", "none needed", "not tried")
    assert line.endswith(
        f"TCP: nothing listens at 127.0.0.1:{issuer.port}; check that it runs, and the port in jwks_url."
    )


async def test_a_database_that_the_first_key_makes_is_well_and_is_not_made(database_url: str, tmp_path: Path) -> None:
    row = await database_row(database_url)

    is_sqlite = row.kind == "sqlite"
    expected = (
        ("not there yet", "none needed", "made by the first key") if is_sqlite else ("yes", "accepted", "no tables yet")
    )
    assert (words(row), row.well, to_mend([row])) == (expected, True, [])
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - a folder of the test's own
    database = Database(database_url)
    assert (row.name, row.base_url, await database.revision()) == ("[database]", database.location, None)
    await database.aclose()


async def test_a_database_of_this_version_is_well(database_url: str) -> None:
    database = Database(database_url)
    await database.upgrade()
    await database.aclose()

    row = await database_row(database_url)

    mode = "mode 0600" if row.kind == "sqlite" else "accepted"
    assert (words(row), row.well, to_mend([row])) == (("yes", mode, f"version {REVISION}"), True, [])


async def test_a_newer_database_is_wrong(database_url: str) -> None:
    database = Database(database_url)
    async with database.write_transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.aclose()

    row = await database_row(database_url)

    assert (row.read.word, row.well) == ("version 9999", False)
    (line,) = to_mend([row])
    assert line.startswith("[database]: the database is of version 9999, which this program does not know: it knows ")
    assert line.endswith(f"{REVISION}; run the newer program, or name another database in [database] url.")


async def test_a_file_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    database = Database(url := f"sqlite+aiosqlite:///{file}")
    await database.upgrade()
    await database.aclose()
    file.chmod(0o644)

    row = await database_row(url)

    assert (words(row), row.well) == (("yes", "mode 0644", f"version {REVISION}"), True)
    assert to_mend([row]) == [
        f"[database]: warning: the file has mode 0644, not 0600; chmod 600 {file}, and the files beside it."
    ]


async def test_a_file_that_is_no_database_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_text("no database, but long enough to be taken for one" * 99, encoding="utf-8")

    row = await database_row(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")

    assert (words(row), row.well) == (("no", "not tried", "not tried"), False)
    (line,) = to_mend([row])
    assert line.startswith("[database]: it cannot be used (file is not a database); check [database] url, and that ")


@NEEDS_POSTGRES
@pytest.mark.parametrize(("before", "after"), [(PASSWORD, "wrong-secret"), ("/test_", "/missing_")])
async def test_a_postgresql_that_refuses_us_is_reached(postgres: PostgresServer, before: str, after: str) -> None:
    row = await database_row(postgres.new_database().replace(before, after))

    (line,) = to_mend([row])
    assert words(row) == ("yes", "refused", "not tried")
    assert line.startswith("[database]: it refuses us (Invalid")
    assert "wrong-secret" not in repr(row)


async def test_a_postgresql_that_is_not_there_is_told_with_what_to_check() -> None:
    row = await database_row(f"postgresql+asyncpg://gateway:{PASSWORD}@127.0.0.1:1/gateway")

    (line,) = to_mend([row])
    assert (words(row), row.base_url) == (("no", "not tried", "not tried"), "127.0.0.1:1/gateway")
    assert line.endswith("; check host and port of [database] url, and that it runs.")


async def test_a_postgresql_that_hangs_is_given_up_in_time() -> None:
    hung: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(lambda _, writer: hung.append(writer), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        row = await database_row(f"postgresql+asyncpg://gateway:{PASSWORD}@127.0.0.1:{port}/gateway", seconds=0.5)
        for writer in hung:
            writer.transport.abort()

    assert to_mend([row]) == ["[database]: it does not answer in time; check host, port, firewall and route."]


async def test_an_index_without_rows_is_well(database_url: str) -> None:
    index = index_of(database_url)
    await index.upgrade()
    await index.aclose()

    row = await catalog_row(database_url)

    mode = "mode 0600" if row.kind == "sqlite" else "none needed"
    assert (words(row), row.well, to_mend([row])) == (("yes", mode, "0 of 0 passed"), True, [])


async def test_an_index_that_others_may_read_is_a_warning(tmp_path: Path) -> None:
    index = index_of(url := f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    await index.upgrade()
    await index.aclose()
    file = tmp_path / "catalog.db"
    file.chmod(0o644)

    row = await catalog_row(url)

    assert (words(row), row.well) == (("yes", "mode 0644", "0 of 0 passed"), True)
    assert to_mend([row]) == [
        f"[catalog]: warning: the file has mode 0644, not 0600; chmod 600 {file}, and the files beside it."
    ]


async def test_an_index_in_what_is_no_folder_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    row = await catalog_row(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'gateway.db'}")

    assert (row.reach.word, row.well) == ("no", False)


async def test_an_index_of_an_older_version_is_a_warning_and_stays(database_url: str) -> None:
    index = index_of(database_url)
    await index.write(lambda connection: connection.execute(text("UPDATE catalog_version SET version = 1")))

    row = await catalog_row(database_url)

    assert (row.read.word, row.well) == ("version 1", True)
    (line,) = to_mend([row])
    assert line.startswith(f"[catalog]: warning: it is of version 1, older than {CATALOG_VERSION}; ")
    assert line.endswith("; the next start of `serve` builds it anew.")
    assert await index.revision() == "1"
    await index.aclose()


async def test_a_warning_alone_is_exit_code_0_and_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.touch()
    file.chmod(0o640)
    box = Sandbox(customers=3)
    async with box.serving() as urls:
        table = table_at(urls[FIRST], FIRST, **box.vendors[FIRST].credentials)
        config = tmp_path / "gateway.toml"
        config.write_text(f'[database]\nurl = "sqlite+aiosqlite:///{file}"\n{table}', encoding="utf-8")
        result = await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "--config", str(config)])

    forget_configured_logs()
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        f"[database]: warning: the file has mode 0640, not 0600; chmod 600 {file}, and the files beside it."
    )
