"""The scopes that the unified types' fields need: what a caller lacks is null, REDACTED in provenance, and not read.

A type or a field that is not named here needs none beside `customers:read`, through which alone it is reached. What a
field of a record type needs stands at the vendor's field (`documents.structs`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from customer_gateway.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from customer_gateway.model.callers import Rights

READ: Final = frozenset({"customers:read"})
BILLING: Final = frozenset({"billing:read"})
SECRETS: Final = frozenset({"secrets:read"})
RAW: Final = frozenset({"raw:read", "billing:read"})
"""A whole document carries what its customer is billed by; where it carries secrets, `secrets:read` is needed, too."""
SCHEMA: Final = frozenset({"schema:read"})
WRITE: Final = frozenset({"customers:write"})


def _all(names: str, scopes: frozenset[str]) -> Mapping[str, frozenset[str]]:
    return dict.fromkeys(names.split(), scopes)


FIELDS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "Query": {
        **_all("node nodes customer customers systems system", READ),
        **_all("operation operations", READ),
        **_all("__schema __type", SCHEMA),
    },
    "Mutation": _all("customer_create customer_update customer_archive customer_restore operation_settle", WRITE),
    "CustomerPayload": {"customer": READ},
    "Customer": _all("billing accounts invoices", BILLING),
    "PaymentCard": _all("provider card_type status valid_to", BILLING | SECRETS),
    "CustomerRecord": {"raw": RAW},
}
"""By type, and by the model's name of a field: the scopes of which all are needed."""

OTHERWISE: Final[Mapping[str, Mapping[str, tuple[frozenset[str], ...]]]] = {
    "Query": dict.fromkeys(("operation", "operations"), (WRITE, frozenset({"operations:read"}))),
}
"""By type and field: scopes that do as well. An operation is told to who may see it, whichever of them it has."""

NODES: Final[Mapping[str, frozenset[str]]] = {"Account": BILLING, "Invoice": BILLING}
"""By the noun that a global id names: the scopes that reading it by its id needs."""


def forbidden(needed: Iterable[str], rights: Rights, what: str) -> Forbidden | None:
    """Return the error that takes the place of `what`, None where the caller has the scopes that it needs."""
    lacking = sorted(set(needed) - rights.scopes)
    if not lacking:
        return None
    several = "these scopes" if len(lacking) > 1 else "the scope"
    return Forbidden(f"{what} needs {several}: {', '.join(lacking)}; ask the operator for a key with it.")


@lru_cache(maxsize=256)  # asked for each request
def redacted_fields(rights: Rights) -> frozenset[str]:
    """Return the unified fields of a customer that the caller may not read, by their model names."""
    return frozenset(name for name, needed in FIELDS["Customer"].items() if not needed <= rights.scopes)
