from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from configured import table_at
from picked import FIRST
from process_as_before import forget_configured_logs
from typer.testing import CliRunner
from vendors import REGISTERED_FACTS

from customer_gateway.app import load_settings, schema_text
from customer_gateway.cli.commands import app
from customer_gateway.cli.demo import sandbox_config
from customer_gateway.sandbox import PORTS
from customer_gateway.server.serving import CannotListen, address_of, is_this_machine, listen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typer.testing import Result

    Run = Callable[..., Result]

LOCAL = "http://127.0.0.1"
LAST_FIRST = 65536 - len(PORTS)
"""The last port from which on there is one for each vendor."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    yield lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments], prog_name="customer-gateway")
    forget_configured_logs()  # the verbs point logs at the standard error of their own run


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens at."""
    with listen("127.0.0.1", 0) as connection:
        yield port_of(connection)


def port_of(connection: socket.socket) -> int:
    return connection.getsockname()[1]


def test_whoever_types_nothing_sees_the_verbs(run: Run) -> None:
    result = run()

    assert result.exit_code == 0
    for verb in ("demo", "serve", "sandbox", "schema", "token", "doctor", "version"):
        assert f"\n  {verb} " in result.stdout


def test_the_version_is_the_package_s(run: Run) -> None:
    assert run("version").stdout == version("customer-gateway") + "\n"


def test_an_unknown_verb_is_an_error_of_the_command_line(run: Run) -> None:
    assert run("srve").exit_code == 2


def test_the_schema_is_printed(run: Run) -> None:
    assert run("schema").stdout == schema_text()


def test_a_written_schema_passes_its_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"

    written, checked = run("schema", "--write", file), run("schema", "--check", file)

    assert (written.exit_code, checked.exit_code) == (0, 0)
    assert file.read_text(encoding="utf-8") == schema_text()


def test_another_schema_fails_the_check_and_shows_the_difference(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text(schema_text().replace("type Query", "type Qwery"), encoding="utf-8")

    result = run("schema", "--check", file)

    assert result.exit_code == 1
    assert "\n-type Qwery {\n+type Query {\n" in result.stderr


def test_a_schema_that_is_not_there_fails_the_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "absent.graphql"

    result = run("schema", "--check", file)

    assert result.exit_code == 1
    assert result.stderr == f"{file}: there is no such file; `customer-gateway schema --write {file}` makes it.\n"


@pytest.mark.parametrize("option", ["--write", "--check"])
@pytest.mark.parametrize(
    "text", ['[systems.pland]\napi_key = "not-to-be-shown"\n', "{ systems { name } }", "# a word\n"]
)
def test_what_is_no_schema_is_neither_shown_nor_overwritten(run: Run, tmp_path: Path, option: str, text: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")

    result = run("schema", option, "a.toml")

    assert result.exit_code == 2
    assert result.output.startswith("a.toml holds no GraphQL schema")
    assert result.output.count("\n") == 1
    assert "not-to-be-shown" not in result.output
    assert "--write" not in result.output
    assert (tmp_path / "a.toml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["", "type Query { old: Int }"])
def test_an_older_schema_and_an_empty_file_are_overwritten(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "schema.graphql"
    file.write_text(text, encoding="utf-8")

    assert run("schema", "--write", file).exit_code == 0
    assert file.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("option", ["--write", "--fields", "--check"])
def test_a_schema_where_no_file_can_be_is_one_plain_line(run: Run, tmp_path: Path, option: str) -> None:
    result = run("schema", option, tmp_path)

    verb = "read" if option == "--check" else "written"
    assert (result.exit_code, result.stderr) == (1, f"{tmp_path} cannot be {verb}: Is a directory.\n")


def test_a_schema_that_is_no_text_is_one_plain_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "latin.graphql").write_bytes("# Grün\n".encode("latin-1"))

    result = run("schema", "--check", "latin.graphql")

    assert (result.exit_code, result.stderr) == (1, "latin.graphql cannot be read: expected text in UTF-8.\n")


@pytest.mark.parametrize("reset", [[], ["--reset"]])
def test_a_file_is_no_directory_for_the_sandbox(run: Run, tmp_path: Path, reset: list[str]) -> None:
    (tmp_path / "file").touch()

    result = run("sandbox", "--sandbox-port", 0, "--directory", "file", *reset)

    assert result.exit_code == 1
    assert result.stderr.startswith("file cannot hold the databases: ")
    assert result.stderr.count("\n") == 1


def test_a_database_of_the_sandbox_that_is_none_is_one_plain_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / f"{FIRST}.sqlite").write_text("This is a letter to a friend.\n" * 99, encoding="utf-8")

    result = run("sandbox", "--sandbox-port", 0, "--customers", 1, "--directory", tmp_path)

    assert result.exit_code == 1
    assert "cannot hold the databases: file is not a database; name another --directory.\n" in result.stderr


@pytest.mark.parametrize("verb", [["serve"], ["doctor"], ["token", FIRST]])
def test_a_wrong_configuration_is_plain_lines_and_exit_code_2(run: Run, tmp_path: Path, verb: list[str]) -> None:
    file = tmp_path / "other.toml"
    file.write_text(table_at(f"{LOCAL}:1", FIRST, key="x"), encoding="utf-8")

    result = run(*verb, "--config", file)

    assert result.exit_code == 2
    assert f"{file}: [systems.{FIRST}] key: is not a key of this table" in result.stderr
    assert "Traceback" not in result.output


def test_what_the_doctor_finds_can_be_searched_for_a_whole_address(run: Run, tmp_path: Path) -> None:
    address = f"{LOCAL}:1/{'a-long-way/' * 15}v2"
    (tmp_path / "gateway.toml").write_text(table_at(address, FIRST), encoding="utf-8")

    result = run("doctor")

    assert result.exit_code == 1
    assert address in result.stdout


def test_gateway_toml_is_taken_from_where_one_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("[server]\n", encoding="utf-8")

    result = run("doctor")

    assert result.exit_code == 2
    assert "gateway.toml: no system is configured" in result.stderr


def test_without_a_file_the_environment_is_read(run: Run) -> None:
    result = run("doctor")

    assert result.exit_code == 2
    assert "environment: no system is configured" in result.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "does not exist; expected a PEM file of certificates"),
        ("", "holds no certificates; expected PEM: -----BEGIN CERTIFICATE-----"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "holds no certificates; expected PEM"),
        ("folder", "cannot be read; expected a PEM file of certificates"),
    ],
)
@pytest.mark.parametrize("verb", ["doctor", "serve"])
def test_a_file_of_authorities_that_is_none_is_a_wrong_configuration(
    run: Run, tmp_path: Path, content: str | None, told: str, verb: str
) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "gateway.toml").write_text(table_at("https://127.0.0.1:1", FIRST, ca_file="ours.pem"), "utf-8")
    if content == "folder":
        (folder / "ours.pem").mkdir()
    elif content is not None:
        (folder / "ours.pem").write_text(content, "utf-8")

    result = run(verb, "--config", folder / "gateway.toml")

    assert result.exit_code == 2
    assert f"gateway.toml: [systems.{FIRST}] ca_file: {folder}/ours.pem {told}" in result.stderr


EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is refused, or the port is taken
ANONYMOUS = '[auth]\nanonymous = ["customers:read"]\n'
DATABASE = '[database]\nurl = "sqlite+aiosqlite:///keys.db"\n'


def configure(folder: Path, auth: str = "") -> None:
    tables = sandbox_config(9301)
    (folder / "gateway.toml").write_text(f"{auth}{DATABASE}{tables[tables.index('[systems') :]}", encoding="utf-8")


def test_another_host_needs_callers_that_can_be_known(run: Run, tmp_path: Path, taken: int) -> None:
    configure(tmp_path)

    result = run("serve", "--host", EVERYWHERE, "--port", taken)

    assert result.exit_code == 2
    assert result.stderr == (
        f"--host {EVERYWHERE}: no caller can be known there yet. Make a first key by `customer-gateway keys create "
        "--name NAME`, or set `anonymous` or [auth.jwt] in [auth].\n"
    )


@pytest.mark.parametrize("auth", ["", ANONYMOUS])
def test_another_host_is_taken_once_callers_can_be_known(run: Run, tmp_path: Path, taken: int, auth: str) -> None:
    configure(tmp_path, auth)
    if not auth:
        run("keys", "create", "--name", "shop")

    result = run("serve", "--host", EVERYWHERE, "--port", taken)

    assert result.stderr == f"Port {taken} is taken: stop what listens there, or choose another with --port.\n"


def test_this_machine_is_served_without_callers_and_the_log_says_how_to_make_a_key(
    run: Run, tmp_path: Path, taken: int
) -> None:
    configure(tmp_path)

    line = json.loads(run("serve", "--port", taken).stderr.splitlines()[0])

    assert (line["event"], line["effect"]) == ("no_callers", "every request is refused (401)")
    assert "customer-gateway keys create --name NAME" in line["remedy"]


def test_a_database_with_content_that_others_may_read_is_a_warning_at_the_start(
    run: Run, tmp_path: Path, taken: int
) -> None:
    configure(tmp_path)
    file = tmp_path / "keys.db"
    run("keys", "create", "--name", "shop")
    private = run("serve", "--port", taken).stderr
    file.chmod(0o640)

    line = json.loads(run("serve", "--port", taken).stderr.splitlines()[0])

    assert "database_open_to_others" not in private
    assert (line["level"], line["event"], line["mode"]) == ("warning", "database_open_to_others", "0640")
    assert line["remedy"] == f"chmod 600 {line['file']}, and the files beside it"
    assert tmp_path / line["file"] == file


