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

    `get_in` gets once what a system is let in by, keeps it where its table says, and returns what is to be said of it;
    None where the table alone lets in.
    """

    kind: Kind
    settings: type[SystemSettings]
    connect: Callable[[str, Any, Wiring], System]
    get_in: Callable[[str, Any, Wiring, Deadline], Awaitable[str]] | None = None


VENDORS: Final = (
    Vendor(pland.KIND, pland.PlandSettings, pland.connect),
    Vendor(autodns.KIND, autodns.AutodnsSettings, autodns.connect),
    Vendor(next_.KIND, next_.NextSettings, next_.connect, next_.get_in),
    Vendor(lemonsoft.KIND, lemonsoft.LemonsoftSettings, lemonsoft.connect),
    Vendor(billbee.KIND, billbee.BillbeeSettings, billbee.connect),
)
