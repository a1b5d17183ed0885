"""How a call to Pland says who makes it: by an API key, or in the session of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr, model_validator

from customer_gateway.errors import ConfigInvalid
from customer_gateway.systems.connection import SystemSettings, Wiring, text_under
from customer_gateway.wire import Call, HeaderAuth, SessionLogin, bearer

if TYPE_CHECKING:
    from customer_gateway.wire import Auth

_LOGIN_SECONDS: Final = 3_600.0
_LOGIN_MARGIN_SECONDS: Final = 600.0


class PlandSettings(SystemSettings):
    """`[systems.pland]`: an API key, or a login."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    api_key: SecretStr | None = None
    username: str | None = None
    password: SecretStr | None = None
    login_type: Literal["dashboard", "app"] = "dashboard"

    @model_validator(mode="after")
    def _one_way_in(self) -> PlandSettings:
        if self.api_key is None and (self.username is None or self.password is None):
            raise ValueError("api_key, or username and password")
        return self


def auth_of(settings: PlandSettings, wiring: Wiring) -> Auth:
    if settings.api_key is not None:
        return HeaderAuth("x-api-key", settings.api_key.get_secret_value())
    if settings.username is None or settings.password is None:
        raise ConfigInvalid("pland: api_key, or username and password")
    body = {
        "username": settings.username,
        "password": settings.password.get_secret_value(),
        "type": settings.login_type,
    }
    return SessionLogin(
        Call("POST", "/auth/login", body=body, idempotent=True),
        text_under("token"),
        header="authorization",
        lifetime_seconds=_LOGIN_SECONDS,
        renew_margin_seconds=_LOGIN_MARGIN_SECONDS,
        format_token=bearer,
        clock=wiring.clock,
    )
