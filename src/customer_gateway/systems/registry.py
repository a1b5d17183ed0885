"""The registered vendors: an explicit tuple, read by the composition root alone. A new system is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.systems import autodns, billbee, lemonsoft, pland
from customer_gateway.systems import next as next_

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from customer_gateway.system import Kind, System
    from customer_gateway.systems.connection import SystemSettings, Wiring
    from customer_gateway.work.deadline import Deadline


@dataclass(frozen=True, slots=True)
class Vendor:
    """A kind of system, what its table of the configuration may say, and how a system comes of such a table.

    `fetch_token` exchanges a one-time key for an access token, writes that where the table says, and returns a sentence
    for the operator. It is None for a vendor whose table has all that a call needs.
    """

    kind: Kind
    settings: type[SystemSettings]
    connect: Callable[[str, Any, Wiring], System]
    fetch_token: Callable[[str, Any, Wiring, Deadline], Awaitable[str]] | None = None


VENDORS: Final = (
    Vendor(pland.KIND, pland.PlandSettings, pland.connect),
    Vendor(autodns.KIND, autodns.AutodnsSettings, autodns.connect),
    Vendor(next_.KIND, next_.NextSettings, next_.connect, next_.fetch_token),
    Vendor(lemonsoft.KIND, lemonsoft.LemonsoftSettings, lemonsoft.connect),
    Vendor(billbee.KIND, billbee.BillbeeSettings, billbee.connect),
)
