"""The configuration: a TOML file and the environment, read once into frozen settings.

A table a system, `[systems.NAME]`; what such a table may say is the vendor's own model, so an unknown key, a missing
credential or a wrong type is reported by its table, its key and what was expected. Secrets may be variables
(`CUSTOMER_GATEWAY_SYSTEMS__NAME__API_KEY`) or files (`secret_files`).
"""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from customer_gateway import environment
from customer_gateway.config.auth import AuthSettings
from customer_gateway.config.catalog import CatalogSettings, demand_two_files
from customer_gateway.config.database import DatabaseSettings
from customer_gateway.config.lists import listed
from customer_gateway.config.secret_files import with_secrets
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseModel)
_A_KEY_EACH: Final = f"expected a variable for each key, such as {environment.PREFIX}SYSTEMS__NAME__BASE_URL"
_DATABASE: Final = re.compile(r"(?:/[0-9]{0,9})?")
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")  # so that a variable shows where the name ends
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_ORIGIN: Final = re.compile(r"https?://(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_QUOTED: Final = re.compile(r"'([^']*)'")
_SECRET_LENGTH: Final = 16
_TUPLE: Final = re.compile(r"\('[^']*'(?:, '[^']*')*,?\)")


class PartialStatus(IntEnum):
    """The HTTP status of data with errors; the draft of GraphQL over HTTP has both."""

    OK = 200
    PARTIAL_SUCCESS = 294


class ServerSettings(BaseModel):
    """`[server]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    deadline_seconds: float = Field(default=10, gt=0, le=300)
    executor: Literal["breadth", "reference"] = "breadth"
    graphiql: bool = True
    write_seconds: float = Field(default=30, gt=0, le=3_600)
    write_operation_seconds: float = Field(default=60, ge=5, le=3_600)
    body_bytes: int = Field(default=1_000_000, ge=1_000)
    document_tokens: int = Field(default=2_000, ge=100)
    document_depth: int = Field(default=15, ge=3)
    mutation_fields: int = Field(default=1, ge=1, le=100)
    answer_values: int = Field(default=300_000, ge=10_000)
    answer_bytes: int = Field(default=50_000_000, ge=100_000)
    partial_status: PartialStatus = PartialStatus.OK
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    cursor_secret: SecretStr | None = None
    redis: SecretStr | None = None

    @field_validator("hosts", mode="before")
    @classmethod
    def _are_names(cls, value: object) -> list[str]:
        return listed(value, _HOST_NAME, "names such as gateway.example.com, without a scheme or a port")

    @field_validator("origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> list[str]:
        return listed(value, _ORIGIN, "origins such as https://app.example.com, in small letters, without a path")

    @field_validator("cursor_secret")
    @classmethod
    def _is_hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().strip()) < _SECRET_LENGTH:
            raise ValueError(f"at least {_SECRET_LENGTH} characters")
        return value

    @field_validator("redis")
    @classmethod
    def _is_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_redis_url(value.get_secret_value()):
            raise ValueError("redis://HOST:PORT/DB or rediss://…, with USER:PASSWORD@ before the host where it has one")
        return value


class _Raw(BaseSettings):
    """Both sources merged, the environment over the file; what their tables say is still unread."""

    model_config = SettingsConfigDict(
        env_prefix=environment.PREFIX, env_nested_delimiter=environment.BETWEEN, extra="forbid", frozen=True
    )

    server: dict[str, Any] = Field(default_factory=dict)
    auth: dict[str, Any] = Field(default_factory=dict)
    database: dict[str, Any] = Field(default_factory=dict)
    catalog: dict[str, Any] = Field(default_factory=dict)
    systems: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process runs on: `systems` are (kind, settings) by name, in the order of the file.

    Without a `database` there are no API keys and no index; what `load` returns always has one.
    """

    server: ServerSettings
    systems: Mapping[str, tuple[str, Any]]
    auth: AuthSettings = field(default_factory=AuthSettings)
    database: DatabaseSettings | None = None
    catalog: CatalogSettings = field(default_factory=CatalogSettings)


def load(path: Path | None, models: Mapping[str, type[BaseModel]], *, systems_required: bool = True) -> Settings:
    """Read the file (None: the environment alone) with the settings models of the kinds.

    Where systems are not required, none has to be configured, and of those that are only name and kind are read: who
    makes keys need not have the systems' credentials. Raises `ConfigInvalid`.
    """
    if unknown := environment.unknown():
        raise ConfigInvalid("\n".join(f"environment: {name}: is not a setting; check the spelling" for name in unknown))
    raw = _read(path)
    if not raw.systems and systems_required:
        raise ConfigInvalid(_no_system(path, next(iter(models))))
    return _settings(path, raw, models, whole=systems_required)


def _settings(path: Path | None, raw: _Raw, models: Mapping[str, type[BaseModel]], *, whole: bool) -> Settings:
    """Read every table, so that several mistakes are reported together; unless `whole`, of systems name and kind."""
    server, systems, mistakes = ServerSettings(), dict[str, tuple[str, Any]](), list[str]()
    auth, database, catalog = AuthSettings(), DatabaseSettings(), CatalogSettings()
    with _gathered(mistakes):
        server = _table(path, "server", raw.server, ServerSettings)
    with _gathered(mistakes):
        auth = _auth(path, raw.auth, [*raw.systems])
    with _gathered(mistakes):
        database = _table(path, "database", raw.database, DatabaseSettings)
    with _gathered(mistakes):
        catalog = _table(path, "catalog", raw.catalog, CatalogSettings)
        demand_two_files(path, database, catalog)
    for name, table in raw.systems.items():
        with _gathered(mistakes):
            kind = _kind_of(path, name, table, models)
            systems[name] = kind, _system(path, name, table, models[kind]) if whole else None
    if mistakes:
        raise ConfigInvalid("\n".join(mistakes))
    return Settings(server, systems, auth, database, catalog)


