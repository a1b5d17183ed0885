"""How a customer changes at AutoDNS when nobody uses its API: at once, whatever its API would hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.changes import Changes

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.sandbox.store import Document


_MEMBERS: Final = (
    "name", "organization", "fname", "lname", "addressLines", "pcode", "city", "country", "phone", "emails",
    "vatNumber",
)  # fmt: skip


def _stamped(customer: Document, moment: datetime) -> Document:
    return {**customer, "updated": moments.with_offset(moment, moments.BERLIN)}


def _created(customer: Document, moment: datetime) -> Document:
    return {**_stamped(customer, moment), "created": moments.with_offset(moment, moments.BERLIN)}


CHANGES: Final = Changes(_MEMBERS, _stamped, _created)
