"""Clients of the five vendors in process, and a clock that only moves when told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from customer_gateway.sandbox import Vendor


@dataclass
class Clock:
    """Seconds that pass when a test says so. Begins on 21 November 2026."""

    now: float = 1_795_219_200.0

    def __call__(self) -> float:
        return self.now


def credentials_of(vendor: Vendor) -> dict[str, Any]:
    """The arguments of a client that this vendor lets in; Lemonsoft wants a login on top."""
    known = vendor.credentials
    match vendor.name:
        case "pland":
            return {"headers": {"x-API-Key": str(known["api_key"])}}
        case "autodns":
            auth = (str(known["user"]), str(known["password"]))
            return {"auth": auth, "headers": {"X-Domainrobot-Context": str(known["context"])}}
        case "next":
            return {"headers": {"Authorization": f"Bearer {known['access_token']}"}}
        case "billbee":
            auth = (str(known["user"]), str(known["password"]))
            return {"auth": auth, "headers": {"X-Billbee-Api-Key": str(known["api_key"])}}
        case _:
            return {}


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


def lemonsoft_login(vendor: Vendor) -> dict[str, str]:
    known = {name: str(value) for name, value in vendor.credentials.items()}
    return {
        "username": known["username"],
        "password": known["password"],
        "database": known["database"],
        "apikey": known["api_key"],
    }


async def logged_in(vendor: Vendor, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same client with a Lemonsoft session."""
    answer = await client.post("/api/auth/login", json=lemonsoft_login(vendor))
    client.headers["Session-Id"] = answer.json()["session_id"]
    return client
