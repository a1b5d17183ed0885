"""The whole gateway over the sandbox's vendors, for stories told in GraphQL documents."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from named_callers import ANYONE
from vendors import FACTS, SYSTEMS, VENDORS

from customer_gateway.app import build_engine, build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.sandbox.server import HOST, Listener
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.federation.request import Federation
    from customer_gateway.http.callers.authenticator import Authenticator
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.systems.registry import Vendor

BATCHING = tuple(name for name in SYSTEMS if FACTS[name].batches)
"""The systems that look many customers up in one call."""

_SETTINGS = {vendor.kind.slug: vendor.settings for vendor in VENDORS}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` whole, as `text` too, and its parts."""

    status: int
    body: dict[str, Any]
    text: bytes = b""

    @property
    def data(self) -> Any:
        """The data of an answer that has no errors."""
        assert self.errors == [], self.errors[:3]
        return self.body["data"]

    @property
    def partial(self) -> Any:
        """The data of an answer that may have errors."""
        return self.body["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return self.body.get("errors", [])

    @property
    def codes(self) -> list[str]:
        return [error["extensions"]["code"] for error in self.errors]


class Gateway:
    """A running gateway that is asked in process, and the vendors behind it."""

    def __init__(self, client: httpx.AsyncClient, box: Sandbox) -> None:
        self.box = box
        self._client = client

    async def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        body = {"query": query, "variables": dict(variables or {})}
        answer = await self._client.post(
            "/graphql", json=body, headers={"accept": "application/graphql-response+json", **(headers or {})}
        )
        return Answer(answer.status_code, answer.json(), answer.content)

    def log(self, system: str) -> list[str]:
        """What a vendor was asked, in order, log-ins left out: `GET /contacts/?customerId=…`."""
        return self.box.vendors[system].log.calls()

    def paths(self, system: str) -> list[str]:
        """The same without what was asked of each route: `GET /contacts/`."""
        return [call.partition("?")[0] for call in self.log(system)]

    def forget_calls(self) -> None:
        for vendor in self.box.vendors.values():
            vendor.log.clear()


def settings_over(
    box: Sandbox,
    *,
    urls: Mapping[str, str] | None = None,
    executor: ExecutorName = "breadth",
    deadline_seconds: float = 10,
    systems: Sequence[tuple[str, str]] | None = None,
    tables: Mapping[str, Any] | None = None,
    vendor_budget: bool = False,
) -> Settings:
    """`systems` are (name, kind), in the order of the configuration; else one of each vendor of the box.

    `tables` is what every system's table says besides its address and credentials.
    """
    systems = systems or [(name, name) for name in box.vendors]
    extra = {"limits": {"vendor_budget": vendor_budget}, **(tables or {})}
    return Settings(
        ServerSettings(executor=executor, deadline_seconds=deadline_seconds),
        {name: (kind, _table(box, name, kind, urls, extra)) for name, kind in systems},
    )


def in_process(box: Sandbox, settings: Settings) -> Callable[[str], httpx.AsyncBaseTransport]:
    """The way to each system without a socket."""
    return lambda name: httpx.ASGITransport(box.vendors[settings.systems[name][0]].app)


@asynccontextmanager
async def gateway_over(
    box: Sandbox,
    *,
    vendors: Sequence[Vendor] = VENDORS,
    watched: Callable[[Federation], Federation] = lambda federation: federation,
    urls: Mapping[str, str] | None = None,
    bent: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda way: way,
    authenticator: Authenticator = ANYONE,
    writing: Callable[[Federation], WritesCustomers] | None = None,
    listening: bool = False,
    **otherwise: Any,
) -> AsyncGenerator[Gateway]:
    """A gateway as it is right after its start: nothing read, nothing cached, no session.

    Speaks to the vendors in process, by ways that `bent` may change, or at `urls`; `otherwise` as in `settings_over`.
    Its systems come of `vendors`; `watched` may give another federation of them. Mutations are carried out by what
    `writing` gives. Where it is `listening` it is asked on a socket.
    """
    settings = settings_over(box, urls=urls, **otherwise)
    way = in_process(box, settings)
    wiring = Wiring() if urls is not None else Wiring(transport=lambda name: bent(way(name)))
    federation = watched(build_federation(settings, wiring, vendors))
    http = HttpSettings(deadline_seconds=settings.server.deadline_seconds)
    operations = None if writing is None else writing(federation)
    app = build_http(build_engine(settings, federation, VENDORS, operations), http, authenticator)
    listener = Listener(app, "the gateway")
    try:
        if listening:
            await listener.start()
        transport = None if listening else httpx.ASGITransport(app)
        base_url = f"http://{HOST}:{listener.port}" if listening else "http://gateway.test"
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            yield Gateway(client, box)
    finally:
        await listener.stop()
        await federation.aclose()


def _table(box: Sandbox, name: str, kind: str, urls: Mapping[str, str] | None, extra: Mapping[str, Any]) -> Any:
    vendor = box.vendors[kind]
    base_url = urls[kind] if urls is not None else f"http://{name}.test{vendor.base_path}"
    return _SETTINGS[kind].model_validate({"base_url": base_url, **vendor.credentials, **extra})
