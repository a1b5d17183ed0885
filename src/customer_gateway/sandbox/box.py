"""The sandbox: its vendors together, in process or on sockets."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox.people import customers_of
from customer_gateway.sandbox.registry import DEFINITIONS
from customer_gateway.sandbox.server import HOST, Listener
from customer_gateway.sandbox.store import Store
from customer_gateway.sandbox.vendor import Vendor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from pathlib import Path

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.vendor import VendorDefinition

PORTS: Final = {each.name: each.port for each in DEFINITIONS}


class DirectoryUnfit(Exception):
    """The databases cannot be kept there; the message is one plain line that says why and what to do."""


class Sandbox:
    """The vendors of `definitions`, each with its own database of `customers` customers, the same ones every time.

    `rate_limits` switches the vendors' own limits on; `clock` gives seconds since 1970 and drives sessions, windows and
    stamps. With a `directory` the databases are files there that keep what was written; else they live in memory.
    """

    def __init__(
        self,
        *,
        rate_limits: bool = False,
        clock: Clock = time.time,
        customers: int = 300,
        directory: Path | None = None,
        definitions: Sequence[VendorDefinition] = DEFINITIONS,
    ) -> None:
        self._customers = customers
        self._definitions = definitions
        self._listeners: dict[str, Listener] = {}
        self._stores = {each.name: _store(each, customers, directory) for each in definitions}
        self.vendors: Mapping[str, Vendor] = {
            each.name: Vendor(each, self._stores[each.name], clock, customers=customers, rate_limits=rate_limits)
            for each in definitions
        }

    def __getattr__(self, name: str) -> Vendor:
        """Return a vendor by its name: `box.next`."""
        vendor = self.__dict__.get("vendors", {}).get(name)
        if vendor is None:
            raise AttributeError(f"The sandbox has no vendor {name!r}.")
        return vendor

    def shared(self) -> list[dict[str, str]]:
        """Return, for every party known to two or more vendors, the key of its record at each of them."""
        keys: dict[int, dict[str, str]] = {}
        for each in self._definitions:
            keys_at_first = _filled(each, self._customers)[each.customers].keys()
            records = zip(customers_of(each.name, each.market, self._customers), keys_at_first, strict=True)
            for party, key in records:
                keys.setdefault(party.number, {})[each.name] = key
        return [records for records in keys.values() if len(records) > 1]

    @asynccontextmanager
    async def serving(self, ports: Mapping[str, int] | None = None) -> AsyncGenerator[dict[str, str]]:
        """Serve every vendor on a port of 127.0.0.1, free ones unless named; yield each vendor's base URL.

        Runs in the current event loop. Raises PortTaken, with nothing left listening, when a named port is not free.
        """
        wanted = ports or {}
        self._listeners = {
            name: Listener(vendor.app, name, wanted.get(name, 0)) for name, vendor in self.vendors.items()
        }
        try:
            for name in self.vendors:
                await self.start(name)
            yield {name: self._url(name) for name in self.vendors}
        finally:
            for name in self.vendors:
                await self.stop(name)

    async def stop(self, name: str) -> None:
        """Take one vendor's listener down: its open connections end, new ones are refused."""
        await self._listeners[name].stop()

    async def start(self, name: str) -> None:
        """Bring one vendor's listener up again on the same port."""
        await self._listeners[name].start()

    def close(self) -> None:
        """Close the databases; a sandbox that is not needed any more may also just be dropped."""
        for store in self._stores.values():
            store.close()

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{self._listeners[name].port}{self.vendors[name].base_path}"


def run_sandbox(
    *,
    ports: Mapping[str, int] | None = None,
    rate_limits: bool = True,
    customers: int = 300,
    directory: Path | None = None,
    reset: bool = False,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the sandbox until Ctrl-C, SIGTERM or SIGHUP and says where and with which credentials.

    `reset` begins with fresh databases in `directory`. Raises PortTaken for a port that is not free, DirectoryUnfit.
    """
    try:
        if reset and directory is not None:
            for name in PORTS:
                (directory / f"{name}.sqlite").unlink(missing_ok=True)
        box = Sandbox(rate_limits=rate_limits, customers=customers, directory=directory)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DirectoryUnfit(f"{directory} cannot hold the databases: {reason}; name another --directory.") from None
    try:
        asyncio.run(_serve_until_told(box, {**PORTS, **(ports or {})}, say))
    except KeyboardInterrupt:
        pass
    finally:
        box.close()
    say("The sandbox has stopped.")


async def _serve_until_told(box: Sandbox, ports: Mapping[str, int], say: Callable[[str], None]) -> None:
    over = asyncio.Event()
    # By handlers of our own: a shell that starts a command in the background lets it ignore Ctrl-C otherwise.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with box.serving(ports) as urls:
        for name, url in urls.items():
            credentials = ", ".join(f"{key} = {value}" for key, value in box.vendors[name].credentials.items())
            say(f"{name:10} {url:32} {credentials}")
        await over.wait()


def _store(vendor: VendorDefinition, customers: int, directory: Path | None) -> Store:
    if directory is None:
        return Store().copied_from(_filled(vendor, customers))
    directory.mkdir(parents=True, exist_ok=True)
    store = Store(str(directory / f"{vendor.name}.sqlite"))
    return store.copied_from(_filled(vendor, customers)) if store.is_empty() else store


@cache
def _filled(vendor: VendorDefinition, customers: int) -> Store:
    """Return one vendor's documents as they are at the beginning, made once per process and copied from then on."""
    store = Store()
    vendor.fill(store, customers_of(vendor.name, vendor.market, customers))
    return store
