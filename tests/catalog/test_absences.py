"""GONE needs the vendor's word that it does not know the key: an answer that holds nothing at all is no such word."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from catalog.passing import working
from vendors import VENDORS, WRITES, sandbox

from customer_gateway.model.catalog import RecordState, SyncStateName
from customer_gateway.systems.connection import Wiring

pytestmark = pytest.mark.anyio


class NothingAt(httpx.AsyncBaseTransport):
    """The way to vendors that answer a read of one path with nothing."""

    def __init__(self) -> None:
        self.path, self.body = "", b""
        self.calls = 0
        self._way = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.path and request.method == "GET" and request.url.path.endswith(self.path):
            self.calls += 1
            return httpx.Response(200, headers={"content-type": "application/json"}, content=self.body)
        return await self._way.handle_async_request(request)

    async def aclose(self) -> None:
        await self._way.aclose()


@pytest.mark.parametrize("name", [each.kind.slug for each in VENDORS if each.kind.writes is not None])
async def test_a_customer_of_whose_key_nothing_is_answered_is_missing_and_not_gone(
    name: str, database_url: str
) -> None:
    [writes] = [each.kind.writes for each in VENDORS if each.kind.slug == name]
    assert writes is not None
    box, way = sandbox(customers=60), NothingAt()
    async with (
        box.serving() as urls,
        working(box, urls, database_url, wiring=Wiring(transport=lambda _name: way)) as worker,
    ):
        await worker.sync(name)
        key = worker.keys_at(name)[3]
        box.vendors[name].faults.set("lost_rows", keys=[key])
        way.path = writes.resources[""].read.replace("{key}", writes.path_of(key))
        way.body = next(iter(WRITES[name].no_entity), b"null")
        worker.clock.ahead += timedelta(days=1)

        row = await worker.sync(name)

        assert (row.state, way.calls) == (SyncStateName.IDLE, 1)
        assert await worker.keys(name, RecordState.MISSING) == {key}
        assert await worker.found(name) == 60
    box.close()
