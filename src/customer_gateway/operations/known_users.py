"""Look up the users that a patch names: one batched read, only where a place that holds a user gets another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.documents.changes import value_at
from customer_gateway.documents.values import is_list
from customer_gateway.errors import UpstreamError
from customer_gateway.model.changes import Refusal, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from customer_gateway.documents.patching import Spelled
    from customer_gateway.documents.writing import Present, Writes
    from customer_gateway.model.nouns import User
    from customer_gateway.system import Route, System
    from customer_gateway.work.deadline import Deadline

_NOBODY: Final = "It names no user of this system. System.users lists them."


async def unknown_users(
    system: System, writes: Writes, now: Present, found: Spelled, deadline: Deadline
) -> Sequence[Refusal]:
    """Return a refusal for each place whose new value names a user whom the vendor does not have.

    Raises `UpstreamError` where the vendor's users cannot be read.
    """
    named = {
        place: _new_keys(keys_of, found.values[place], value_at(now.document, place))
        for place, keys_of in writes.users.items()
        if place in found.values
    }
    wanted = dict.fromkeys(key for keys in named.values() for key in keys)
    if system.users is None or not wanted:
        return ()
    known = await _known(system.users, [*wanted], deadline)
    refused = dict.fromkeys(found.paths[place] for place, keys in named.items() if not known.keys() >= keys)
    return [Refusal(RefusalCode.INVALID, path, _NOBODY) for path in refused]


async def _known(users: Route[User], keys: Sequence[str], deadline: Deadline) -> Mapping[str, User]:
    fitting = [key for key in keys if users.key_form.fullmatch(key)]
    found: dict[str, User] = {}
    for start in range(0, len(fitting), users.most):
        found |= await users.fetch(fitting[start : start + users.most], deadline)
    for each in found.values():
        if isinstance(each, UpstreamError):
            raise each
    return found


def _new_keys(keys_of: Callable[[Any], Iterable[str]], value: Any, standing: Any) -> set[str]:
    """Return the keys of users that a place gets and does not hold yet."""
    return _keys(keys_of, value) - _keys(keys_of, standing)


def _keys(keys_of: Callable[[Any], Iterable[str]], value: Any) -> set[str]:
    items: list[Any] = value if is_list(value) else [value]
    return {key for item in items for key in keys_of(item)}
