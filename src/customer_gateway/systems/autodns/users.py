"""Users as they are embedded in customers; looked up where an operation selects an e-mail address that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.model.nouns import Customer, User
    from customer_gateway.system import Reader, Reads, Route
    from customer_gateway.systems.autodns.read import AutodnsUserView


def embedded(users: Route[User], pick: Callable[[Any], AutodnsUserView | None]) -> Reader:
    """Return one user for each customer, as embedded; looked up where the operation selects an e-mail that is not
    there.
    """

    async def read(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        return await _with_emails([pick(customer) for customer in customers], users, reads)

    return read


def embedded_lists(users: Route[User], pick: Callable[[Any], Sequence[AutodnsUserView]]) -> Reader:
    """Return a list of users for each customer; an unknown user is None in it, a failed read fails the list."""

    async def read(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        lists = [pick(customer) for customer in customers]
        values = iter(await _with_emails([user for each in lists for user in each], users, reads))
        found = [[next(values) for _ in each] for each in lists]
        return [next((user for user in each if isinstance(user, UpstreamError)), each) for each in found]

    return read


async def _with_emails(
    embedded: Sequence[AutodnsUserView | None], users: Route[User], reads: Reads
) -> Sequence[User | UpstreamError | None]:
    if not reads.selection.selects("User", "email"):
        return embedded
    lacking = list({user.key: None for user in embedded if user is not None and user.email is None})
    found = dict(zip(lacking, await reads.load(users, lacking), strict=True)) if lacking else {}
    return [user if user is None or user.email is not None else found[user.key] for user in embedded]
