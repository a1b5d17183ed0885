"""`customer-gateway operations`, over SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from configured import table_at
from picked import FIRST
from process_as_before import forget_configured_logs
from store.journal_rows import DAY, ERROR, NAME_OF_SOMEBODY, NOW, SECOND, SECRET, WRITE, a_journal, an_operation
from typer.testing import CliRunner

from customer_gateway.cli.commands import app
from customer_gateway.model.operations import OperationState, WriteStatus
from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typer.testing import Result

    from customer_gateway.model.journal import StoredOperation

    Run = Callable[..., Result]

SYSTEM = table_at("http://127.0.0.1:9301/v2", FIRST)
OPEN = an_operation(
    "op-2",
    system="next",
    key=None,
    state=OperationState.UNKNOWN,
    started_at=NOW + SECOND,
    lease_until=None,
    writes=(replace(WRITE, status=WriteStatus.UNKNOWN, verified=None, error=None),),
    errors=(),
    foreign_places=(),
)
APPLIED = an_operation("op-1", state=OperationState.APPLIED, settled_at=NOW + 2 * SECOND)


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in a folder with a configuration."""
    table = f'[database]\nurl = "{database_url}"\nkey = "{SECRET.hex()}"\n'
    (tmp_path / "gateway.toml").write_text(f"{table}{SYSTEM}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments], prog_name="customer-gateway")
    forget_configured_logs()


def store(url: str, *operations: StoredOperation) -> None:
    async def work() -> None:
        database = Database(url)
        for each in operations:
            await a_journal(database).begin(replace(each, settled_at=None), NOW)
            await a_journal(database).update(each)
        await database.aclose()

    asyncio.run(work())


def test_operations_are_listed_in_a_table(run: Run, database_url: str) -> None:
    empty = run("operations", "list")
    store(database_url, APPLIED, OPEN)

    result = run("operations", "list")

    assert (empty.exit_code, empty.stdout) == (0, "No operation is there.\n")
    assert [re.split("  +", line) for line in result.stdout.splitlines()] == [
        ["started", "state", "kind", "system", "key", "actor", "settled", "id"],
        ["2026-11-29T12:00:01Z", "UNKNOWN", "UPDATE", "next", "-", "key:shop", "-", "op-2"],
        ["2026-11-29T12:00:00Z", "APPLIED", "UPDATE", "pland", "17", "key:shop", "2026-11-29T12:00:02Z", "op-1"],
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["op-2", "op-1"]),
        (["--limit", "1"], ["op-2"]),
        (["--state", "applied"], ["op-1"]),
        (["--state", "UNKNOWN", "--state", "APPLIED"], ["op-2", "op-1"]),
        (["--system", "pland"], ["op-1"]),
        (["--system", "billbee"], []),
    ],
)
def test_the_list_has_those_that_were_asked_for(
    run: Run, database_url: str, options: list[str], expected: list[str]
) -> None:
    store(database_url, APPLIED, OPEN)

    listed = json.loads(run("operations", "list", "--json", *options).stdout)

    assert [each["id"] for each in listed] == expected


def test_an_operation_is_shown_without_its_values_unless_they_are_asked_for(run: Run, database_url: str) -> None:
    store(database_url, APPLIED)

    result, with_values = run("operations", "show", "op-1"), run("operations", "show", "op-1", "--values")

    assert result.stdout == (
        "started  2026-11-29T12:00:00Z\n"
        "state    APPLIED\n"
        "kind     UPDATE\n"
        "system   pland\n"
        "key      17\n"
        "actor    key:shop\n"
        "settled  2026-11-29T12:00:02Z\n"
        "id       op-1\n"
        "write 1  PATCH /customers/17: APPLIED, sent 2026-11-29T12:00:01Z, verified\n"
        "write 1  places: name, discount\n"
        "write 1  error: UPSTREAM_REJECTED input.name: refused\n"
        "error    UPSTREAM_REJECTED input.name: refused\n"
        "changed by others: address.city\n"
    )
    assert f'write 1  name: (absent) -> "{NAME_OF_SOMEBODY}"\nwrite 1  discount: 1.1 -> 1.10\n' in with_values.stdout


def test_an_operation_is_shown_to_programs(run: Run, database_url: str) -> None:
    store(database_url, APPLIED)

    shown = json.loads(run("operations", "show", "op-1", "--json").stdout)
    with_values = json.loads(run("operations", "show", "op-1", "--json", "--values").stdout)

    (write,) = shown["writes"]
    assert "changes" not in write
    assert (write["places"], write["status"], write["sentAt"], write["verified"], write["error"]["code"]) == (
        ["name", "discount"],
        "APPLIED",
        "2026-11-29T12:00:01Z",
        True,
        ERROR.code.value,
    )
    assert (shown["errors"][0]["field"], shown["foreignPlaces"]) == (["input", "name"], ["address.city"])
    assert with_values["writes"][0]["changes"] == [
        {"place": "name", "before": None, "after": f'"{NAME_OF_SOMEBODY}"'},
        {"place": "discount", "before": "1.1", "after": "1.10"},
    ]


def test_values_that_are_purged_or_of_another_key_are_told_to_be_away(
    run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database_url, APPLIED)
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__KEY", "0" * 64)
    of_another_key = run("operations", "show", "op-1", "--values")
    monkeypatch.delenv("CUSTOMER_GATEWAY_DATABASE__KEY")

    async def purge() -> None:
        database = Database(database_url)
        assert await a_journal(database).purge(NOW + 2 * DAY) == 1
        await database.aclose()

    asyncio.run(purge())
    purged = run("operations", "show", "op-1", "--values")

    for result in (of_another_key, purged):
        assert (result.exit_code, result.stderr) == (0, "")
        assert "write 1  values are not there: purged, or encrypted by another key" in result.stdout
        assert NAME_OF_SOMEBODY not in result.output


@pytest.mark.parametrize("verb", ["show", "settle"])
def test_an_id_that_no_operation_has_is_told(run: Run, database_url: str, verb: str) -> None:
    nothing = run("operations", verb, "op-1")
    store(database_url, OPEN)

    for result in (nothing, run("operations", verb, "op-1")):
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == (
            "There is no operation 'op-1'; `customer-gateway operations list` lists those there are.\n"
        )


def test_an_operation_on_a_system_that_is_not_configured_is_not_settled(run: Run, database_url: str) -> None:
    store(database_url, replace(OPEN, system="elsewhere"))

    result = run("operations", "settle", "op-2")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "The operation op-2 is one on elsewhere, which is not configured as a system here.\n"


def test_nothing_is_made_by_who_only_looks(run: Run, tmp_path: Path) -> None:
    for verb in ("operations list", "operations show op-1 --values", "operations settle op-1"):
        run(*verb.split())

    assert sorted(file.name for file in tmp_path.iterdir()) == ["gateway.toml"]
