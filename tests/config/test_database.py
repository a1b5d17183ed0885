from __future__ import annotations

import base64
from pathlib import Path

import pytest
from configured import table_at
from picked import FIRST

from customer_gateway.app import load_settings
from customer_gateway.config import DatabaseSettings
from customer_gateway.errors import ConfigInvalid

SYSTEM = table_at("http://127.0.0.1:9301/v2", FIRST)
POSTGRESQL = "postgresql+asyncpg://gateway:not-to-be-shown@db.example:5432/gateway"

KEY = bytes(range(32))


def address(folder: Path, table: str = "") -> str:
    file = folder / "gateway.toml"
    file.write_text(f"{table}\n{SYSTEM}", encoding="utf-8")
    settings = load_settings(file)
    assert settings.database is not None
    return settings.database.address()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"XDG_STATE_HOME": "/var/lib"}, "/var/lib/customer-gateway/gateway.db"),
        ({"XDG_STATE_HOME": "relative"}, f"{Path.home()}/.local/state/customer-gateway/gateway.db"),
        ({"XDG_STATE_HOME": ""}, f"{Path.home()}/.local/state/customer-gateway/gateway.db"),
        ({}, f"{Path.home()}/.local/state/customer-gateway/gateway.db"),
    ],
)
def test_the_database_is_a_file_in_the_state_directory_unless_one_is_given(
    environ: dict[str, str], expected: str
) -> None:
    assert DatabaseSettings().address(environ) == f"sqlite+aiosqlite:///{expected}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite+aiosqlite:////var/lib/gateway.db", "/var/lib/gateway.db"),
        ("sqlite+aiosqlite:///state/gateway.db", "{folder}/state/gateway.db"),
        ("sqlite+aiosqlite:///~/gateway.db", f"{Path.home()}/gateway.db"),
    ],
)
def test_a_relative_path_begins_at_the_configuration_file(tmp_path: Path, url: str, expected: str) -> None:
    found = address(tmp_path, f'[database]\nurl = "{url}"')

    assert found == "sqlite+aiosqlite:///" + expected.format(folder=tmp_path)


@pytest.mark.parametrize(
    "url", [POSTGRESQL, POSTGRESQL + "?ssl=verify-full", "postgresql+asyncpg:///gateway?host=/run/postgresql"]
)
def test_a_postgresql_stays_as_it_is_said(tmp_path: Path, url: str) -> None:
    assert address(tmp_path, f'[database]\nurl = "{url}"') == url


def test_the_url_may_stand_in_the_environment_or_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(POSTGRESQL + "\n", encoding="utf-8")
    from_key = address(tmp_path, '[database]\nurl_file = "url"')
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__URL_FILE", str(tmp_path / "url"))
    from_file = address(tmp_path)
    monkeypatch.delenv("CUSTOMER_GATEWAY_DATABASE__URL_FILE")
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__URL", POSTGRESQL)

    assert [from_key, from_file, address(tmp_path)] == [POSTGRESQL] * 3


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gateway.db",
        "sqlite:///gateway.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:?cache=shared",
        "sqlite+aiosqlite:////var/lib/",
        "postgresql://gateway:not-to-be-shown@db.example/gateway",
        "postgresql+asyncpg://gateway:not-to-be-shown@db.example",
        "postgresql+asyncpg://gateway:not-to-be-shown@db.example/",
        "postgresql+asyncpg:///gateway",
        "postgresql+asyncpg://gateway:not-to-be-shown@db.example:port/gateway",
        "mysql://gateway:not-to-be-shown@db.example/gateway",
    ],
)
def test_another_url_is_refused_with_the_two_forms_and_not_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        address(tmp_path, f'[database]\nurl = "{url}"')

    assert str(refused.value) == (
        f"{tmp_path / 'gateway.toml'}: [database] url: expected: sqlite+aiosqlite:///PATH (four slashes where the path "
        "is absolute), or postgresql+asyncpg://USER:PASSWORD@HOST:PORT/NAME"
    )


def test_an_unknown_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"\[database\] uri: is not a key of this table"):
        address(tmp_path, '[database]\nuri = "x"')


def private_key(folder: Path, table: str = "") -> bytes | None:
    file = folder / "gateway.toml"
    file.write_text(f"{table}\n{SYSTEM}", encoding="utf-8")
    settings = load_settings(file)
    assert settings.database is not None
    return settings.database.private_key()


@pytest.mark.parametrize("text", [KEY.hex(), KEY.hex().upper(), base64.b64encode(KEY).decode()])
def test_the_key_is_32_bytes_in_hexadecimal_digits_or_base64(tmp_path: Path, text: str) -> None:
    assert private_key(tmp_path, f'[database]\nkey = "{text}"') == KEY
    assert private_key(tmp_path) is None


def test_the_key_may_stand_in_the_environment_or_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY.hex() + "\n", encoding="utf-8")
    from_key = private_key(tmp_path, '[database]\nkey_file = "key"')
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__KEY_FILE", str(tmp_path / "key"))
    from_file = private_key(tmp_path)
    monkeypatch.delenv("CUSTOMER_GATEWAY_DATABASE__KEY_FILE")
    monkeypatch.setenv("CUSTOMER_GATEWAY_DATABASE__KEY", KEY.hex())

    assert [from_key, from_file, private_key(tmp_path)] == [KEY] * 3


@pytest.mark.parametrize(
    "text", ["", "not-to-be-shown", KEY.hex()[2:], KEY.hex() + "00", base64.b64encode(KEY[1:]).decode(), "ä" * 64]
)
def test_another_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        private_key(tmp_path, f'[database]\nkey = "{text}"')

    assert str(refused.value) == (
        f"{tmp_path / 'gateway.toml'}: [database] key: expected: 32 random bytes as base64 or hexadecimal digits; "
        "`openssl rand -base64 32` prints such"
    )


def test_the_key_of_sqlite_lies_in_the_state_directory_wherever_the_database_is() -> None:
    environ = {"XDG_STATE_HOME": "/var/lib"}
    places = [
        DatabaseSettings.model_validate({"url": url}).private_key_path(environ)
        for url in (None, "sqlite+aiosqlite:////srv/gateway.db", POSTGRESQL)
    ]

    assert places == [Path("/var/lib/customer-gateway/gateway.key")] * 2 + [None]
