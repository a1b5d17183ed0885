"""Codes of customers, and the names that code lists have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.systems.lemonsoft.read import CODE
from customer_gateway.systems.lookups import names_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.documents.record import Record
    from customer_gateway.system import Reader, Reads, Route
    from customer_gateway.systems.lemonsoft.read import LemonsoftCustomerView


def names_or_codes(route: Route[str], code: Callable[[LemonsoftCustomerView], str | None]) -> Reader:
    """Return the name of a code, or the code itself where the list does not know it."""
    read_names = names_by(route, code)

    async def read(customers: Sequence[LemonsoftCustomerView], reads: Reads) -> Sequence[Any]:
        names = await read_names(customers, reads)
        return [code(customer) if name is None else name for customer, name in zip(customers, names, strict=True)]

    return read


def code_of(row: Record) -> str | None:
    """Return the code of a row of a code list, in the form in which customers name it."""
    return row.foreign_key("number" if row.holds("number") else "id", CODE)
