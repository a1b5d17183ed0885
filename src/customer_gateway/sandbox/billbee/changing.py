"""How a customer changes at Billbee when nobody uses its API: no stamp changes, and its addresses change with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox.billbee.documents import ADDRESSES
from customer_gateway.sandbox.changes import Belonging, Changes

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.sandbox.store import Document


def _as_it_is(customer: Document, _moment: datetime) -> Document:
    return customer


_ADDRESSES: Final = Belonging(ADDRESSES, "CustomerId", ("Company", "FirstName", "LastName", "Street", "Zip", "City"))
CHANGES: Final = Changes(("Name", "Email", "Tel1", "Tel2", "VatId"), _as_it_is, _as_it_is, (_ADDRESSES,))
