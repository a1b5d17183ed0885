"""The calls of every mutation at every system, kept by hand: the reads, the writes, the reads after them, in order.

`{key}` is the customer's key as its paths have it, `{id}` that of its invoice address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.model.operations import OperationKind
from customer_gateway.model.value_objects import CustomerKind

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Calls:
    """`reads` are those of a dry run, too; `searched` goes before a creation that only a comparison finds again."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    after: tuple[str, ...]
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotWritable:
    """`reason` is what a client is told."""

    reason: str


NOTHING: Final = NotWritable("{system} makes no customers by its API. Do it in the system itself.")
NO_CHANGES: Final = NotWritable("{system} takes no changes of customers by its API. Do it in the system itself.")
NO_ARCHIVE: Final = NotWritable(
    "{system} has nothing for taking a customer out of use by its API. Do it in the system itself."
)
NO_RESTORE: Final = NotWritable(
    "{system} has nothing for bringing a customer back by its API. Do it in the system itself."
)

_PLAND: Final = ("GET /customers/{key}",)
_AUTODNS: Final = ("GET /customer/{key}",)
_NEXT: Final = ("GET /customer/{key}",)
_TYPES: Final = 'GET /customertype/?filter_str={"active__in":["true","false"]}&page=1&size=100'
_LEMONSOFT: Final = ("GET /api/customers/{key}",)
_BILLBEE: Final = ("GET /customers/{key}", "GET /customers/{key}/addresses")

CREATE: Final[Mapping[str, Calls | NotWritable]] = {
    "pland": Calls((), ("POST /customers/",), _PLAND),
    "autodns": Calls((), ("POST /customer",), _AUTODNS),
    "next": Calls((_TYPES,), ("POST /customer/",), _NEXT),
    "lemonsoft": Calls((), ("POST /api/customers",), _LEMONSOFT),
    "billbee": Calls((), ("POST /customers",), _BILLBEE, searched=("POST /search",)),
    "fjord": NOTHING,
}
UPDATE: Final[Mapping[str, Calls | NotWritable]] = {
    "pland": Calls(_PLAND, ("PATCH /customers/{key}",), _PLAND),
    "autodns": Calls(_AUTODNS, ("PUT /customer/{key}",), _AUTODNS),
    "next": Calls(_NEXT, ("PUT /customer/{key}",), _NEXT),
    "lemonsoft": Calls(_LEMONSOFT, ("PUT /api/customers/{key}",), _LEMONSOFT),
    "billbee": Calls(_BILLBEE, ("PUT /customers/{key}", "PATCH /customers/addresses/{id}"), _BILLBEE),
    "fjord": NO_CHANGES,
}
ARCHIVE: Final[Mapping[str, Calls | NotWritable]] = {
    "pland": Calls(_PLAND, ("PATCH /customers/{key}",), _PLAND),
    "autodns": NO_ARCHIVE,
    "next": Calls(_NEXT, ("PUT /customer/{key}",), _NEXT),
    "lemonsoft": Calls(_LEMONSOFT, ("PUT /api/customers/{key}",), _LEMONSOFT),
    "billbee": NO_ARCHIVE,
    "fjord": NO_ARCHIVE,
}
RESTORE: Final[Mapping[str, Calls | NotWritable]] = {
    "pland": Calls(_PLAND, ("PATCH /customers/{key}",), _PLAND),
    "autodns": NO_RESTORE,
    "next": Calls(_NEXT, ("PUT /customer/{key}",), _NEXT),
    "lemonsoft": Calls(_LEMONSOFT, ("PUT /api/customers/{key}",), _LEMONSOFT),
    "billbee": NO_RESTORE,
    "fjord": NO_RESTORE,
}
CELLS: Final = {
    OperationKind.CREATE: CREATE,
    OperationKind.UPDATE: UPDATE,
    OperationKind.ARCHIVE: ARCHIVE,
    OperationKind.RESTORE: RESTORE,
}

CHANGE: Final[Mapping[str, Any]] = {"phone": "+49 221 7654321", "address.city": "Bonn"}
"""A change that every system takes, of the customer's own document and of the address."""

_NEW: Final = {"name": "Neumann & Söhne", "email": "new@example.com", "phone": "+49 221 7654321"}
_ADDRESS: Final = {"address.postal_code": "50667", "address.city": "Köln", "address.country_code": "DE"}
_PERSON: Final = {"first_name": "Änne", "last_name": "Neumann"}
NEW: Final[Mapping[str, Mapping[str, Any]]] = {
    "pland": {**_NEW, **_ADDRESS},
    "autodns": {
        **_NEW,
        **_ADDRESS,
        **_PERSON,
        "kind": CustomerKind.COMPANY,
        "autodns": {"client": "neu", "paymentCurrency": "EUR"},
    },
    "next": {**_NEW, **_ADDRESS, "kind": CustomerKind.COMPANY, "external_id": "EXT-7"},
    "lemonsoft": {**_NEW, **_ADDRESS},
    "billbee": {**_NEW, **_ADDRESS, **_PERSON},
    "fjord": _NEW,
}
"""What is told of a new customer."""
