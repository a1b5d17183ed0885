"""A fast stub of the Pland API dialect, so that what is measured is the contestant: `python -m bench.stub [PORT]`.

Answers are joined from rows encoded beforehand. It serves the three lists that the page query needs, counts its calls
(`GET /calls`), can take its time (`GET /latency?ms=20`), and change every so many-th customer's telephone
(`GET /change?every=100`). It prints its port.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

import orjson
import uvloop

from bench.pland_rows import Rows, encoded_rows

_HEAD = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Stub:
    """The state that all connections share."""

    def __init__(self, rows: Rows) -> None:
        self.calls = 0
        self.latency = 0.0
        self._rows = rows
        self._changes = 0
        self._in_order = [*rows.customers.values()]
        self._lists = {b"/v2/customers/": self._customers, b"/v2/users/": self._users, b"/v2/contacts/": self._contacts}

    def answer(self, target: bytes) -> tuple[bytes, float]:
        """The whole answer to a GET, and the seconds to wait before it."""
        path, _, query = target.partition(b"?")
        find = self._lists.get(path)
        if find is None:
            return self._control_answer(path, query), 0.0
        self.calls += 1
        asked = [(name, value) for name, _, value in (pair.partition(b"=") for pair in query.split(b"&"))]
        single = dict(asked)
        offset = int(single.get(b"offset", b"0"))
        rows = find(asked)[offset : offset + int(single.get(b"limit", b"50"))]
        body = b"[" + b",".join(rows) + b"]"
        return _HEAD % (b"200 OK", len(body)) + body, self.latency

    def _control_answer(self, path: bytes, query: bytes) -> bytes:
        if path == b"/change":
            body = orjson.dumps(self._changed(int(query.removeprefix(b"every="))))
            return _HEAD % (b"200 OK", len(body)) + body
        if path == b"/v2/customers/count":
            body = b'{"count":%d}' % len(self._in_order)
            return _HEAD % (b"200 OK", len(body)) + body
        if path == b"/latency":
            self.latency = float(query.removeprefix(b"ms=")) / 1000
        if path in {b"/latency", b"/calls"}:
            body = b'{"calls":%d}' % self.calls
            return _HEAD % (b"200 OK", len(body)) + body
        return _HEAD % (b"404 Not Found", 2) + b"{}"

    def _changed(self, every: int) -> dict[str, str]:
        """Change the telephones of some customers, as somebody does at the vendor; return the new ones by key."""
        told: dict[str, str] = {}
        self._changes += 1
        for place, (key, row) in enumerate([*self._rows.customers.items()]):
            if place % every == 0:
                customer = orjson.loads(row)
                told[key.decode()] = phone = f"+49 30 {self._changes:03}{place:06}"
                customer["contact"]["telephone"] = phone
                customer["status"]["lastModifiedAt"] += 1000
                self._rows.customers[key] = self._in_order[place] = orjson.dumps(customer)
        return told

    def _customers(self, asked: list[Any]) -> list[bytes]:
        keys = [key for name, key in asked if name == b"ids"]
        customers = self._rows.customers
        return [customers[key] for key in keys if key in customers] if keys else self._in_order

    def _users(self, asked: list[Any]) -> list[bytes]:
        users = self._rows.users
        return [users[key] for name, key in asked if name == b"ids" and key in users]

    def _contacts(self, asked: list[Any]) -> list[bytes]:
        contacts = self._rows.contacts
        return [row for name, key in asked if name == b"customerId" for row in contacts.get(key, ())]


class _Connection(asyncio.Protocol):
    def __init__(self, stub: Stub) -> None:
        self._stub = stub
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            head, _, self._seen = self._seen.partition(b"\r\n\r\n")
            answer, latency = self._stub.answer(head.split(b" ", 2)[1])
            if latency:
                asyncio.get_running_loop().call_later(latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(port: int) -> None:
    stub = Stub(encoded_rows())
    gc.collect()
    gc.freeze()
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(stub), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
