"""A client by single settings, as a test names only those it is about."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from customer_gateway.wire import Client, Environment, Policies, RateLimits, Target

if TYPE_CHECKING:
    from customer_gateway.wire import Auth

T = TypeVar("T")


def connected(*, auth: Auth | None = None, **settings: Any) -> Client:
    """The client whose parts have these settings; each is named as in its part."""
    given = {name: value for name, value in settings.items() if value is not None}

    def part(kind: type[T]) -> T:
        names = [each.name for each in fields(cast("Any", kind)) if each.name in given]
        return kind(**{name: given.pop(name) for name in names})

    client = Client(part(Target), auth, part(Policies), part(RateLimits), part(Environment))
    assert not given, f"no part of a client has {sorted(given)}"
    return client
