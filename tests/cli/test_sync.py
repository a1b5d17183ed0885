"""`customer-gateway sync` and `customer-gateway catalog …` over the sandbox, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from process_as_before import forget_configured_logs
from processes import PATIENCE, command
from typer.testing import CliRunner

from customer_gateway.cli.commands import app
from customer_gateway.cli.demo import sandbox_config, sandbox_ports
from customer_gateway.sandbox import PORTS
from customer_gateway.store.catalog_tables import CATALOG_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typer.testing import Result

SYSTEMS = list(PORTS)
FIRST, SECOND, *_ = SYSTEMS
PAGE = 4096


@dataclass
class Shop:
    """Vendors with 40 customers each, and the configuration of a gateway over them."""

    folder: Path
    config: Path
    urls: dict[str, str]

    def run(self, *arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.config)], prog_name="customer-gateway")
        forget_configured_logs()
        return result

    def told(self, *names: str, accept: bool = False) -> list[dict[str, Any]]:
        """What `sync --json` says."""
        return json.loads(self.run("sync", *names, "--json", *(["--accept"] if accept else [])).stdout)

    def sandbox(self, name: str, method: str, path: str, **body: Any) -> None:
        """Use one of the sandbox's own routes of a vendor."""
        root = re.sub(r"(?<=\d)/.*", "", self.urls[name])
        httpx.request(method, f"{root}/_sandbox/{path}", json=body or None).raise_for_status()


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, str]]:
    with command("sandbox", "--sandbox-port", "0", "--customers", "40", "--no-rate-limits") as process:
        assert process.stdout is not None
        found = [re.match(r"(\w+) +(\S+)", process.stdout.readline()) for _ in SYSTEMS]
        yield {each[1]: each[2] for each in found if each}


@pytest.fixture
def shop(vendors: dict[str, str], tmp_path: Path) -> Shop:
    text = sandbox_config(9301)
    for name, port in sandbox_ports(9301).items():
        text = re.sub(rf'"http://127\.0\.0\.1:{port}[^"]*"', f'"{vendors[name]}"', text)
    config = tmp_path / "gateway.toml"
    config.write_text(f'[database]\nurl = "sqlite+aiosqlite:///gateway.db"\n{text}', encoding="utf-8")
    return Shop(tmp_path, config, vendors)


def test_every_system_is_passed_by_the_command_where_no_gateway_runs(shop: Shop) -> None:
    result = shop.run("sync")

    assert result.exit_code == 0, result.output
    assert re.findall(r"^(\w+): 40 customers, \d+ calls in [\d.]+ s\.$", result.stdout, re.MULTILINE) == SYSTEMS
    assert oct((shop.folder / "catalog.db").stat().st_mode)[-3:] == "600"


def test_as_json_it_tells_of_the_systems_that_are_named(shop: Shop) -> None:
    (told,) = shop.told(SECOND)

    assert (told["system"], told["state"], told["records"], told["reason"]) == (SECOND, "IDLE", 40, None)
    assert told["lastCompletedAt"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nobody"], "nobody: not configured as a system"), (["--accept"], "--accept needs the names")],
)
def test_what_cannot_be_asked_for_is_told(shop: Shop, arguments: list[str], said: str) -> None:
    result = shop.run("sync", *arguments)

    assert result.exit_code == 2
    assert said in result.output


def test_without_an_index_there_is_nothing_to_fill(shop: Shop) -> None:
    shop.config.write_text(f"[catalog]\nenabled = false\n{shop.config.read_text('utf-8')}", encoding="utf-8")

    for arguments in (["sync"], ["catalog", "check"], ["catalog", "rebuild"]):
        result = shop.run(*arguments)
        assert (result.exit_code, "[catalog] enabled is false" in result.output) == (2, True)


def test_what_is_suspect_is_told_by_sync_and_doctor_until_it_is_accepted(shop: Shop) -> None:
    shop.run("sync")
    shop.sandbox(FIRST, "PUT", "faults", kind="lost_rows", share=0.5)
    try:
        result = shop.run("sync", FIRST)
        assert result.exit_code == 1
        assert f"{FIRST}: SUSPECT: " in result.stdout
        assert f"customer-gateway sync --accept {FIRST}" in result.stdout
        doctor = shop.run("doctor")
        assert doctor.exit_code == 1
        assert f"[catalog]: {FIRST} is SUSPECT: " in doctor.stdout
        assert shop.told(FIRST, accept=True)[0]["state"] == "IDLE"
    finally:
        shop.sandbox(FIRST, "DELETE", "faults")

    assert shop.run("doctor").exit_code == 0
    assert shop.told(FIRST)[0]["records"] == 40


