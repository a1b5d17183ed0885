"""Which of AutoDNS's keys an operation needs: lists answer a reduced customer and add the keys that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.documents.sources import first_names
from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.systems.autodns.read import AutodnsCustomerView
from customer_gateway.systems.autodns.record import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from customer_gateway.system import Selection

Keys = frozenset[str]

_IDENTITY: Final = frozenset({"client", "number"})  # in every answer
_KEYS: Final = first_names(AutodnsCustomerView, (*UNIFIED_FIELDS, "version"), but=_IDENTITY)
"""Fields of `Customer`, and of its billing, and the keys they are read from."""

ALL_UNIFIED: Final[Keys] = frozenset[str]().union(*_KEYS.values())
"""What `provenance` needs: it tells of every unified field."""

INFERRED: Final[Keys] = frozenset(
    {"dataPrivacyStatement", "invoiceDays", "invoicePaperbill", "paymentCurrencyExchangeFee", "pricelists"}
    | {"supplierNumber", "defaultEmail"}
)
"""Keys that no document of lists names: an installation may not know them (docs/systems/autodns.md#12)."""

ALL: Final[Keys] = frozenset(CUSTOMER.by_vendor_name) - _IDENTITY
"""What `raw` needs: the whole documented customer."""

NOUNS: Final[Mapping[str, Keys]] = {
    "Contact": _KEYS["contacts"],
    "Account": _KEYS["accounts"],
    "Agreement": _KEYS["agreements"],
}
"""Where the nouns that are embedded in a customer stand."""

_TYPES: Final = {
    "Contact": "Contact",
    "Account": "Account",
    "LedgerAccount": "Account",
    "SepaMandate": "Account",
    "PaymentCard": "Account",
    "BankAccount": "Account",
    "Agreement": "Agreement",
}
_RECORD: Final = {field.name: frozenset({field.vendor}) for field in CUSTOMER.fields if field.vendor not in _IDENTITY}


def keys_of(selection: Selection) -> Keys:
    """Return the keys that the operation needs of a customer, whatever way it comes to it."""
    unified = selection.of("Customer")
    record = selection.of(CUSTOMER.name)
    if selection.tells_raw(CUSTOMER):
        return ALL
    keys = _named(_KEYS, unified - {"billing"}) | _named(_RECORD, record)
    if selection.tells_version(CUSTOMER):
        keys |= _KEYS["version"]
    if "billing" in unified:
        parts = selection.of("Billing")
        keys |= _named(_KEYS, [f"billing.{part}" for part in parts] if parts else ["billing"])
    if "provenance" in unified:
        keys |= _named(_KEYS, set(UNIFIED_FIELDS) - selection.redacted) if selection.redacted else ALL_UNIFIED
    # A contact found by its own id is read through its customer: the same width then serves both.
    return keys.union(*(NOUNS[noun] for type_name, noun in _TYPES.items() if selection.of(type_name)))


def _named(table: Mapping[str, Keys], names: Iterable[str]) -> Keys:
    return frozenset(key for name in names for key in table.get(name, ()))


def lost_without(refused: Keys) -> frozenset[str]:
    """Return the unified fields of a customer that are read from these keys alone; the status wants all of its keys."""
    return frozenset(
        name
        for name in UNIFIED_FIELDS
        if name != "billing" and (keys := _KEYS.get(name)) and _need(name)(key in refused for key in keys)
    )


def _need(name: str) -> Callable[[Iterable[bool]], bool]:
    return any if name == "status" else all
