from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest
from sandbox.clients import guest

from customer_gateway.sandbox import PortTaken, Sandbox

pytestmark = pytest.mark.anyio


async def test_two_sandboxes_share_nothing_but_their_beginning() -> None:
    one, other = Sandbox(customers=20), Sandbox(customers=20)
    query = {"sort": '{"by":"number","direction":1}'}
    async with guest(one.pland) as first, guest(other.pland) as second:
        before = (await first.get("/customers/", params=query)).json()
        await first.patch(f"/customers/{before[0]['_id']}", json={"name": "Neu"})

        assert (await second.get("/customers/", params=query)).json() == before


async def test_the_log_tells_every_call_in_order_with_its_query_as_sent() -> None:
    box = Sandbox(customers=5)
    async with guest(box.pland) as client:
        await client.get("/customers/?limit=2&offset=0")
        await client.get("/nothing")

    assert box.pland.log.calls() == ["GET /customers/?limit=2&offset=0", "GET /nothing"]
    assert [call.status for call in box.pland.log.entries] == [200, 404]
    assert len(box.next.log) == 0


async def test_a_path_outside_the_base_path_is_not_found() -> None:
    box = Sandbox(customers=5)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(box.billbee.app), base_url="http://vendor.example"
    ) as client:
        known = box.billbee.credentials
        answer = await client.get(
            "/customers",
            auth=(str(known["user"]), str(known["password"])),
            headers={"X-Billbee-Api-Key": str(known["api_key"])},
        )

    assert answer.status_code == 404


async def test_a_method_that_a_path_does_not_know_is_refused_in_the_vendor_s_words() -> None:
    box = Sandbox(customers=5)
    async with guest(box.next) as client:
        answer = await client.delete("/customer/1201")

    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})


async def test_files_keep_what_was_written(tmp_path: Path) -> None:
    first = Sandbox(customers=5, directory=tmp_path)
    async with guest(first.next) as client:
        await client.put("/customer/1201", json={"phone": "08-1"})
    first.close()
    second = Sandbox(customers=5, directory=tmp_path)

    async with guest(second.next) as client:
        assert (await client.get("/customer/1201")).json()["phone"] == "08-1"
    second.close()


async def test_a_taken_port_is_said_in_one_line_and_nothing_stays_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        box = Sandbox(customers=5)

        with pytest.raises(PortTaken, match=f"^Port {port} for next is taken"):
            async with box.serving({"next": port}):
                pass

    assert all(listener._server is None for listener in box._listeners.values())


async def test_named_ports_are_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Sandbox(customers=5)

    async with box.serving({"autodns": port}) as urls:
        assert urls["autodns"] == f"http://127.0.0.1:{port}/v1"
        assert urls["lemonsoft"].count(":") == 2