def test_a_gateway_that_runs_makes_the_pass(shop: Shop) -> None:
    with command("serve", "--config", str(shop.config), "--port", "0") as process:
        assert process.stderr is not None
        lines = (json.loads(line) for line in process.stderr)
        passed = 0
        for line in lines:
            passed += line["event"] == "catalog_passed"
            if passed == len(SYSTEMS):
                break
        (told,) = shop.told(SECOND)
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=PATIENCE)[::-1]

    assert told["state"] == "IDLE"
    again = [json.loads(line) for line in rest.splitlines()]
    assert [line["system"] for line in again if line["event"] == "catalog_passed"] == [SECOND]
    assert not [line for line in again if line["level"] in ("warning", "error")]


def test_the_index_is_looked_over_and_made_anew(shop: Shop) -> None:
    assert "nothing is there yet" in shop.run("catalog", "check").stdout
    shop.run("sync")
    with sqlite3.connect(shop.folder / "catalog.db") as connection:
        connection.execute("DELETE FROM catalog_records WHERE system = ?", (SECOND,))

    result = shop.run("catalog", "check")
    assert f"{FIRST}: IDLE: 40 PRESENT." in result.stdout
    assert f"{SECOND}: IDLE: no customers." in result.stdout

    result = shop.run("catalog", "rebuild")
    assert result.exit_code == 0
    assert f"{SECOND}: 40 customers" in result.stdout
    assert f"{SECOND}: IDLE: 40 PRESENT." in shop.run("catalog", "check").stdout


def test_an_index_of_an_older_version_is_told_and_stays(shop: Shop) -> None:
    shop.run("sync")
    with sqlite3.connect(shop.folder / "catalog.db") as connection:
        connection.execute("UPDATE catalog_version SET version = 1")

    check, doctor = shop.run("catalog", "check"), shop.run("doctor")

    assert (check.exit_code, doctor.exit_code) == (0, 0)
    assert check.stdout.endswith(f": version 1, older than {CATALOG_VERSION}; `serve` builds it anew.\n")
    assert doctor.stdout.splitlines()[-1] == (
        f"[catalog]: warning: it is of version 1, older than {CATALOG_VERSION}; "
        "the next start of `serve` builds it anew."
    )
    with sqlite3.connect(shop.folder / "catalog.db") as connection:
        assert connection.execute("SELECT count(*) FROM catalog_records").fetchone() == (40 * len(SYSTEMS),)


def garbage(file: Path) -> None:
    file.write_bytes(b"x" * file.stat().st_size)


def damaged_pages(file: Path) -> None:
    pages = file.stat().st_size // PAGE
    with file.open("r+b") as opened:
        for page in range(20, pages, 3):
            opened.seek(page * PAGE)
            opened.write(b"\xff" * PAGE)


def cut_off(file: Path) -> None:
    os.truncate(file, 40 * PAGE)


@pytest.mark.parametrize("damage", [garbage, damaged_pages, cut_off])
def test_a_file_that_cannot_be_read_is_told_and_made_anew(shop: Shop, damage: Callable[[Path], None]) -> None:
    shop.run("sync")
    file = shop.folder / "catalog.db"
    damage(file)

    for arguments in (["catalog", "check"], ["sync"]):
        result = shop.run(*arguments)
        assert result.exit_code == 1
        assert "`customer-gateway catalog rebuild` makes" in result.output
        assert "[database] url" not in result.output
    result = shop.run("catalog", "rebuild")
    assert result.exit_code == 0, result.output
    assert f"{file}: " in result.stderr
    assert re.findall(r"^(\w+): 40 customers", result.stdout, re.MULTILINE) == SYSTEMS

    assert shop.run("catalog", "check").exit_code == 0
    assert oct(file.stat().st_mode)[-3:] == "600"


def test_what_is_no_database_is_told_by_the_doctor_with_the_command_that_makes_it_anew(shop: Shop) -> None:
    shop.run("sync", SECOND)
    garbage(shop.folder / "catalog.db")

    line = shop.run("doctor").stdout.splitlines()[-1]

    assert line.startswith("[catalog]: it cannot be used (file is not a database); `customer-gateway catalog rebuild` ")


def test_a_file_that_is_damaged_is_told(shop: Shop) -> None:
    shop.run("sync", SECOND)
    with sqlite3.connect(shop.folder / "catalog.db") as connection:
        connection.execute("DELETE FROM catalog_tokens_data WHERE id > 10")

    result = shop.run("catalog", "check")

    assert result.exit_code == 1
    assert "catalog_tokens" in result.stdout
    assert "`customer-gateway catalog rebuild` makes it anew." in result.stdout
