"""Readers of one vendor's customers over HTTP: page by page, many at once, one by one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
from sandbox.clients import credentials_of, signed_in
from vendors import FACTS

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from customer_gateway.sandbox import Sandbox, Vendor


class Reader:
    """A client of a vendor on a real socket, and of the sandbox's own routes beside it."""

    def __init__(self, vendor: Vendor, client: httpx.AsyncClient) -> None:
        self.vendor = vendor
        self.client = client
        self._facts = FACTS[vendor.name]
        self._asked = FACTS[vendor.name].asked

    def key(self, row: Any) -> str:
        return self._asked.key(row)

    def changed(self, row: Any) -> float | None:
        return None if self._asked.changed is None else self._asked.changed(row)

    async def page(self, start: int = 0, size: int = 10, before: Any = None) -> Any:
        """A page as it is answered."""
        return await self._answer(self._asked.page(start, size, before))

    def rows(self, page: Any) -> list[Any]:
        return list(self._facts.pages.found_in(page))

    async def walk(self, size: int = 10) -> list[str]:
        """The keys of all rows of all pages, in the order they came, until a page is short."""
        keys: list[str] = []
        page: Any = None
        for start in range(0, 1000, size):
            page = await self.page(start, size, page)
            rows = self.rows(page)
            keys += [self.key(row) for row in rows]
            if len(rows) < size or (is_object(page) and page.get("next_cursor", "") is None):
                break
        return keys

    async def total(self) -> int | None:
        """How many customers the vendor says that it has; None where it never does."""
        if not self._facts.pages.total:
            return None
        told = await (self.page() if self._asked.count is None else self._answer(self._asked.count))
        for name in self._facts.pages.total:
            told = told[name]
        return int(told)

    async def batch(self, rows: Sequence[Any]) -> list[str] | None:
        """The keys that a look-up of these customers finds; None where many cannot be looked up."""
        if self._asked.batch is None:
            return None
        return [self.key(row) for row in self.rows(await self._answer(self._asked.batch(rows)))]

    async def customer(self, key: str) -> Any:
        """A customer by its key; None when it is not found."""
        answer = await self.client.get(self._asked.customer(key))
        assert answer.status_code in (200, 404), answer.text
        if answer.status_code == 404:
            return None
        found = self._facts.pages.found_in(answer.json())
        return found[0] if is_list(found) else found

    async def sandbox(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """An answer of the sandbox's own routes on the vendor's port."""
        url = self.client.base_url.copy_with(raw_path=f"/_sandbox/{path}".encode())
        async with httpx.AsyncClient() as anybody:
            return await anybody.request(method, url, json=body)

    async def _answer(self, call: Any) -> Any:
        answer = await self.client.request(**call)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def reader_of(box: Sandbox, name: str) -> AsyncGenerator[Reader]:
    vendor = box.vendors[name]
    async with (
        box.serving() as urls,
        httpx.AsyncClient(base_url=urls[name], **credentials_of(vendor)) as client,
    ):
        yield Reader(vendor, await signed_in(vendor, client))
