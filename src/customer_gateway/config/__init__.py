"""The configuration: settings from a TOML file and the environment."""

from customer_gateway.config.auth import AuthSettings, JwtSettings
from customer_gateway.config.catalog import CatalogSettings
from customer_gateway.config.cursor_secret import cursor_secret
from customer_gateway.config.database import DatabaseSettings
from customer_gateway.config.settings import PartialStatus, ServerSettings, Settings, load

__all__ = [
    "AuthSettings",
    "CatalogSettings",
    "DatabaseSettings",
    "JwtSettings",
    "PartialStatus",
    "ServerSettings",
    "Settings",
    "cursor_secret",
    "load",
]