def test_an_index_with_content_that_others_may_read_is_a_warning_at_the_start(
    run: Run, tmp_path: Path, taken: int
) -> None:
    configure(tmp_path)
    file = tmp_path / "catalog.db"
    file.write_bytes(b"some names")
    file.chmod(0o640)

    line = json.loads(run("serve", "--port", taken).stderr.splitlines()[1])

    assert (line["event"], line["mode"]) == ("database_open_to_others", "0640")
    assert line["remedy"] == f"chmod 600 {line['file']}, and the files beside it"
    assert tmp_path / line["file"] == file


def test_an_empty_database_file_is_no_warning_at_the_start(run: Run, tmp_path: Path, taken: int) -> None:
    configure(tmp_path)
    (tmp_path / "keys.db").touch(0o644)
    (tmp_path / "catalog.db").touch(0o644)

    assert "database_open_to_others" not in run("serve", "--port", taken).stderr


def test_the_option_that_let_everybody_in_says_what_took_its_place(run: Run) -> None:
    result = run("serve", "--insecure-no-auth")

    assert result.exit_code == 2
    assert result.stderr.startswith('--insecure-no-auth is gone: write `anonymous = ["customers:read"]` under [auth]')


@pytest.mark.parametrize("verb", ["demo", "serve"])
def test_a_taken_port_is_one_plain_line(run: Run, tmp_path: Path, taken: int, verb: str) -> None:
    (tmp_path / "gateway.toml").write_text(sandbox_config(9301), encoding="utf-8")

    result = run(verb, "--port", taken)

    assert result.exit_code == 1
    assert result.stderr == f"Port {taken} is taken: stop what listens there, or choose another with --port.\n"


@pytest.mark.parametrize("verb", [["demo", "--port", "0"], ["sandbox"]])
def test_a_taken_port_of_the_sandbox_is_told_with_the_way_round_it(run: Run, taken: int, verb: list[str]) -> None:
    result = run(*verb, "--sandbox-port", min(taken, LAST_FIRST))

    assert result.exit_code == 1
    assert f"Port {taken} for " in result.stderr
    assert "--sandbox-port 0 takes free ones" in result.stderr


def test_the_sandbox_prints_a_configuration_that_fits_it(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"

    file.write_text(run("sandbox", "--print-config", "--sandbox-port", 9401).stdout, encoding="utf-8")

    systems = load_settings(file).systems
    assert {name: settings.base_url for name, (_, settings) in systems.items()} == {
        name: str(facts.config["base_url"]).replace(f":{PORTS[name]}", f":{9401 + place}")
        for place, (name, facts) in enumerate(REGISTERED_FACTS.items())
    }


@pytest.mark.parametrize("verb", ["demo", "sandbox"])
@pytest.mark.parametrize("first", [LAST_FIRST + 1, 65535, 65536])
def test_ports_that_there_are_not_are_told_with_those_there_are(run: Run, verb: str, first: int) -> None:
    result = run(verb, "--sandbox-port", first)

    assert result.exit_code == 2
    said = f"{len(PORTS)} ports from {first} on, and there are none above 65535; give {LAST_FIRST} or less, or 0"
    assert said in result.stderr


def test_the_last_ports_are_ports(run: Run) -> None:
    result = run("sandbox", "--print-config", "--sandbox-port", LAST_FIRST)

    assert (result.exit_code, f"{LOCAL}:65535" in result.stdout) == (0, True)


def test_a_configuration_needs_ports_that_are_known(run: Run) -> None:
    assert run("sandbox", "--print-config", "--sandbox-port", 0).exit_code == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_some_hosts_are_this_machine(host: str) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "gateway.example"])  # noqa: S104 - nothing is bound
def test_other_hosts_are_seen_from_elsewhere(host: str) -> None:
    assert not is_this_machine(host)


def test_a_free_port_has_an_address() -> None:
    with listen("127.0.0.1", 0) as connection:
        assert address_of(connection) == f"http://127.0.0.1:{port_of(connection)}"


def test_an_address_of_another_machine_is_none_to_listen_at() -> None:
    with pytest.raises(CannotListen, match=r"Cannot listen at 192\.0\.2\.1, port 0"):
        listen("192.0.2.1", 0)


def test_a_name_that_is_no_address_is_none_to_listen_at() -> None:
    with pytest.raises(CannotListen, match=r"nowhere\.invalid is no address of this machine"):
        listen("nowhere.invalid", 0)
