"""What one request carries through the graph, and what the process keeps for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from customer_gateway.federation.batcher import Batchers
from customer_gateway.federation.level import Level
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.shared import SharedCalls

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.loaders import LevelLoader
    from customer_gateway.model.cursors import CursorSigner
    from customer_gateway.model.deadline import Deadline
    from customer_gateway.system import System, Want


@dataclass(frozen=True, slots=True)
class Federation:
    """The configured systems by name, in the order of the configuration, and what their requests share."""

    systems: Mapping[str, System]
    cursors: CursorSigner
    batchers: Batchers = field(default_factory=Batchers)
    shared: SharedCalls = field(default_factory=SharedCalls)

    def request(self, want: Want, deadline: Deadline) -> Request:
        return Request(self, want, deadline)

    async def aclose(self) -> None:
        for system in self.systems.values():
            await system.aclose()


class Request:
    """One operation: what it wants, until when, and what it has read so far."""

    __slots__ = ("_level", "cursors", "deadline", "loaders", "reads", "shared", "systems", "want")

    def __init__(self, federation: Federation, want: Want, deadline: Deadline) -> None:
        self.systems = federation.systems
        self.cursors = federation.cursors
        self.shared = federation.shared
        self.want = want
        self.deadline = deadline
        self.reads = RequestReads(federation.batchers, want, deadline)
        self.loaders: dict[object, LevelLoader] = {}
        self._level: tuple[Sequence[Customer], Level] | None = None

    def level(self, customers: Sequence[Customer]) -> Level:
        """The customers by system; the fields of one level ask one after the other, so the last answer is kept."""
        if self._level is not None and self._level[0] is customers:
            return self._level[1]
        level = Level.of(customers)
        self._level = (customers, level)
        return level
