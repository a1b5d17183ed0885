"""Clients of the vendors in process, and a clock that only moves when told to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from gateway import gateway_over
from vendors import FACTS

if TYPE_CHECKING:
    from customer_gateway.sandbox import Sandbox, Vendor


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


async def customers_of(box: Sandbox, name: str, selection: str) -> list[dict[str, Any]]:
    """Some customers of a vendor, as the gateway reads them."""
    query = f'{{ system(name: "{name}") {{ customers(first: 20) {{ nodes {{ {selection} }} }} }} }}'
    async with gateway_over(box) as gateway:
        return (await gateway.ask(query)).data["system"]["customers"]["nodes"]


async def names_of(box: Sandbox, name: str) -> list[str]:
    return [each["name"] for each in await customers_of(box, name, "name")]


async def renamed(box: Sandbox, name: str, record: dict[str, Any]) -> None:
    """Give the customer the name Neu through the vendor's own API, the way its clients do."""
    path = httpx.URL(record["link"]).path
    async with guest(box.vendors[name]) as client:
        known = await signed_in(box.vendors[name], client)
        answer = await FACTS[name].rename(known, f"http://vendor.example{path}", record["raw"])
    assert answer.is_success, answer.text


async def rename_first(box: Sandbox, name: str) -> None:
    first, *_ = await customers_of(box, name, "records { link raw }")
    await renamed(box, name, first["records"][0])