@contextmanager
def _gathered(mistakes: list[str]) -> Generator[None]:
    try:
        yield
    except ConfigInvalid as error:
        mistakes.append(str(error))


def _no_system(path: Path | None, example: str) -> str:
    if path is None:
        return f"environment: no system is configured, and there is no gateway.toml here: {_WAYS}"
    return f"{path}: no system is configured; add a table such as [systems.{example}]."


def _read(path: Path | None) -> _Raw:
    class Sourced(_Raw):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **sources: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            file = (TomlConfigSettingsSource(settings_cls, toml_file=path),) if path else ()
            return (sources["env_settings"], *file)

    try:
        _look_for(path)
        return Sourced()
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{path}: this is not TOML: {_as_tables(str(error))}") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigInvalid(f"{path}: cannot be read; expected a file of text in UTF-8") from None
    except SettingsError as error:
        (table,) = re.findall(r'field "(\w+)"', str(error))
        raise ConfigInvalid(f"environment: {environment.variable([table])}: {_A_KEY_EACH}") from None
    except ValidationError as error:
        raise ConfigInvalid(_reported(path, (), error)) from None


def _as_tables(text: str) -> str:
    """Write Python's tuples of names as TOML does: [systems.name]."""
    return _TUPLE.sub(lambda found: f"[{'.'.join(_QUOTED.findall(found[0]))}]", text)


def _look_for(path: Path | None) -> None:
    if path is None or path.is_file():
        return
    if path.exists():
        raise ConfigInvalid(f"{path}: this is a {'directory' if path.is_dir() else 'device'}; expected a file.")
    raise ConfigInvalid(f"{path}: there is no such file: {_WAYS}")


def _table(path: Path | None, name: str, table: Mapping[str, Any], model: type[_Model]) -> _Model:
    try:
        return model.model_validate(with_secrets(path, (name,), table, model), context={"file": path})
    except ValidationError as error:
        raise ConfigInvalid(_reported(path, (name,), error)) from None


def _auth(path: Path | None, table: Mapping[str, Any], systems: Sequence[str]) -> AuthSettings:
    try:
        return AuthSettings.model_validate(table, context={"file": path, "systems": systems})
    except ValidationError as error:
        raise ConfigInvalid(_reported(path, ("auth",), error)) from None


def _kind_of(path: Path | None, name: str, table: Mapping[str, Any], models: Mapping[str, type[BaseModel]]) -> str:
    place = f"{_sources(path, name)}: [systems.{name}]"
    if not _NAME.fullmatch(name):
        raise ConfigInvalid(
            f"{place}: a system's name is lower-case letters, digits and _, a letter first, no _ last or twice."
        )
    kind = table.get("kind") or name
    if not isinstance(kind, str) or kind not in models:
        raise ConfigInvalid(f"{place}: kind is {kind!r}; expected one of {', '.join(models)}.")
    return kind


def _system(path: Path | None, name: str, table: Mapping[str, Any], model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate(with_secrets(path, ("systems", name), table, model), context={"file": path})
    except ValidationError as error:
        raise ConfigInvalid(_reported(path, ("systems", name), error)) from None


def _is_redis_url(text: str) -> bool:
    """Return whether it is an address alone; options of the client's own would undo what the gateway sets."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    plain = text.isprintable() and not parts.query and not parts.fragment and port != 0
    return bool(plain and parts.scheme in {"redis", "rediss"} and parts.hostname and _DATABASE.fullmatch(parts.path))


def _sources(path: Path | None, name: str) -> str:
    """Name where a system's table comes from: the file, and the variables that name it."""
    found = [*([str(path)] if path else []), *environment.set_below(("systems", name))]
    return ", ".join(found) or "environment"


def _reported(path: Path | None, within: Sequence[str], error: ValidationError) -> str:
    """Return a line for each mistake: where, and what was expected. Never a value: it may be a secret."""
    return "\n".join(_line(path, within, each) for each in error.errors(include_input=False))


def _line(path: Path | None, within: Sequence[str], mistake: ErrorDetails) -> str:
    """Return the variable, or the file, table and key."""
    place = [*within, *map(str, mistake["loc"])]
    expected = mistake["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not mistake["loc"]:
        return f"{path or 'environment'}: [{'.'.join(within)}]: expected {expected}"
    unknown_at_the_top = len(place) == 1 and mistake["type"] == "extra_forbidden"
    said = _NOT_AT_THE_TOP if unknown_at_the_top else _WORDS.get(mistake["type"], f"expected: {expected}")
    return f"{environment.where(path, place)}: {said}"


_NOT_AT_THE_TOP: Final = f"is not a key of the file's top level, whose keys are {', '.join(_Raw.model_fields)}"
_WAYS: Final = "write it, or name another with --config; `customer-gateway sandbox --print-config` prints one."
_WORDS: Final = {
    "dict_type": "expected: a table",
    "model_type": "expected: a table",
    "missing": "is missing; it is required",
    "extra_forbidden": "is not a key of this table; check the spelling",
}
