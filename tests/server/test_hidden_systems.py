"""Two workers, asked over HTTP with a key that may not see some systems: as if these were not configured."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from configured import table_at
from processes import PATIENCE, wait_until
from supervised import NEEDS_PROC, connections, supervised
from vendors import REGISTERED_FACTS

from customer_gateway.model.callers import EVERY_SCOPE, ApiKey, Rights
from customer_gateway.model.ids import encode_id
from customer_gateway.model.key_text import digest_of, new_key, new_key_id
from customer_gateway.sandbox import Sandbox
from customer_gateway.store.api_keys import ApiKeys
from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from supervised import Served

pytestmark = [pytest.mark.anyio, pytest.mark.alone, NEEDS_PROC]

NAMES: Final = tuple(REGISTERED_FACTS)
TWIN: Final = f"{NAMES[0]}_two"
HIDDEN: Final = NAMES[::2]
"""The first among them: the twin, which is of its kind and over the same vendor, is visible."""
VISIBLE: Final = (*NAMES[1::2], TWIN)
FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "up": {},
    "down": {"kind": "status", "status": 503},
    "gone": {"kind": "reset"},
    "slow": {"kind": "hang"},
}
"""The states of the vendors of which no system is visible."""

PAGE: Final = (
    "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount edges { cursor node { id name } }"
)
SEEN, UNSEEN = VISIBLE[0], HIDDEN[0]
QUERIES: Final = {
    "systems": "{ systems { id name kind reachable capabilities { field readable } } }",
    "lists and counts": f"{{ systems {{ name customers(first: 2) {{ {PAGE} }} }} }}",
    "systems by name": f'{{ systems(names: ["{SEEN}", "{UNSEEN}"]) {{ name }} }}',
    "a hidden system": f'{{ system(name: "{UNSEEN}") {{ name reachable customers(first: 1) {{ totalCount }} }} }}',
    "the twin": f'{{ system(name: "{TWIN}") {{ name customers(first: 3) {{ {PAGE} }} }} }}',
    "a node": '{ node(id: "ID_UNSEEN") { __typename id } }',
    "nodes": '{ nodes(ids: ["ID_SEEN", "ID_UNSEEN", "ID_TWIN", "malformed"]) { id ... on Customer { name number } } }',
    "a customer": '{ customer(by: { id: "ID_UNSEEN" }) { name } other: customer(by: { id: "ID_SEEN" }) { name } }',
    "a record": f'{{ customer(by: {{ record: {{ system: "{UNSEEN}", key: "KEY_UNSEEN" }} }}) {{ id name }} }}',
    "provenance": '{ nodes(ids: ["ID_SEEN", "ID_TWIN", "ID_UNSEEN"]) { ... on Customer { name '
    "provenance { field state record { system key } } records { id key system { name } raw } } } }",
    "nouns": '{ nodes(ids: ["ID_TWIN", "ID_UNSEEN"]) { ... on Customer { name contacts { id lastName } '
    "accounts { id } agreements { id } invoices(first: 2) { totalCount nodes { id } } updatedAt } } }",
    "the next page": f'{{ systems {{ customers(first: 2, after: "CURSOR_SEEN") {{ {PAGE} }} }} }}',
    "a hidden cursor": f'{{ systems {{ name customers(first: 2, after: "CURSOR_UNSEEN") {{ {PAGE} }} }} }}',
    "too many": "{ systems { name customers(first: 101) { totalCount } } }",
    "a misspelt field": "{ systemz { name } }",
}
ALIKE: Final = {"the twin", "a misspelt field"}
"""Those whose answers have no part of a hidden system."""


class Workers:
    """A connection to each of two workers of a gateway."""

    def __init__(self, gateway: Served, stack: AsyncExitStack) -> None:
        self._gateway = gateway
        self._stack = stack
        self._clients: dict[int, httpx.AsyncClient] = {}

    async def connect(self) -> None:
        """Make connections until each worker has accepted one."""
        wait_until(lambda: self._gateway.are_ready(2))
        async with asyncio.timeout(PATIENCE):
            while len(self._clients) < 2:
                client = await self._stack.enter_async_context(httpx.AsyncClient(timeout=PATIENCE))
                answer = await client.get(self._gateway.url.replace("/graphql", "/livez"))
                socket = answer.extensions["network_stream"].get_extra_info("socket")
                (worker,) = (each for each in self._gateway.workers() if connections(each, [socket]))
                self._clients.setdefault(worker, client)

    async def ask(self, query: str, key: str) -> list[bytes]:
        """The answer of each worker."""
        headers = {"authorization": f"Bearer {key}", "x-request-id": "the-same"}
        body = {"query": query}
        answers = [await each.post(self._gateway.url, json=body, headers=headers) for each in self._clients.values()]
        assert [answer.status_code for answer in answers] == [200, 200]
        return [answer.content for answer in answers]


def configuration(urls: Mapping[str, str], box: Sandbox, names: Collection[str]) -> str:
    kinds = {**{name: name for name in NAMES}, TWIN: NAMES[0]}
    tables = [
        table_at(urls[kind], kind, kind=kind, **box.vendors[kind].credentials).replace(
            f"[systems.{kind}]", f"[systems.{name}]"
        )
        + f"[systems.{name}.limits]\nvendor_budget = false\n"
        for name, kind in kinds.items()
        if name in names
    ]
    server = '[server]\ncursor_secret = "the same for both gateways"\ndeadline_seconds = 60\n'
    return server + '[database]\nurl = "sqlite+aiosqlite:///keys.db"\n' + "".join(tables)


async def keys_of(folder: Path) -> tuple[str, str]:
    """Two keys of all scopes: one sees `VISIBLE`, one everything there is."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'keys.db'}")
    texts = new_key(), new_key()
    for name, text, systems in zip(("shop", "office"), texts, (frozenset(VISIBLE), None), strict=True):
        key = ApiKey(new_key_id(), name, digest_of(text), Rights(EVERY_SCOPE, systems))
        assert await ApiKeys(database).add(key, datetime.now(UTC))
    await database.aclose()
    return texts


