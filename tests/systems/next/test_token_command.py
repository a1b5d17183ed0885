"""The verb `token`, and the file it writes, as whoever configures a NEXT meets them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from process_as_before import forget_configured_logs
from typer.testing import CliRunner
from vendors import FACTS

from customer_gateway.cli.commands import app
from customer_gateway.cli.demo import sandbox_config
from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from typer.testing import Result

    Run = Callable[..., Result]

LOCAL = "http://127.0.0.1"
OTHER = next(name for name in FACTS if name != "next")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    yield lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments], prog_name="customer-gateway")
    forget_configured_logs()  # the verbs point logs at the standard error of their own run


def test_a_missing_token_file_is_a_wrong_configuration(run: Run, tmp_path: Path) -> None:
    text = f'[systems.next]\nbase_url = "http://127.0.0.1:1"\ntoken_file = "{tmp_path}/token"\n'
    (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")

    result = run("serve", "--port", 0)

    assert result.exit_code == 2
    assert result.stderr == (
        f"gateway.toml: [systems.next] token_file: {tmp_path}/token does not exist; "
        "`customer-gateway token next` writes it once\n"
    )


def test_a_token_file_that_a_variable_names_is_told_by_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__NEXT__BASE_URL", f"{LOCAL}:1")
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__NEXT__TOKEN_FILE", "token")

    result = run("doctor")

    assert result.exit_code == 2
    assert result.stderr.startswith("environment: CUSTOMER_GATEWAY_SYSTEMS__NEXT__TOKEN_FILE: token does not exist; ")


def test_a_token_file_lies_beside_the_configuration_from_wherever_that_is_read(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "token").write_text("a-token\n", encoding="utf-8")
    text = f'[systems.next]\nbase_url = "{LOCAL}:1"\ntoken_file = "token"\n'
    (folder / "gateway.toml").write_text(text, encoding="utf-8")

    result = run("doctor", "--config", folder / "gateway.toml")

    assert result.exit_code == 1
    assert "next: TCP: nothing listens" in result.stdout


def test_a_token_cannot_be_got_without_what_is_told_to_be_missing(run: Run, tmp_path: Path) -> None:
    text = f'[systems.next]\nbase_url = "{LOCAL}:1"\ntoken_file = "token"\n'
    (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")

    result = run("token", "next")

    assert result.exit_code == 2
    assert result.stderr == (
        "gateway.toml: [systems.next] username: is missing; the number of the database is needed to get a token\n"
        "gateway.toml: [systems.next] one_time_key: is missing; a key made in NEXT is spent to get a token\n"
    )
    assert not (tmp_path / "token").exists()


def next_table(base_url: str, token_file: Path, one_time: Mapping[str, str]) -> str:
    return f"""
[systems.next]
base_url = "{base_url}"
token_file = "{token_file}"
username = "{one_time["username"]}"
one_time_key = "{one_time["password"]}"
client_id = "{one_time["client_id"]}"
client_secret = "{one_time["client_secret"]}"
"""


def test_only_a_system_of_kind_next_has_a_token(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(sandbox_config(9301), encoding="utf-8")

    result = run("token", OTHER)

    assert result.exit_code == 2
    assert f"{OTHER}: expected a system of kind next; configured are: next." in result.stderr


async def ran_beside(box: Sandbox, run: Callable[[str], Result]) -> Result:
    """The command run in a thread while the sandbox serves on a free port."""
    async with box.serving() as urls:
        return await asyncio.to_thread(run, urls["next"])


def test_the_one_time_key_becomes_a_token_file(run: Run, tmp_path: Path) -> None:
    box, token_file = Sandbox(customers=1), tmp_path / "token"
    one_time = box.next.other_credentials

    def swap(url: str) -> Result:
        text = next_table(url, token_file, one_time)
        (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
        return run("token", "next")

    result = asyncio.run(ran_beside(box, swap))

    assert result.exit_code == 0
    assert token_file.stat().st_mode & 0o777 == 0o600
    assert token_file.read_text(encoding="utf-8").strip() not in result.output
    assert one_time["password"] not in result.output


def test_a_refused_key_is_told_and_leaves_no_file(run: Run, tmp_path: Path) -> None:
    box, token_file = Sandbox(customers=1), tmp_path / "token"

    def swap(url: str) -> Result:
        text = next_table(url, token_file, {**box.next.other_credentials, "password": "spent"})
        (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
        return run("token", "next")

    result = asyncio.run(ran_beside(box, swap))

    assert result.exit_code == 1
    assert "the one-time key was refused" in result.stderr
    assert not token_file.exists()
