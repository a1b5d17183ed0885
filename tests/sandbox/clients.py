"""Clients of the vendors in process, and a clock that only moves when told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from vendors import FACTS

if TYPE_CHECKING:
    from customer_gateway.sandbox import Vendor


@dataclass
class Clock:
    """Seconds that pass when a test says so. Begins on 21 November 2026."""

    now: float = 1_795_219_200.0

    def __call__(self) -> float:
        return self.now


def credentials_of(vendor: Vendor) -> dict[str, Any]:
    """The arguments of a client that this vendor lets in; some want a login on top."""
    return dict(FACTS[vendor.name].sign_in(vendor.credentials))


def stranger(vendor: Vendor) -> httpx.AsyncClient:
    """A client in process that brings no credentials."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(vendor.app), base_url=f"http://vendor.example{vendor.base_path}"
    )


def guest(vendor: Vendor) -> httpx.AsyncClient:
    """A client in process with the vendor's credentials."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(vendor.app),
        base_url=f"http://vendor.example{vendor.base_path}",
        **credentials_of(vendor),
    )


async def signed_in(vendor: Vendor, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client, with a session where the vendor wants one."""
    if (login := FACTS[vendor.name].login) is not None:
        await login(client, vendor.credentials)
    return client
