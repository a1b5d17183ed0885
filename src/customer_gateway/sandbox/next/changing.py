"""How a customer changes at NEXT when nobody uses its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.changes import Changes

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.sandbox.store import Document


_MEMBERS: Final = ("name", "email", "phone", "mobile", "vatno", "orgno", "billaddress4", "billaddress5", "countrycode")


def _stamped(customer: Document, moment: datetime) -> Document:
    return {**customer, "changed": moments.local(moment, moments.STOCKHOLM)}


def _created(customer: Document, moment: datetime) -> Document:
    return {**_stamped(customer, moment), "created": moments.local(moment, moments.STOCKHOLM)}


CHANGES: Final = Changes(_MEMBERS, _stamped, _created)
