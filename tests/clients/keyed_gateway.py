"""A gateway that answers nothing without a key, on a socket, and keys that the command line made."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
from configured import table_at
from gateway import in_process
from picked import FIRST
from process_as_before import process_as_before
from sockets import served
from typer.testing import CliRunner

from customer_gateway.app import build_app, load_settings
from customer_gateway.cli.commands import app
from customer_gateway.model.key_text import new_key
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

WRONG_KEY: Final = new_key()
"""Whole, and of no gateway."""

CUSTOMERS: Final = """query Customers($system: String!) {
  system(name: $system) { __typename name customers(first: 3) { __typename nodes { __typename id name } } }
}"""
"""With the type names that clients with a cache ask for in any case."""

ACCOUNTS: Final = CUSTOMERS.replace("id name }", "id name accounts { id } }")
"""What the key may not read, beside what it may."""

VARIABLES: Final = {"system": FIRST}


@dataclass(frozen=True, slots=True)
class KeyedGateway:
    """Its `key` reads customers and the schema, as every new key does, and no accounts; the reader's no schema."""

    url: str
    key: str
    reader_key: str

    async def customers(self) -> dict[str, Any]:
        """The data of `CUSTOMERS`, asked for without a client of another maker."""
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {self.key}"}) as client:
            answer = await client.post(self.url, json={"query": CUSTOMERS, "variables": VARIABLES})
        data = answer.json()["data"]
        assert len(data["system"]["customers"]["nodes"]) == 3
        return data

    async def without_accounts(self) -> dict[str, Any]:
        """The data of `ACCOUNTS` for whom may not read them."""
        data = await self.customers()
        for node in data["system"]["customers"]["nodes"]:
            node["accounts"] = None
        return data


@asynccontextmanager
async def keyed_gateway(folder: Path, *origins: str) -> AsyncGenerator[KeyedGateway]:
    """Serve a gateway over one vendor, whose configuration lists the origins."""
    box, config = Sandbox(), folder / "gateway.toml"
    vendor = box.vendors[FIRST]
    config.write_text(
        f'[server]\norigins = {list(origins)}\n[database]\nurl = "sqlite+aiosqlite:///gateway.db"\n'
        + table_at(f"http://vendor.test{vendor.base_path}", FIRST, **vendor.credentials),
        encoding="utf-8",
    )
    settings = load_settings(config)
    with process_as_before():
        keys = [await asyncio.to_thread(_created_key, config, *words) for words in (("shop",), ("reader", *_READER))]
        async with served(build_app(settings, Wiring(transport=in_process(box, settings)))) as port:
            yield KeyedGateway(f"http://127.0.0.1:{port}/graphql", *keys)
    box.close()


_READER: Final = ("--scopes", "customers:read")


def _created_key(config: Path, name: str, *options: str) -> str:
    made = CliRunner().invoke(app, ["keys", "create", "--config", str(config), "--name", name, *options])
    assert made.exit_code == 0, made.output
    return made.stdout.strip()
