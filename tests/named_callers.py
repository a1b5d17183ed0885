"""Callers for tests: anyone at all, or those of keys whose names say who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.errors import Unauthenticated
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.model.callers import EVERY_SCOPE, Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.model.callers import Rights

ANYONE: Final = Authenticator(anonymous(EVERY_SCOPE))
"""Takes every request without a credential, and lets it do all."""


class NamedKeys:
    """A key for each caller: `cg_` and its name."""

    def __init__(self, rights: Mapping[str, Rights]) -> None:
        self._rights = rights

    def caller_of(self, key: str, address: str | None) -> Caller:
        del address
        if (name := key.removeprefix("cg_")) not in self._rights:
            raise Unauthenticated("The key is not known.")
        return Caller(name, "key", self._rights[name])
