from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from configured import SETTINGS, table_of
from pydantic import SecretStr  # noqa: TC002 - pydantic reads annotations at run time
from vendors import FACTS

from customer_gateway.config import load
from customer_gateway.errors import ConfigInvalid
from customer_gateway.systems.connection import SystemSettings

if TYPE_CHECKING:
    from customer_gateway.config import Settings


class ShopSettings(SystemSettings):
    """The table of a vendor of no name, which lets in by a user, a password and a key."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    user: str
    password: SecretStr
    api_key: SecretStr


KINDS = {**SETTINGS, "shop": ShopSettings}
SHOP = """
[systems.shop]
base_url = "http://127.0.0.1:9305/api/v1"
user = "anna"
password = "not-to-be-shown"
api_key = "nor-this"
"""
SECOND = SHOP.replace("[systems.shop]", '[systems.second]\nkind = "shop"')


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, KINDS)


def told(folder: Path, text: str) -> str:
    """What is said of a wrong configuration."""
    with pytest.raises(ConfigInvalid) as refused:
        loaded(folder, text)
    return str(refused.value)


def test_a_base_url_and_credentials_are_enough(tmp_path: Path) -> None:
    settings = loaded(tmp_path, SHOP)

    kind, shop = settings.systems["shop"]
    assert kind == "shop"
    assert (shop.limits.parallel, shop.breaker.failures, settings.server.deadline_seconds) == (32, 5, 10)


ALL = "[server]\ndeadline_seconds = 10\n" + "".join(map(table_of, FACTS))


def test_an_address_and_credentials_are_all_that_systems_need(tmp_path: Path) -> None:
    settings = loaded(tmp_path, ALL)

    assert [kind for kind, _ in settings.systems.values()] == list(FACTS)


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('region = "Deutschland"', "region: expected: a country such as DE"),
        ('region = "de"', "region: expected: a country such as DE"),
        ('region = "XX"', "region: expected: a country such as DE"),
        ('time_zone = "Berlin"', "time_zone: expected: an IANA time zone such as Europe/Berlin"),
    ],
)
def test_a_country_and_a_zone_are_known_ones_whatever_the_kind(
    tmp_path: Path, kind: str, line: str, expected: str
) -> None:
    table = f"[systems.{kind}]\n"

    text = told(tmp_path, ALL.replace('time_zone = "Europe/Stockholm"\n', "").replace(table, f"{table}{line}\n"))

    assert f"[systems.{kind}] {expected}" in text


def test_limits_and_breaker_of_a_system_are_its_own_tables(tmp_path: Path) -> None:
    text = """
