"""`customer-gateway keys` and `database`, over SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from configured import table_at
from picked import FIRST
from postgres_server import NEEDS_POSTGRES, PASSWORD
from process_as_before import forget_configured_logs
from processes import python
from sqlalchemy import text
from typer.testing import CliRunner

from customer_gateway.cli.commands import app
from customer_gateway.cli.keys import any_key
from customer_gateway.config import DatabaseSettings, ServerSettings, Settings
from customer_gateway.model.callers import SCOPES
from customer_gateway.model.key_text import is_whole
from customer_gateway.store.database import Database
from customer_gateway.store.tables import REVISION

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from postgres_server import PostgresServer
    from typer.testing import Result

    Run = Callable[..., Result]

TABLE = table_at("http://127.0.0.1:9301/v2", FIRST, kind=FIRST)
SYSTEMS = "".join(TABLE.replace(f"[systems.{FIRST}]", f"[systems.{name}]") for name in ("sales", "office"))


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in a folder with a configuration."""
    (tmp_path / "gateway.toml").write_text(f'[database]\nurl = "{database_url}"\n{SYSTEMS}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments], prog_name="customer-gateway")
    forget_configured_logs()


def listed(run: Run, *options: str) -> list[dict[str, Any]]:
    return json.loads(run("keys", "list", "--json", *options).stdout)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_key_is_made_and_printed_alone(run: Run) -> None:
    result = run("keys", "create", "--name", "shop")

    assert result.exit_code == 0
    assert result.stdout.endswith("\n")
    assert is_whole(result.stdout[:-1])
    assert result.stderr == (
        "The key shop: customers:read, schema:read; all systems; without an end. It is shown this once; gateways that "
        "run take it within a few seconds.\n"
    )
    assert listed(run) == [
        {
            "name": "shop",
            "state": "active",
            "scopes": ["customers:read", "schema:read"],
            "systems": None,
            "rateClass": None,
            "addresses": [],
            "createdAt": listed(run)[0]["createdAt"],
            "expiresAt": None,
            "lastUsedAt": None,
        }
    ]


def test_a_key_has_what_the_options_say(run: Run) -> None:
    result = run(
        *("keys", "create", "--name", "shop", "--scopes", "customers:read,billing:read", "--scopes", "raw:read"),
        *("--systems", "office", "--rate-class", "slow", "--expires", "2099-12-31"),
        *("--address", "192.0.2.0/24, 2001:db8::/32", "--address", "192.0.2.7"),
    )

    assert result.exit_code == 0, result.stderr
    (key,) = listed(run)
    del key["createdAt"]
    assert key == {
        "name": "shop",
        "state": "active",
        "scopes": ["billing:read", "customers:read", "raw:read"],
        "systems": ["office"],
        "rateClass": "slow",
        "addresses": ["192.0.2.0/24", "2001:db8::/32", "192.0.2.7/32"],
        "expiresAt": "2099-12-31T00:00:00Z",
        "lastUsedAt": None,
    }
    assert "the systems office, from 192.0.2.0/24, 2001:db8::/32, 192.0.2.7/32 alone; until 2099" in result.stderr


def test_a_network_of_ipv4_written_as_ipv6_is_kept_as_ipv4(run: Run) -> None:
    run("keys", "create", "--name", "shop", "--address", "::ffff:192.0.2.0/120, ::ffff:192.0.2.7, ::/0")

    assert listed(run)[0]["addresses"] == ["192.0.2.0/24", "192.0.2.7/32", "::/0"]


def test_a_time_from_now_ends_a_key_too(run: Run) -> None:
    before = datetime.now(UTC)
    run("keys", "create", "--name", "shop", "--expires", "90d")

    (key,) = listed(run)
    passed = moment(key["expiresAt"]) - before
    assert timedelta(days=90) - timedelta(seconds=2) < passed < timedelta(days=90, minutes=2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ["--scopes", "customers:rea"],
            f"--scopes: there is no scope 'customers:rea'; there are: {', '.join(SCOPES)}.",
        ),
        (["--scopes", ""], "--scopes: there is no scope ''; there are: "),
        (["--systems", "sales,ofice"], "--systems: there is no system 'ofice'; there are: sales, office."),
        (["--systems", ""], "--systems: there is no system ''; there are: sales, office."),
        (["--expires", "2001-01-01"], "--expires: 2001-01-01T00:00:00Z is past; expected a later moment."),
        (["--expires", "soon"], "--expires: expected a date such as 2027-12-31, a time such as 90d, or never."),
        (["--address", "192.0.2.7/24"], "--address: '192.0.2.7/24' is no network; expected one such as 192.0.2.0/24, "),
        (["--address", ""], "--address: '' is no network; "),
        (["--rate-class", "a b"], "--rate-class: expected letters, digits, and . _ @ - between them"),
        (["--name", "a b"], "--name: expected letters, digits, and . _ @ - between them"),
        (["--name", ""], "--name: expected letters, digits, and . _ @ - between them"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_can(run: Run, options: list[str], expected: str) -> None:
    result = run("keys", "create", "--name", "shop", *options)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(expected)
    assert listed(run) == []


def test_a_name_is_taken_once(run: Run) -> None:
    run("keys", "create", "--name", "shop")

    result = run("keys", "create", "--name", "shop")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "--name: there is a key shop already: `keys rotate shop` gives it a new secret, `keys revoke shop` frees the "
        "name.\n"
    )


def test_a_key_is_rotated_with_an_overlap(run: Run) -> None:
    first = run("keys", "create", "--name", "shop", "--scopes", "raw:read", "--systems", "office").stdout

    result = run("keys", "rotate", "shop", "--overlap", "2h")

    assert result.exit_code == 0
    assert is_whole(result.stdout[:-1])
    assert result.stdout != first
    old, new = listed(run)
    assert (old["state"], new["state"], new["expiresAt"]) == ("replaced", "active", None)
    assert (new["scopes"], new["systems"]) == (["raw:read"], ["office"])
    assert moment(old["expiresAt"]) - moment(new["createdAt"]) == timedelta(hours=2)


def test_a_key_that_is_rotated_without_an_overlap_ends_at_once(run: Run) -> None:
    run("keys", "create", "--name", "shop")

    result = run("keys", "rotate", "shop", "--overlap", "0h")

    assert "the one of before ends now" in result.stderr
    assert [key["state"] for key in listed(run)] == ["active"]
    assert [key["state"] for key in listed(run, "--all")] == ["expired", "active"]


def test_a_rotated_key_keeps_its_end_or_gets_another(run: Run) -> None:
    run("keys", "create", "--name", "shop", "--expires", "2099-12-31")

    run("keys", "rotate", "shop")
    kept = listed(run)[-1]["expiresAt"]
    run("keys", "rotate", "shop", "--expires", "2098-12-31")
    other = listed(run)[-1]["expiresAt"]
    run("keys", "rotate", "shop", "--expires", "never")

    assert (kept, other) == ("2099-12-31T00:00:00Z", "2098-12-31T00:00:00Z")
    assert listed(run)[-1]["expiresAt"] is None


def test_an_expired_key_is_listed_and_rotated_only_to_another_end(run: Run) -> None:
    run("keys", "create", "--name", "shop", "--expires", "1s")
    time.sleep(1.1)

    refused = run("keys", "rotate", "shop")
    states = [key["state"] for key in listed(run)]
    rotated = run("keys", "rotate", "shop", "--expires", "1d")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr == "shop is expired; say with --expires until when the new secret is taken.\n"
    assert states == ["expired"]
    assert rotated.exit_code == 0


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
def test_a_name_that_no_key_has_is_told_with_those_there_are(run: Run, verb: str) -> None:
    nothing = run("keys", verb, "shop")
    run("keys", "create", "--name", "front")
    run("keys", "create", "--name", "old")
    run("keys", "revoke", "old")

    result = run("keys", verb, "shop")

    assert (nothing.exit_code, nothing.stderr) == (2, "There is no key 'shop'; there are: none.\n")
    assert (result.exit_code, result.stderr) == (2, "There is no key 'shop'; there are: front.\n")


def test_a_revoked_key_is_over_and_its_name_free(run: Run) -> None:
    run("keys", "create", "--name", "shop")
    run("keys", "rotate", "shop")

    result = run("keys", "revoke", "shop")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "shop is revoked; gateways that run refuse it within 2 seconds.\n"
    assert listed(run) == []
    assert [key["state"] for key in listed(run, "--all")] == ["revoked", "revoked"]
    assert run("keys", "create", "--name", "shop").exit_code == 0


def test_keys_are_listed_in_a_table(run: Run) -> None:
    empty = run("keys", "list").stdout
    key = run("keys", "create", "--name", "shop", "--systems", "sales").stdout

    lines = run("keys", "list").stdout.splitlines()
    run("keys", "revoke", "shop")
    over = run("keys", "list").stdout

    assert empty == "No key is there yet; `customer-gateway keys create --name NAME` makes one.\n"
    assert over.startswith("Every key is over, revoked or replaced; `keys list --all` lists those, ")
    assert re.split("  +", lines[0]) == [
        *("name", "state", "scopes", "systems", "rate class", "from", "created", "expires", "last used")
    ]
    assert lines[1].startswith("shop  active  customers:read,schema:read  sales    -")
    assert key[3:20] not in "".join(lines)


def test_a_key_is_nowhere_but_on_standard_output(run: Run, tmp_path: Path) -> None:
    key = run("keys", "create", "--name", "shop")
    others = [run("keys", "list"), run("keys", "list", "--json"), run("database", "check")]

    secret = key.stdout.strip()[3:]
    assert secret not in key.stderr
    assert all(secret not in other.output for other in others)
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_whether_there_is_a_key_that_is_taken(run: Run, database_url: str) -> None:
    settings = Settings(ServerSettings(), {}, database=DatabaseSettings.model_validate({"url": database_url}))
    answers = [any_key(settings)]
    for verb in ("create --name a", "revoke a", "create --name b --expires 1s"):
        run("keys", *verb.split())
        time.sleep(1.1)
        answers.append(any_key(settings))

    assert answers == [False, True, False, False]


def test_nothing_is_made_by_who_only_looks(run: Run, tmp_path: Path) -> None:
    for verb in ("keys list", "keys revoke shop", "keys rotate shop", "database check"):
        run(*verb.split())

    assert sorted(file.name for file in tmp_path.iterdir()) == ["gateway.toml"]


@pytest.mark.parametrize("verb", ["keys create --name shop --systems sales", "keys list", "database upgrade"])
def test_keys_are_made_without_the_credentials_of_systems(
    run: Run, tmp_path: Path, database_url: str, verb: str
) -> None:
    """They are in the environment of the service alone."""
    table = f'[systems.sales]\nkind = "{FIRST}"\nbase_url = "https://vendor.example/v2"\n'
    (tmp_path / "gateway.toml").write_text(f'[database]\nurl = "{database_url}"\n{table}', encoding="utf-8")

    assert run(*verb.split()).exit_code == 0
    assert run("serve", "--port", "0").exit_code == 2


def test_a_database_is_checked_and_upgraded(run: Run, database_url: str) -> None:
    location = Database(database_url).location

    said = [run("database", verb) for verb in ("check", "upgrade", "upgrade", "check")]

    assert [each.exit_code for each in said] == [0] * 4
    assert [each.stdout for each in said] == [
        f"{location}: nothing is there yet; the first key makes it, or `database upgrade`.\n",
        f"{location} was brought from version none up to date: version {REVISION}.\n",
        f"{location} is up to date: version {REVISION}.\n",
        f"{location}: version {REVISION}, up to date.\n",
    ]


@pytest.mark.parametrize(
    "verb", ["database check", "database upgrade", "keys list", "keys create --name shop", "serve --port 0"]
)
def test_a_newer_database_is_refused_by_every_verb(
    run: Run, database_url: str, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def make_newer() -> None:
        database = Database(database_url)
        async with database.write_transaction() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await database.aclose()

    asyncio.run(make_newer())
    monkeypatch.setenv("CUSTOMER_GATEWAY_AUTH__ANONYMOUS", "customers:read")

    result = run(*verb.split())

    assert (result.exit_code, result.stdout) == (2, "")
    assert "the database is of version 9999, which this program does not know" in result.stderr
    assert result.stderr.count("\n") == 1


@NEEDS_POSTGRES
def test_a_database_that_does_not_answer_is_one_plain_line_without_its_password(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gateway.toml").write_text(SYSTEMS, encoding="utf-8")
    (tmp_path / "url").write_text(postgres.new_database().replace(PASSWORD, "wrong-secret") + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__URL_FILE", str(tmp_path / "url"))

    for verb in (["keys", "list"], ["serve", "--port", "0"]):
        result = CliRunner().invoke(app, verb)

        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "the database cannot be used: InvalidPasswordError; check [database] url" in result.stderr
        assert "wrong-secret" not in result.stderr


FOLLOWER = """
import asyncio, sys, time
from pathlib import Path
from customer_gateway.errors import Unauthenticated
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.logs import configure_logs
from customer_gateway.store.database import Database
from customer_gateway.store.key_source import KeySource

async def main(url, file):
    configure_logs(plain=True)
    database = Database(url)
    cache, before = KeyCache(KeySource(database)), None
    async with cache.following():
        print("follows", 0, flush=True)
        while before != "revoked":
            await asyncio.sleep(0.01)
            if not file.exists():
                continue
            try:
                cache.caller_of(file.read_text(), "127.0.0.1")
                now = "taken"
            except Unauthenticated as error:
                now = "revoked" if "revoked" in str(error) else "unknown"
            if now != before:
                print(now, time.monotonic(), flush=True)
            before = now
    await database.aclose()

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""
"""Holds the keys as a worker does, and says when it takes one, and when no more."""


def said(process: subprocess.Popen[str]) -> tuple[str, float]:
    assert process.stdout is not None
    state, _, at = process.stdout.readline().partition(" ")
    return state, float(at or 0)


@pytest.mark.alone
def test_processes_take_and_refuse_a_key_within_two_seconds_of_the_command(
    run: Run, tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "key"
    run("keys", "create", "--name", "first")  # so that the database is there, and what it takes is imported
    with python("-c", FOLLOWER, database_url, str(file)) as one, python("-c", FOLLOWER, database_url, str(file)) as two:
        assert [said(one)[0], said(two)[0]] == ["follows", "follows"]

        key = run("keys", "create", "--name", "shop").stdout.strip()
        made = time.monotonic()
        (tmp_path / "new").write_text(key, encoding="ascii")
        (tmp_path / "new").rename(file)
        states = [each for process in (one, two) for each in _until_taken(process)]
        assert {state for state, _ in states} <= {"unknown", "taken"}
        assert max(at for _, at in states) - made < 2

        assert run("keys", "revoke", "shop").exit_code == 0
        revoked = time.monotonic()
        ends = [said(one), said(two)]
        assert [state for state, _ in ends] == ["revoked", "revoked"]
        assert max(at for _, at in ends) - revoked < 2

        assert [process.communicate(timeout=60) for process in (one, two)] == [("", ""), ("", "")]
    assert listed(run, "--all")[1]["lastUsedAt"] is not None


def _until_taken(process: subprocess.Popen[str]) -> Iterator[tuple[str, float]]:
    state = ""
    while state != "taken":
        state, at = said(process)
        yield state, at
