"""`[catalog]`: whether there is an index of customers, where it is kept, and how often systems are passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from customer_gateway.config.database import SQLITE, database_url

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
