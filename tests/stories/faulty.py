"""Systems with a mistake of ours in them, put together by the composition root like any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from gateway import settings_over
from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.federation.request import Batchers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from customer_gateway.federation.request import Federation
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import Route
    from customer_gateway.systems.connection import Wiring
    from customer_gateway.systems.registry import Vendor
    from customer_gateway.work.batcher import Batcher
    from customer_gateway.work.route import BatchRoute


class Mistake(Exception):
    """What nobody foresaw."""


def raises_at_once(*_: Any, **__: Any) -> Any:
    raise Mistake("anna@kunde.test")


async def raises_when_awaited(*_: Any, **__: Any) -> Any:
    raise Mistake("anna@kunde.test")


async def gives_too_few(*_: Any, **__: Any) -> Any:
    return []


async def gives_nothing(*_: Any, **__: Any) -> Any:
    return None


MISTAKES: Final[Mapping[str, Callable[..., Any]]] = {
    "raises at once": raises_at_once,
    "raises when awaited": raises_when_awaited,
    "gives too few values": gives_too_few,
    "gives no values": gives_nothing,
}


class FaultySystem:
    """A system of which one reader, node look-up or method does `mistake` instead."""

    def __init__(self, system: Any, part: str, mistake: Callable[..., Any]) -> None:
        self._system = system
        of, _, name = part.partition(" ")
        if of in {"readers", "node_lookups"}:
            setattr(self, of, {**getattr(system, of), name: mistake})
        else:
            setattr(self, of, mistake)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def parts_of(box: Sandbox, slug: str) -> list[str]:
    """The readers and node_lookups of a system: `readers contacts`, `node_lookups Contact` …"""
    system = build_federation(settings_over(box), vendors=VENDORS).systems[slug]
    return [f"readers {name}" for name in sorted(system.readers)] + [
        f"node_lookups {name}" for name in system.node_lookups
    ]


def vendors_with(slug: str, part: str, mistake: Callable[..., Any]) -> list[Vendor]:
    """The registered vendors, one of which has a mistake."""

    def faulty(vendor: Vendor) -> Vendor:
        def connect(name: str, settings: Any, wiring: Wiring) -> Any:
            return FaultySystem(vendor.connect(name, settings, wiring), part, mistake)

        return replace(vendor, connect=connect)

    return [faulty(vendor) if vendor.kind.slug == slug else vendor for vendor in VENDORS]


class FaultyRoutes(Batchers):
    """The batchers of a federation in which the route `broken` does `mistake` instead; `used` are those asked for."""

    def __init__(self, broken: str = "", mistake: Callable[..., Awaitable[Any]] = raises_when_awaited) -> None:
        super().__init__()
        self.used: set[str] = set()
        self._broken = broken
        self._mistake = mistake
        self._twins: dict[Route[Any], Route[Any]] = {}

    def of(self, route: BatchRoute[Any]) -> Batcher[Any]:
        asked = cast("Route[Any]", route)
        self.used.add(asked.name)
        if asked.name == self._broken:
            asked = self._twins.setdefault(asked, replace(asked, fetch=self._mistake))
        return super().of(asked)

    def watch(self, federation: Federation) -> Federation:
        return replace(federation, batchers=self)
