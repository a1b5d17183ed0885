"""What a caller may not see does not exist for it, and what it may not read is null, whatever it asks for."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
from contextlib import AsyncExitStack
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from api.test_sameness import FUZZ, PLACEHOLDERS, VARIABLES, nouns_in, operations
from catalog_index import index_of
from gateway import SYSTEMS, in_process, settings_over
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from vendors import VENDORS, sandbox

from customer_gateway.api.engine import Prepared
from customer_gateway.app import build_engine, build_federation
from customer_gateway.documents.record import is_list, is_object
from customer_gateway.model.callers import EVERY_RIGHT, Rights
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog_index import FoundWorld

    from customer_gateway.api.engine import Engine, ExecutorName
    from customer_gateway.federation.request import Federation

CONFIGURED = [*((name, name) for name in SYSTEMS), (f"{SYSTEMS[0]}_two", SYSTEMS[0])]
"""(name, kind): two systems are of one kind."""
NAMES = [name for name, _ in CONFIGURED]
READING = ["customers:read", "billing:read", "secrets:read", "raw:read", "schema:read"]
FAULTS: list[tuple[str, dict[str, int]] | None] = [None, ("status", {"status": 503}), ("reset", {}), ("hang", {})]
"""The state of a system that the caller may not see."""

SCOPES = st.sets(st.sampled_from(READING)).map(frozenset) | st.just(frozenset(READING))
CHECKS = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


class World:
    """A gateway over all systems, and for each subset of them one that is configured with these alone."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.box = sandbox()
        self._opened = AsyncExitStack()
        self._index = self.runner.run(self._filled())
        self._federations: list[Federation] = []
        self._engines: dict[tuple[tuple[str, ...], ExecutorName], Engine] = {}
        self._known = self.runner.run(self._ids_and_a_cursor())

    def close(self) -> None:
        for federation in self._federations:
            self.runner.run(federation.aclose())
        self.runner.run(self._opened.aclose())
        self.runner.close()
        self.box.close()

    def ask(
        self,
        names: tuple[str, ...],
        document: str,
        variables: dict[str, Any],
        rights: Rights,
        executor: ExecutorName = "breadth",
    ) -> bytes:
        return self.runner.run(self._ask(self.engine(names, executor), document, variables, rights))

    def engine(self, names: tuple[str, ...], executor: ExecutorName = "breadth") -> Engine:
        if (names, executor) not in self._engines:
            self._engines[names, executor] = self._made(names, executor)
        return self._engines[names, executor]

    def written(self, document: str) -> str:
        for placeholder, known in self._known.items():
            document = document.replace(placeholder, f'"{known}"')
        return document

    def _made(self, names: tuple[str, ...], executor: ExecutorName) -> Engine:
        systems = [(name, kind) for name, kind in CONFIGURED if name in names]
        over = settings_over(self.box, systems=systems, executor=executor, tables={"breaker": {"failures": 0}})
        secret = SecretStr("the same secret for all")
        over = dataclasses.replace(over, server=over.server.model_copy(update={"cursor_secret": secret}))
        wiring = Wiring(transport=in_process(self.box, over), retry=Retry(attempts=1))
        federation = self._index.given(build_federation(over, wiring, VENDORS))
        self._federations.append(federation)
        return build_engine(over, federation, VENDORS)

    async def _filled(self) -> FoundWorld:
        """The index of all, of which two were never read whole and of which one knows a customer who is gone."""
        folder = Path(self._opened.enter_context(TemporaryDirectory()))
        index = await self._opened.enter_async_context(index_of(self.box, folder, CONFIGURED))
        await index.put(NAMES[0], {"key": "9000000", "name": "A", "number": "0"})
        await index.complete(NAMES[1:-1])
        return index

    async def _ask(self, engine: Engine, document: str, variables: dict[str, Any], rights: Rights) -> bytes:
        suggestions = "schema:read" in rights.scopes
        prepared = engine.prepare(document, None, suggestions=suggestions)
        if not isinstance(prepared, Prepared):  # the writer does not know all rules, such as fields that clash
            return orjson.dumps({"errors": prepared.errors})
        deadline = Deadline.after(30)
        execution = engine.begin(prepared, variables, rights=rights, deadline=deadline, request_id="r")
        return (await execution.run()).encode("r")

    async def _ids_and_a_cursor(self) -> dict[str, str]:
        nouns = "contacts { id } accounts { id } agreements { id } invoices(first: 2) { nodes { id } } updater { id }"
        page = f"customers(first: 3) {{ pageInfo {{ endCursor }} nodes {{ id {nouns} }} }}"
        document = f"{{ systems {{ {page} }} customers(first: 9) {{ pageInfo {{ endCursor }} }} }}"
        data = decoded(await self._ask(self.engine(tuple(NAMES)), document, {}, EVERY_RIGHT))["data"]
        pages: list[Any] = [each["customers"] for each in data["systems"]]
        ids = sorted({noun["id"] for noun in nouns_in(pages)})
        spread = [ids[place * len(ids) // PLACEHOLDERS] for place in range(PLACEHOLDERS)]
        known = {f'"ID{place}"': each for place, each in enumerate(spread)}
        found = data["customers"]["pageInfo"]["endCursor"]
        return {**known, '"CURSOR"': pages[0]["pageInfo"]["endCursor"], '"FOUND"': found}


def decoded(answer: bytes) -> Any:
    return orjson.loads(answer)


def in_order(answer: bytes) -> Any:
    """Return the answer with its errors in one order: fields that are resolved side by side end in any."""
    document = decoded(answer)
    for listed in (document.get("errors", []), document.get("extensions", {}).get("incomplete", [])):
        listed.sort(key=orjson.dumps)
    return document


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()
    gc.collect()


@settings(max_examples=3_000 if FUZZ else 500, suppress_health_check=CHECKS)
@given(operations(), VARIABLES, SCOPES, st.sets(st.sampled_from(NAMES), min_size=1), st.sampled_from(FAULTS))
def test_a_hidden_system_is_as_if_it_were_not_configured(
    world: World, document: str, variables: dict[str, Any], scopes: frozenset[str], visible: set[str], fault: Any
) -> None:
    document = world.written(document)
    alone = world.ask(tuple(name for name in NAMES if name in visible), document, variables, Rights(scopes))
    kinds = {kind for name, kind in CONFIGURED if name in visible}
    hidden = [world.box.vendors[name] for name in SYSTEMS if name not in kinds]
    for vendor in hidden:
        vendor.log.clear()
        if fault is not None:
            vendor.faults.set(fault[0], **fault[1])
    try:
        seen = world.ask(tuple(NAMES), document, variables, Rights(scopes, frozenset(visible)))
    finally:
        for vendor in hidden:
            vendor.faults.clear()

    assert in_order(seen) == in_order(alone)
    assert [vendor.log.calls() for vendor in hidden] == [[] for _ in hidden]


@settings(max_examples=1_000 if FUZZ else 100, suppress_health_check=CHECKS)
@given(operations(), VARIABLES, SCOPES)
def test_a_caller_of_fewer_scopes_reads_nothing_else_than_one_of_all(
    world: World, document: str, variables: dict[str, Any], scopes: frozenset[str]
) -> None:
    document = world.written(document)
    whole = decoded(world.ask(tuple(NAMES), document, variables, EVERY_RIGHT))
    part = decoded(world.ask(tuple(NAMES), document, variables, Rights(scopes)))

    assert list(differences(whole.get("data"), part.get("data"))) == []
    if part != whole:
        codes = {error["extensions"]["code"] for error in part.get("errors", [])}
        assert "FORBIDDEN" in codes or "REDACTED" in str(part)


@settings(max_examples=1_000 if FUZZ else 100, suppress_health_check=CHECKS)
@given(operations(), VARIABLES, SCOPES)
def test_both_executors_deny_the_same_fields_with_the_same_errors(
    world: World, document: str, variables: dict[str, Any], scopes: frozenset[str]
) -> None:
    document = world.written(document)
    breadth = decoded(world.ask(tuple(NAMES), document, variables, Rights(scopes)))
    reference = decoded(world.ask(tuple(NAMES), document, variables, Rights(scopes), "reference"))

    assert reference.get("data") == breadth.get("data")
    if breadth.get("data") is None:  # graphql-core also reports what it met before the field that made all of it null
        assert set(forbidden_in(breadth)) <= set(forbidden_in(reference))
    else:
        assert forbidden_in(reference) == forbidden_in(breadth)


def forbidden_in(answer: Any) -> list[str]:
    """The fields that are denied, by the message of each error."""
    errors = answer.get("errors", [])
    return sorted(each["message"] for each in errors if each["extensions"]["code"] == "FORBIDDEN")


def differences(whole: Any, part: Any) -> Iterator[tuple[Any, Any]]:
    """The values of an answer that the whole answer has not, null and REDACTED apart."""
    if part is None or whole == part:
        return
    if is_object(part) and is_object(whole) and part.keys() == whole.keys():
        if part.get("state") == "REDACTED":
            return
        for name in part:
            yield from differences(whole[name], part[name])
    elif is_list(part) and is_list(whole) and len(part) == len(whole):
        for mine, of_whole in zip_longest(part, whole):
            yield from differences(of_whole, mine)
    elif part != "REDACTED":
        yield whole, part
