"""How a customer changes at Lemonsoft when nobody uses its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.changes import Changes

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.sandbox.store import Document


_MEMBERS: Final = ("name", "searchname", "email", "phone", "vat", "street", "postal_code", "city", "country")


def _stamped(customer: Document, moment: datetime) -> Document:
    return {**customer, "modified": moments.local_with_fraction(moment, moments.HELSINKI)}


def _created(customer: Document, moment: datetime) -> Document:
    return {**_stamped(customer, moment), "created": moments.local_with_fraction(moment, moments.HELSINKI)}


CHANGES: Final = Changes(_MEMBERS, _stamped, _created)
