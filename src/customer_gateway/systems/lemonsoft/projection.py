"""Which rows an operation needs: the thin ones of `/api/customers/base`, or the full ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.documents.sources import first_names
from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.systems.lemonsoft.read import LemonsoftCustomerView
from customer_gateway.systems.lemonsoft.record import BASE, CUSTOMER

if TYPE_CHECKING:
    from customer_gateway.system import Selection

_SOURCES: Final = first_names(LemonsoftCustomerView, UNIFIED_FIELDS)

# What is selected on a customer without reading any of its fields, or what Lemonsoft has no field for.
_UNREAD: Final = frozenset({"__typename", "id", "records"}) | (frozenset(UNIFIED_FIELDS) - _SOURCES.keys())
_THIN: Final = frozenset(field.vendor for field in BASE)
_THIN_UNIFIED: Final = _UNREAD | {name for name, fields in _SOURCES.items() if fields <= _THIN}
_THIN_RECORD: Final = frozenset({"__typename", "id", "system", "key", "link"}) | {field.name for field in BASE}
_NAMES_ONLY: Final = frozenset({"__typename", "id"})  # what `node` may select on anything
_EMBEDDED: Final = ("Contact", "Account", "BankAccount", "Agreement")


def needs_full_rows(selection: Selection) -> bool:
    """Return whether anything is selected that thin rows lack.

    Every name that is not known to be in them counts as lacking (`version`, `provenance`). So do the nouns that are
    embedded in full rows: whoever selects them reads their customer as widely, in the same call.
    """
    return (
        not selection.of("Customer") <= _THIN_UNIFIED
        or not selection.of(CUSTOMER.name) <= _THIN_RECORD
        or selection.tells_raw(CUSTOMER)
        or selection.tells_version(CUSTOMER)
        or any(selection.of(noun) - _NAMES_ONLY for noun in _EMBEDDED)
    )
