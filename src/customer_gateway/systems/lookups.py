"""Readers and node look-ups that several systems are made of: by a route, by a user's key, through the customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.errors import UpstreamBadResponse, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from customer_gateway.documents.record import DocumentContext
    from customer_gateway.model.nouns import Customer, User
    from customer_gateway.system import NodeLookup, Reader, Reads, Route, Selection


def lists_by_customer(route: Route[Sequence[Any]]) -> Reader:
    """Return a list for each customer from a route keyed by the customer; one that it does not know has none."""

    async def read(customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
        found = await reads.load(route, [customer.key for customer in customers])
        return [[] if each is None else each for each in found]

    return read


def values_by(route: Route[Any], key: Callable[[Any], str | UpstreamError | None]) -> Reader:
    """Return a value for each customer from a route keyed by what `key` gives; None for no or an unknown key."""

    async def read(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        keys: list[Any] = list(map(key, customers))
        if set(map(type, keys)) == {str}:  # everybody has one, as is mostly so
            return await reads.load(route, keys)
        values = iter(await reads.load(route, [each for each in keys if type(each) is str]))
        return [next(values) if type(each) is str else each for each in keys]

    return read


def names_by(route: Route[str], code: Callable[[Any], str | None]) -> Reader:
    """Read names as `values_by` does, from a code list that is read whole: its failure is one for all customers."""
    read_values = values_by(route, code)

    async def read(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        found = await read_values(customers, reads)
        for each in found:
            if isinstance(each, UpstreamError):
                each.reported_once = True
        return found

    return read


def users_by(route: Route[User], keys: Callable[[Any], Sequence[str] | UpstreamError]) -> Reader:
    """Return a list of users for each customer; an unknown user is None in it, a failed read fails the list."""

    async def read(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        wanted = [keys(customer) for customer in customers]
        known = [each for each in wanted if not isinstance(each, UpstreamError)]
        values = iter(await reads.load(route, [key for each in known for key in each]))
        lists = [each if isinstance(each, UpstreamError) else [next(values) for _ in each] for each in wanted]
        return [
            users
            if isinstance(users, UpstreamError)
            else next((user for user in users if isinstance(user, UpstreamError)), users)
            for users in lists
        ]

    return read


def key_of_list(attribute: str, nouns: str, customer: Any) -> Any:
    """Return what `attribute` of a customer holds: the key, or keys, by which `nouns` are found.

    Where a part of it cannot be read the list cannot be told: an `UpstreamBadResponse` in its place.
    """
    drift = customer.context.drift
    before = drift.count
    found = getattr(customer, attribute)
    if drift.count == before:
        return found
    text = f"the {nouns} of a customer cannot be read: it names them by a key of another form; see the drift notices"
    return UpstreamBadResponse(customer.context.system, text)


def grouped(
    keys: Sequence[str], read: Callable[[str | None], Iterable[Any]], field: str, context: DocumentContext
) -> dict[str, list[Any]]:
    """Group nouns under their customers; `field` is the vendor's name for what names it.

    `read` gives the nouns, and is given whose they are that name none: the only customer asked for, by which they were
    read. Where several were asked for, and where one names another customer, it belongs to nobody here: it is left out
    with a notice.
    """
    groups: dict[str, list[Any]] = {key: [] for key in keys}
    for noun in read(keys[0] if len(keys) == 1 else None):
        group = groups.get(noun.customer_key)
        if group is not None:
            group.append(noun)
        else:
            context.drift.notice(field, "names no customer that was asked for: the row is left out of its list")
    return groups


def by_route(route: Route[Any]) -> NodeLookup:
    """Find nouns that have a look-up of their own."""

    async def find(keys: Sequence[str], reads: Reads) -> Sequence[Any]:
        return await reads.load(route, keys)

    return find


def through_customer(
    customers: Callable[[Selection], Route[Customer]],
    customer_key: Callable[[str], str | None],
    nouns: Callable[[Any], Iterable[Any] | None],
) -> NodeLookup:
    """Find nouns embedded in a customer's document: read the customer, and find the noun with the key in it."""

    async def find(keys: Sequence[str], reads: Reads) -> Sequence[Any]:
        owners = [customer_key(key) for key in keys]
        loaded = iter(await reads.load(customers(reads.selection), [owner for owner in owners if owner is not None]))
        found = [None if owner is None else next(loaded) for owner in owners]
        return [
            customer
            if customer is None or isinstance(customer, UpstreamError)
            else next((noun for noun in nouns(customer) or () if noun.key == key), None)
            for key, customer in zip(keys, found, strict=True)
        ]

    return find
