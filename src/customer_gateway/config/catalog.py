"""`[catalog]`: whether there is an index of customers, where it is kept, and how often systems are passed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from customer_gateway import environment
from customer_gateway.config.database import SQLITE, database_url
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from customer_gateway.config.database import DatabaseSettings


class CatalogSettings(BaseModel):
    """`[catalog]`. Without a `url` the index is a SQLite file beside that of `[database]`, or tables of its PostgreSQL.

    Every system is passed whole once in `pass_seconds`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    pass_seconds: float = Field(default=3_600, ge=10, le=2_592_000)
    url: SecretStr | None = None

    @field_validator("url")
    @classmethod
    def _is_a_database(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        return None if value is None else database_url(value, info)

    def address(self, database: DatabaseSettings) -> str:
        """Return the URL of the index. Raises `ConfigInvalid` where the database has no place."""
        if self.url is not None:
            return self.url.get_secret_value()
        beside = database.address()
        if not beside.startswith(SQLITE):
            return beside
        folder, _, _ = beside.rpartition("/")
        return f"{folder}/catalog.db"


def demand_two_files(file: Path | None, database: DatabaseSettings, catalog: CatalogSettings) -> None:
    """Raise `ConfigInvalid` where one SQLite file, by whatever name, would have the index and what must not be lost."""
    if not catalog.enabled or (catalog.url is None and database.url is None):
        return
    try:
        urls = catalog.address(database), database.address()
    except ConfigInvalid:  # this user has no home, so no database there: opening one reports that
        return
    first, second = (Path(url.removeprefix(SQLITE)).resolve() if url.startswith(SQLITE) else None for url in urls)
    if first is not None and first == second:
        setting = environment.where(file, ("database" if catalog.url is None else "catalog", "url"))
        raise ConfigInvalid(
            f"{setting}: expected two files: the index of customers may be deleted at any time, "
            "API keys and the journal of writes may not"
        )