async def placeholders(whole: Workers, key: str) -> dict[str, str]:
    """An id, a key and a cursor of the first customer of systems that are visible and not."""
    listed = f"{{ systems {{ name customers(first: 1) {{ {PAGE} nodes {{ id records {{ key }} }} }} }} }}"
    first, second = [json.loads(answer)["data"]["systems"] for answer in await whole.ask(listed, key)]
    found: dict[str, Any] = {each["name"]: each["customers"] for each in second}
    assert first == second
    return {
        "ID_SEEN": found[SEEN]["nodes"][0]["id"],
        "ID_UNSEEN": found[UNSEEN]["nodes"][0]["id"],
        "ID_TWIN": encode_id("Customer", TWIN, found[UNSEEN]["nodes"][0]["records"][0]["key"]),
        "KEY_UNSEEN": found[UNSEEN]["nodes"][0]["records"][0]["key"],
        "CURSOR_SEEN": found[SEEN]["pageInfo"]["endCursor"],
        "CURSOR_UNSEEN": found[UNSEEN]["pageInfo"]["endCursor"],
    }


async def test_what_two_workers_answer_is_as_if_hidden_systems_were_not_configured(tmp_path: Path) -> None:
    box = Sandbox(customers=12)
    hiding, key_of_all = await keys_of(tmp_path)
    unseen = [box.vendors[name] for name in HIDDEN if name != NAMES[0]]
    async with box.serving() as urls, AsyncExitStack() as stack:
        gateways: list[Workers] = []
        for file, names in (("whole.toml", (*NAMES, TWIN)), ("alone.toml", VISIBLE)):
            (tmp_path / file).write_text(configuration(urls, box, names), encoding="utf-8")
            gateways.append(Workers(stack.enter_context(supervised(tmp_path / file)), stack))
            await gateways[-1].connect()
        whole, alone = gateways
        known = await placeholders(whole, key_of_all)
        queries = dict(QUERIES)
        for name, value in known.items():
            queries = {what: query.replace(name, value) for what, query in queries.items()}
        of_all = {what: await whole.ask(query, key_of_all) for what, query in queries.items()}
        expected = {what: await alone.ask(query, key_of_all) for what, query in queries.items()}
        seen: dict[str, Any] = {}
        calls: list[str] = []
        for state, fault in FAULTS.items():
            for vendor in unseen:
                vendor.log.clear()
                vendor.faults.clear()
                if fault:
                    vendor.faults.set(**fault)
            seen[state] = {what: await whole.ask(query, hiding) for what, query in queries.items()}
            calls += [call for vendor in unseen for call in vendor.log.calls()]

    assert {what for what, answers in of_all.items() if answers == expected[what]} == ALIKE
    assert [first for first, second in expected.values() if first != second] == []
    assert seen == dict.fromkeys(FAULTS, expected)
    assert calls == []
