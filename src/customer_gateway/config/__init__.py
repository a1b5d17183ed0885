"""The configuration: settings from a TOML file and the environment."""

from customer_gateway.config.auth import AuthSettings, JwtSettings
from customer_gateway.config.database import DatabaseSettings
from customer_gateway.config.settings import PartialStatus, ServerSettings, Settings, load

__all__ = ["AuthSettings", "DatabaseSettings", "JwtSettings", "PartialStatus", "ServerSettings", "Settings", "load"]
