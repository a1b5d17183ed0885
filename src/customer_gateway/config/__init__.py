"""The configuration: settings from a TOML file and the environment."""

from customer_gateway.config.settings import PartialStatus, ServerSettings, Settings, load

__all__ = ["PartialStatus", "ServerSettings", "Settings", "load"]