[server]
deadline_seconds = 4
[systems.shop]
base_url = "http://127.0.0.1:9301/v2/"
user = "anna"
password = "secret"
api_key = "secret"
[systems.shop.limits]
calls_per_second = 0
parallel = 3
answer_bytes = 20000000
[systems.shop.breaker]
failures = 0
open_seconds = 1.5
"""

    settings = loaded(tmp_path, text)

    _, shop = settings.systems["shop"]
    assert settings.server.deadline_seconds == 4
    assert (shop.limits.parallel, shop.breaker.failures, shop.breaker.open_seconds) == (3, 0, 1.5)
    assert shop.base_url == "http://127.0.0.1:9301/v2"


def test_systems_keep_the_order_of_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, SECOND + SHOP)

    assert list(settings.systems) == ["second", "shop"]


def test_two_systems_may_share_a_kind(tmp_path: Path) -> None:
    settings = loaded(tmp_path, SHOP + SECOND)

    assert {name: kind for name, (kind, _) in settings.systems.items()} == {"shop": "shop", "second": "shop"}


def test_a_secret_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOP__API_KEY", "from-the-environment")

    settings = loaded(tmp_path, SHOP.replace('api_key = "nor-this"\n', ""))

    _, shop = settings.systems["shop"]
    assert shop.api_key.get_secret_value() == "from-the-environment"
    assert shop.password.get_secret_value() == "not-to-be-shown"


def test_the_environment_is_stronger_than_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOP__API_KEY", "stronger")
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__DEADLINE_SECONDS", "3")
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__PARTIAL_STATUS", "294")
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOP__LIMITS__PARALLEL", "2")

    settings = loaded(tmp_path, SHOP)

    _, shop = settings.systems["shop"]
    assert shop.api_key.get_secret_value() == "stronger"
    assert (settings.server.deadline_seconds, settings.server.partial_status, shop.limits.parallel) == (3, 294, 2)


@pytest.mark.parametrize("secret", ["12345", "true", "[1]", '{"a": 1}', "1e5", "null"])
def test_a_secret_of_the_environment_is_text_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOP__API_KEY", secret)

    settings = loaded(tmp_path, SHOP)

    _, shop = settings.systems["shop"]
    assert shop.api_key.get_secret_value() == secret


def test_the_environment_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOP__BASE_URL", "http://127.0.0.1:9301/v2")
    for key in ("USER", "PASSWORD", "API_KEY"):
        monkeypatch.setenv(f"CUSTOMER_GATEWAY_SYSTEMS__SHOP__{key}", "secret")

    settings = load(None, KINDS)

    assert list(settings.systems) == ["shop"]


def test_an_unknown_key_is_told_by_table_and_key(tmp_path: Path) -> None:
    text = told(tmp_path, SHOP + "apikey = 1\n")

    assert "[systems.shop] apikey: is not a key of this table" in text


def test_a_missing_key_is_told_by_table_and_key(tmp_path: Path) -> None:
    text = told(tmp_path, SHOP.replace('user = "anna"\n', ""))

    assert "[systems.shop] user: is missing" in text


def test_every_mistake_has_a_line(tmp_path: Path) -> None:
    text = told(tmp_path, SHOP.replace("user", "usr") + "[systems.shop.limits]\nparallel = -1\n")

    assert text.count("\n") == 2
    assert "[systems.shop] usr: " in text
    assert "[systems.shop.limits] parallel: expected: " in text


def test_mistakes_of_all_tables_are_told_at_once(tmp_path: Path) -> None:
    text = told(tmp_path, f"[server]\nhost = 1\n[systems.sap]\n{SHOP}apikey = 1\n{SECOND}key = 1\n")

    places = ["[server] host", "[systems.sap]", "[systems.shop] apikey", "[systems.second] key"]
    assert [line.split(": ")[1] for line in text.split("\n")] == places


@pytest.mark.parametrize(
    ("line", "place", "expected"),
    [
        ('[server]\ndeadline_seconds = "soon"', "[server] deadline_seconds", "number"),
        ("[server]\ndeadline_seconds = 0", "[server] deadline_seconds", "greater than 0"),
        ('[server]\nexecutor = "magic"', "[server] executor", "'breadth' or 'reference'"),
        ("[server]\nhost = 1", "[server] host", "not a key"),
        ("[sevrer]\nx = 1", "[sevrer]: ", "whose keys are server, auth, database, catalog, systems"),
        ("[systems]\nsecond = 3", "[systems] second", "a table"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_what_was_expected(
    tmp_path: Path, line: str, place: str, expected: str
) -> None:
    text = told(tmp_path, f"{line}\n{SHOP}")

    assert place in text
    assert expected in text


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "127.0.0.1:80", ""])
def test_an_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    text = told(tmp_path, SHOP.replace("http://127.0.0.1:9305/api/v1", address))

    assert "[systems.shop] base_url: expected" in text


@pytest.mark.parametrize("address", ["https://…", "https://….example.com/v1", "…"])
def test_a_placeholder_of_the_readme_is_no_address(tmp_path: Path, address: str) -> None:
    text = told(tmp_path, SHOP.replace("http://127.0.0.1:9305/api/v1", address))

    assert "[systems.shop] base_url: expected: your own address, such as https://api.example.com/v1; …" in text


@pytest.mark.parametrize(
    "user", ["not-to-be-shown@", "shop:not-to-be-shown@", "shop:not-to-be-shown@elsewhere@", "shop:not-to-be-shown℀@"]
)
def test_an_address_has_no_password_for_clients_would_be_told_it_in_links(tmp_path: Path, user: str) -> None:
    text = told(tmp_path, SHOP.replace("http://", f"http://{user}"))

    assert "[systems.shop] base_url: expected: an address such as https://api.example.com/v1, without a user" in text
    assert "not-to-be-shown" not in text


@pytest.mark.parametrize("key", ["user", "password", "api_key"])
def test_a_credential_that_no_header_can_carry_is_told_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(f"CUSTOMER_GATEWAY_SYSTEMS__SHOP__{key.upper()}", "read-from-a-file\n")

    text = told(tmp_path, SHOP)

    assert f"environment: CUSTOMER_GATEWAY_SYSTEMS__SHOP__{key.upper()}: expected: text on one line" in text
    assert "gateway.toml" not in text
    assert "read-from-a-file" not in text


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("key", ["user", "password", "api_key"])
def test_an_empty_credential_is_told_by_its_variable_and_does_not_override_a_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, empty: str
) -> None:
    variable = f"CUSTOMER_GATEWAY_SYSTEMS__SHOP__{key.upper()}"
    monkeypatch.setenv(variable, empty)

    assert told(tmp_path, SHOP) == f"environment: {variable}: expected: text that is not empty"


@pytest.mark.parametrize(
    ("kind", "key"),
    [(name, key) for name, facts in FACTS.items() for key, value in facts.config.items() if value == "…"],
)
def test_an_empty_credential_of_the_file_is_told_whatever_the_kind(tmp_path: Path, kind: str, key: str) -> None:
    before, table, after = ALL.partition(f"[systems.{kind}]")

    text = told(tmp_path, before + table + after.replace(f'{key} = "…"', f'{key} = ""', 1))

    assert text.endswith(f"gateway.toml: [systems.{kind}] {key}: expected: text that is not empty")


@pytest.mark.parametrize("secret", ["1234567890123456", "[1234567890, 1234]", "1e1000000000000000"])
def test_a_cursor_secret_of_the_environment_is_text_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__CURSOR_SECRET", secret)

    settings = loaded(tmp_path, SHOP)

    assert settings.server.cursor_secret is not None
    assert settings.server.cursor_secret.get_secret_value() == secret


@pytest.mark.parametrize("secret", ["", "fifteen-letters", " " * 16])
def test_a_cursor_secret_that_could_be_guessed_is_told_and_not_shown(tmp_path: Path, secret: str) -> None:
    text = told(tmp_path, f'[server]\ncursor_secret = "{secret}"\n{SHOP}')

    assert text.endswith("gateway.toml: [server] cursor_secret: expected: at least 16 characters")


def test_a_cursor_secret_of_sixteen_characters_will_do(tmp_path: Path) -> None:
    settings = loaded(tmp_path, f'[server]\ncursor_secret = "sixteen-letters!"\n{SHOP}')

    assert settings.server.cursor_secret is not None


@pytest.mark.parametrize("name", ["Shop", "2nd", "my-shop", '"a b"', "my__shop", "shop_"])
def test_a_bad_name_is_told_with_what_names_are(tmp_path: Path, name: str) -> None:
    text = told(tmp_path, SHOP.replace("systems.shop", f"systems.{name}"))

    assert f"[systems.{name.strip(chr(34))}]: a system's name is lower-case letters, digits and _" in text


def test_an_unknown_kind_is_told_with_the_known_ones(tmp_path: Path) -> None:
    text = told(tmp_path, SHOP.replace("systems.shop", "systems.sap"))

    assert f"[systems.sap]: kind is 'sap'; expected one of {', '.join(KINDS)}" in text


@pytest.mark.parametrize("kind", ["3", '["shop"]', "{}"])
def test_a_kind_that_is_no_text_is_told(tmp_path: Path, kind: str) -> None:
    text = told(tmp_path, f"{SHOP}\nkind = {kind}\n")

    assert "[systems.shop]" in text


@pytest.mark.parametrize("text", ["systems = [1]\n", "server = 3\n", 'server = "x"\n'])
def test_a_table_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text).endswith(f"gateway.toml: [{text.split(maxsplit=1)[0]}]: expected: a table")


def test_a_table_within_a_system_that_is_none_is_told(tmp_path: Path) -> None:
    text = told(tmp_path, f'{SHOP}limits = "none"\n')

    assert text.endswith("gateway.toml: [systems.shop] limits: expected: a table")


@pytest.mark.parametrize("table", ["SERVER", "SYSTEMS"])
def test_a_variable_that_is_no_key_is_told_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setenv(f"CUSTOMER_GATEWAY_{table}", "not-to-be-shown")

    text = told(tmp_path, SHOP)

    assert f"environment: CUSTOMER_GATEWAY_{table}: expected a variable for each key" in text
    assert "not-to-be-shown" not in text


@pytest.mark.parametrize(
    "name",
    [
        "CUSTOMER_GATEWAY_REDIS",
        "CUSTOMER_GATEWAY_SERVR__PARTIAL_STATUS",
        "CUSTOMER_GATEWAY_SERVER_PARTIAL_STATUS",
        "CUSTOMER_GATEWAY_SYSTEM__NEXT__ACCESS_TOKEN",
        "customer_gateway_redis",
    ],
)
def test_a_variable_that_says_nothing_is_told_and_its_value_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "not-to-be-shown")

    text = told(tmp_path, SHOP)

    assert text == f"environment: {name}: is not a setting; check the spelling"


@pytest.mark.parametrize(
    "name",
    [
        "CUSTOMER_GATEWAY_CONFIG",
        "CUSTOMER_GATEWAY_WORKERS",
        "CUSTOMER_GATEWAY_WORKER_NUMBERS",
        "CUSTOMER_GATEWAY_SERVICE_HOST",
        "CUSTOMER_GATEWAY_SERVICE_PORT_HTTP",
        "CUSTOMER_GATEWAY_PORT",
        "CUSTOMER_GATEWAY_PORT_8000_TCP_ADDR",
    ],
)
def test_what_workers_are_told_and_what_kubernetes_sets_is_no_misspelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "2")

    assert list(loaded(tmp_path, SHOP).systems) == ["shop"]


@pytest.mark.parametrize(
    ("name", "told_there"),
    [
        ("CUSTOMER_GATEWAY_SERVER__PARTIAL_STATUS", "expected"),
        ("CUSTOMER_GATEWAY_SERVER__PARTIAL_STATS", "is not a key of this table; check the spelling"),
        ("CUSTOMER_GATEWAY_SYSTEMS__SHOP__LIMITS__PARALLEL", "expected"),
    ],
)
def test_a_fault_of_a_variable_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, told_there: str
) -> None:
    monkeypatch.setenv(name, "many")

    text = told(tmp_path, SHOP)

    assert text.startswith(f"environment: {name}: {told_there}")


def test_a_system_that_only_a_misspelt_variable_names_is_told_with_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SYSTEMS__SHOPP__API_KEY", "not-to-be-shown")

    text = told(tmp_path, SHOP)

    assert "CUSTOMER_GATEWAY_SYSTEMS__SHOPP__API_KEY: [systems.shopp]: kind is 'shopp'; expected one of" in text
    assert "not-to-be-shown" not in text


def test_without_a_file_the_one_that_was_looked_for_is_told() -> None:
    with pytest.raises(ConfigInvalid) as refused:
        load(None, KINDS)

    assert str(refused.value) == (
        "environment: no system is configured, and there is no gateway.toml here: "
        "write it, or name another with --config; `customer-gateway sandbox --print-config` prints one."
    )


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="this is a directory; expected a file"):
        load(tmp_path, KINDS)


def test_a_device_is_no_file() -> None:
    with pytest.raises(ConfigInvalid, match="/dev/null: this is a device; expected a file"):
        load(Path("/dev/null"), KINDS)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("# Grün\n".encode("latin-1"))

    with pytest.raises(ConfigInvalid, match=r"latin\.toml: cannot be read; expected a file of text in UTF-8"):
        load(tmp_path / "latin.toml", KINDS)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigInvalid,
        match=r"absent\.toml: there is no such file: .* `customer-gateway sandbox --print-config` prints one",
    ):
        load(tmp_path / "absent.toml", KINDS)


def test_a_file_that_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    text = told(tmp_path, "[server\n")

    assert "gateway.toml: this is not TOML" in text
    assert "line 1" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHOP + SHOP, "Cannot declare [systems.shop] twice (at line 8, column 14)"),
        ("[server]\n[server]\n", "Cannot declare [server] twice (at line 2, column 8)"),
    ],
)
def test_a_doubled_table_is_told_as_it_stands_in_the_file(tmp_path: Path, text: str, words: str) -> None:
    assert told(tmp_path, text).endswith(f"gateway.toml: this is not TOML: {words}")


@pytest.mark.parametrize("text", ["", "[server]\ndeadline_seconds = 3\n", "[systems]\n"])
def test_a_configuration_without_systems_is_told(tmp_path: Path, text: str) -> None:
    assert f"no system is configured; add a table such as [systems.{next(iter(KINDS))}]" in told(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        SHOP + "apikey = 1\n",
        SHOP.replace('"nor-this"', "77887788"),
        SHOP.replace('"nor-this"', '["nor-this"]'),
        SHOP.replace('password = "not-to-be-shown"', 'pasword = "not-to-be-shown"'),
        SHOP.replace("base_url =", 'kind = "sap"\nbase_url ='),
        SHOP.replace("api_key =", "key ="),
        SHOP.replace("http://127.0.0.1:9305", "http//user:not-to-be-shown@127.0.0.1"),
    ],
)
def test_a_secret_is_never_told(tmp_path: Path, text: str) -> None:
    message = told(tmp_path, text)

    assert not [secret for secret in ("not-to-be-shown", "nor-this", "77887788") if secret in message]


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1",
        "redis://127.0.0.1:6379/0",
        "rediss://gateway:s%40cret@redis.example:6380/3",
        "redis://:secret@[::1]:6379/",
    ],
)
def test_the_redis_of_the_budgets_is_a_url(tmp_path: Path, url: str) -> None:
    settings = loaded(tmp_path, f'[server]\nredis = "{url}"\n{SHOP}')

    assert settings.server.redis is not None
    assert settings.server.redis.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://:not-to-be-shown@localhost:6379/0",
        "redis://:not-to-be-shown@/0",
        "redis://:not-to-be-shown@localhost:port/0",
        "redis://:not-to-be-shown@localhost:0/0",
        "redis://:not-to-be-shown@localhost/first",
        "redis://:not-to-be-shown@localhost/0?socket_timeout=9",
        "redis://:not-to-be-shown@localhost/0#here",
    ],
)
def test_another_address_of_redis_is_told_by_what_was_expected_and_not_by_itself(tmp_path: Path, url: str) -> None:
    text = told(tmp_path, f'[server]\nredis = "{url}"\n{SHOP}')

    assert "[server] redis: expected: redis://HOST:PORT/DB or rediss://" in text
    assert "not-to-be-shown" not in text


def test_the_redis_of_the_budgets_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__REDIS", "redis://:hunter2@localhost:6379/0")

    settings = loaded(tmp_path, SHOP)

    assert settings.server.redis is not None
    assert "hunter2" not in repr(settings.server)


def test_the_names_of_the_gateway_are_a_list_and_in_the_environment_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_file = loaded(tmp_path, f'[server]\nhosts = ["gateway.example.com"]\n{SHOP}')
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__HOSTS", "gateway.example.com, other")

    assert in_file.server.hosts == ("gateway.example.com",)
    assert loaded(tmp_path, SHOP).server.hosts == ("gateway.example.com", "other")


@pytest.mark.parametrize("name", ["https://gateway.example.com", "gateway.example.com:80", ""])
def test_a_name_of_the_gateway_is_no_address_with_scheme_or_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    in_file = told(tmp_path, f'[server]\nhosts = ["{name}"]\n{SHOP}')
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__HOSTS", f"good,{name}")
    in_environment = told(tmp_path, SHOP)

    expected = "expected: names such as gateway.example.com, without a scheme or a port"
    assert in_file == f"{tmp_path / 'gateway.toml'}: [server] hosts: {expected}"
    assert in_environment == f"environment: CUSTOMER_GATEWAY_SERVER__HOSTS: {expected}"


def test_origins_are_a_list_and_in_the_environment_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_file = loaded(tmp_path, f'[server]\norigins = ["https://app.example.com"]\n{SHOP}')
    monkeypatch.setenv("CUSTOMER_GATEWAY_SERVER__ORIGINS", "http://localhost:5173, https://[::1]:8443")

    assert in_file.server.origins == ("https://app.example.com",)
    assert loaded(tmp_path, SHOP).server.origins == ("http://localhost:5173", "https://[::1]:8443")


@pytest.mark.parametrize("origin", ["*", "app.example.com", "https://app.example.com/", "https://App.example.com", ""])
def test_what_no_browser_sends_as_an_origin_is_refused(tmp_path: Path, origin: str) -> None:
    refused = told(tmp_path, f'[server]\norigins = ["{origin}"]\n{SHOP}')

    expected = "expected: origins such as https://app.example.com, in small letters, without a path"
    assert refused == f"{tmp_path / 'gateway.toml'}: [server] origins: {expected}"


@pytest.mark.parametrize("spelt", ["id:from-a-file", "  id:from-a-file\n\n"])
def test_a_secret_may_stand_in_a_file_that_the_table_names(tmp_path: Path, spelt: str) -> None:
    (tmp_path / "key").write_text(spelt, encoding="utf-8")
    table = SHOP.replace('api_key = "nor-this"', 'api_key_file = "key"')

    shop = loaded(tmp_path, table).systems["shop"][1]

    assert shop.api_key.get_secret_value() == "id:from-a-file"


def test_a_variable_may_name_the_file_of_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"API_KEY": "from /run", "PASSWORD": "too", "CURSOR_SECRET": "sixteen characters or more"}
    for key, text in secrets.items():
        (tmp_path / key).write_text(text, encoding="utf-8")
        table = "SERVER" if key == "CURSOR_SECRET" else "SYSTEMS__SHOP"
        monkeypatch.setenv(f"CUSTOMER_GATEWAY_{table}__{key}_FILE", str(tmp_path / key))

    settings = loaded(tmp_path, '[systems.shop]\nbase_url = "http://127.0.0.1:1"\nuser = "shop"\n')

    shop, server = settings.systems["shop"][1], settings.server
    assert server.cursor_secret is not None
    found = (shop.api_key, shop.password, server.cursor_secret)
    assert [each.get_secret_value() for each in found] == [*secrets.values()]
    assert "from /run" not in repr(settings)


@pytest.mark.parametrize("name", [*FACTS])
def test_every_secret_of_every_system_may_stand_in_a_file(tmp_path: Path, name: str) -> None:
    lines = [f"[systems.{name}]"]
    kept = FACTS[name].config
    secrets = {key for key, field in SETTINGS[name].model_fields.items() if "SecretStr" in repr(field.annotation)}
    for key, value in kept.items():
        if key in secrets:
            (tmp_path / key).write_text(f"{value}\n", encoding="utf-8")
            lines.append(f'{key}_file = "{key}"')
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    read = loaded(tmp_path, "\n".join(lines)).systems[name][1]

    assert secrets & kept.keys()
    assert {key: getattr(read, key).get_secret_value() for key in secrets & kept.keys()} == {
        key: kept[key] for key in secrets & kept.keys()
    }


@pytest.mark.parametrize(
    ("named", "content", "said"),
    [
        ('"none"', None, "{folder}/none does not exist; write the secret there, or name another file."),
        ('"key"', b"\xff\xfe", "{folder}/key is no text in UTF-8."),
        ('"key"', b" \n", "{folder}/key has no text; expected a file that holds the secret alone."),
        (
            '"key"',
            b"x" * 100_001,
            "{folder}/key has more than 100000 bytes; expected a file that holds the secret alone.",
        ),
        ('"."', None, "{folder} cannot be read: Is a directory."),
        ("7", None, "expected: the path of a file that holds api_key"),
    ],
)
def test_a_file_of_a_secret_that_cannot_be_used_is_named(
    tmp_path: Path, named: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    refused = told(tmp_path, SHOP.replace('api_key = "nor-this"', f"api_key_file = {named}"))

    expected = said.format(folder=tmp_path)
    assert refused == f"{tmp_path / 'gateway.toml'}: [systems.shop] api_key_file: {expected}"


def test_a_secret_and_its_file_are_not_given_together(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("id:other", encoding="utf-8")
    refused = told(tmp_path, f'{SHOP}api_key_file = "key"\n')

    assert refused.endswith("[systems.shop] api_key_file: api_key is given, too; keep one of them.")


def test_what_is_no_secret_is_not_read_from_a_file(tmp_path: Path) -> None:
    refused = told(tmp_path, f'{SHOP}base_url_file = "key"\n')

    assert refused.endswith("[systems.shop] base_url_file: is not a key of this table; check the spelling")
