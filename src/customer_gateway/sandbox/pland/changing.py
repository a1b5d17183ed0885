"""How a customer changes at Pland when nobody uses its API: the stamps are members of `status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.changes import Changes

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.sandbox.store import Document


def _stamped(customer: Document, moment: datetime) -> Document:
    return {**customer, "status": {**customer["status"], "lastModifiedAt": moments.milliseconds(moment)}}


def _created(customer: Document, moment: datetime) -> Document:
    stamp = moments.milliseconds(moment)
    return {**customer, "status": {**customer["status"], "createdAt": stamp, "lastModifiedAt": stamp}}


CHANGES: Final = Changes(("name", "contactPerson", "address", "contact", "vatNumber"), _stamped, _created)
