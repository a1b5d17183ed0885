"""The clients of a soak that write: one a system, each write with a key that is sent again after a failure.

What was answered as applied is looked for in the index at once. It may come later where its vendor failed meanwhile, or
where the worker that wrote was killed, and another answered; it may be missing only where churn has changed the record.
"""

from __future__ import annotations

import asyncio
import time
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from bench.soak.running import Soak

_PAUSE: Final = 0.5
"""Seconds between two writes of a client."""
_ATTEMPT_SECONDS: Final = 30.0
_SETTLE_TRIES: Final = 3
_HUNG_UP: Final = 0.1
"""The part of writes whose client does not wait for the answer, and sends them again."""
_HANG_UP_SECONDS: Final = 0.06
_LATEST_SECONDS: Final = 60.0
"""When a row must be there at the latest: those of a killed worker come by the journal, failed reads are repeated."""
_AGAIN_SECONDS: Final = 3.0
_AFTER_A_FAULT: Final = 20.0
"""How long a vendor's failure may hold up a row: the circuit is open for some seconds, and the next read waits."""
_APPLIED: Final = "APPLIED"
_NO_ANSWER: Final = "no answer"
_VERSION: Final = "query ($id: ID!) { customer(by: {id: $id}) { version } }"
_OUTCOME: Final = "operation { id state replayed } userErrors { code message retryable }"
_UPDATE: Final = (
    f"mutation ($input: CustomerUpdateInput!) {{ outcome: customerUpdate(input: $input) {{ {_OUTCOME} }} }}"
)
_SETTLE: Final = f"mutation ($id: ID!) {{ outcome: operationSettle(id: $id) {{ {_OUTCOME} }} }}"
_FIND: Final = """query ($phone: String!) {
  customers(first: 5, filter: {phone: {eq: $phone}}, live: false) { nodes { id } }
}"""


class _Outcome(NamedTuple):
    """What a mutation was answered: the operation's state if there is one, and the codes of its errors."""

    result: str
    id: str | None
    is_replayed: bool
    retryable: bool

    @classmethod
    def of(cls, payload: Any) -> _Outcome:
        operation: dict[str, Any] = payload["operation"] or {}
        errors: list[dict[str, Any]] = payload["userErrors"]
        result = " ".join([*filter(None, [operation.get("state")]), *(each["code"] for each in errors)]) or _APPLIED
        retryable = result != _APPLIED and any(each["retryable"] for each in errors)
        return cls(result, operation.get("id"), is_replayed=operation.get("replayed", False), retryable=retryable)

    @property
    def is_open(self) -> bool:
        return self.result.startswith("UNKNOWN")


class _Written(NamedTuple):
    """A write that was answered as applied; `changes` is how many its vendor's churn had made before it began."""

    key: str
    phone: str
    changes: int
    began: float
    is_again: bool


class Writer:
    """Writes telephone numbers to the customers of one system, one after the other."""

    def __init__(self, soak: Soak, system: str, http: httpx.AsyncClient, url: str, first: int) -> None:
        self._soak = soak
        self._system = system
        self._http = http
        self._url = url
        self._numbers = count(first)
        self._looking: dict[str, asyncio.Task[None]] = {}

    async def run(self, until: float) -> None:
        """Write until then, and wait until the index has all of it."""
        while time.monotonic() < until:
            await self._write()
            await asyncio.sleep(_PAUSE * self._soak.chance.uniform(0.5, 1.5))
        await asyncio.gather(*self._looking.values())

    async def _write(self) -> None:
        soak, system, began = self._soak, self._system, time.monotonic()
        people = soak.box.vendors[system].population
        key = people.key_at(soak.chance.randrange(people.size()))
        if key in self._looking:
            return
        changes, number = len(soak.box.vendors[system].churn.log), next(self._numbers)
        answer = await self._asked(_VERSION, {"id": encode_id("Customer", system, key)})
        customer = None if answer is None else answer["customer"]
        if customer is None or (version := customer["version"]) is None:
            soak.writes["versions not read"] += 1
            return
        phone = f"+49 221 {number}"
        given = {"id": encode_id("Customer", system, key), "patch": {"phone": phone}, "expectedVersion": version}
        soak.written.pop((system, key), None)  # unknown until it is answered
        soak.sent.set()
        outcome, tries = await self._send({**given, "idempotencyKey": f"{system}-{number}"})
        soak.writes["sent"] += 1
        soak.writes["sent again"] += tries - 1
        soak.writes[outcome.result] += 1
        soak.writes["replayed"] += outcome.is_replayed
        if outcome.result == _APPLIED:
            soak.written[system, key] = (phone, changes)
            is_again = outcome.is_replayed or tries > 1
            looking = self._look(_Written(key, phone, changes, began, is_again))
            self._looking[key] = asyncio.create_task(looking)

    async def _send(self, given: dict[str, Any]) -> tuple[_Outcome, int]:
        """Send a write until it is answered for good; one whose outcome is open is asked for. Return how often, too."""
        until = time.monotonic() + _ATTEMPT_SECONDS
        outcome = _Outcome(_NO_ANSWER, None, is_replayed=False, retryable=True)
        chance = self._soak.chance
        patience = chance.uniform(0, _HANG_UP_SECONDS) if chance.random() < _HUNG_UP else None
        for tries in count(1):
            answer = await self._asked(_UPDATE, {"input": given}, patience if tries == 1 else None)
            outcome = outcome if answer is None else _Outcome.of(answer["outcome"])
            is_final = answer is not None and not outcome.retryable and outcome.result != "IDEMPOTENCY_IN_PROGRESS"
            if is_final or outcome.is_open or time.monotonic() > until:
                return await self._look_up_outcome(outcome), tries
            await asyncio.sleep(chance.uniform(0, _PAUSE))
        raise AssertionError("the loop has no end")

    async def _look_up_outcome(self, outcome: _Outcome) -> _Outcome:
        """Return what became of an operation whose outcome is open; one that stays open is left to the gateway."""
        for _ in range(_SETTLE_TRIES):
            if not outcome.is_open or outcome.id is None:
                break
            await asyncio.sleep(2 * _PAUSE)
            self._soak.writes["settled"] += 1
            if (answer := await self._asked(_SETTLE, {"id": outcome.id})) is not None:
                found = _Outcome.of(answer["outcome"])
                outcome = outcome if found.id is None else found._replace(is_replayed=True)
        return outcome

    async def _look(self, written: _Written) -> None:
        """Look for a write in the index: at once, then until it is there or its time is over."""
        soak, tries, until = self._soak, 0, time.monotonic() + _LATEST_SECONDS
        try:
            while not self._is_changed(written):
                if (is_there := await self._is_there(written)) is not None:
                    tries += 1
                if is_there:
                    soak.writes["found at once" if tries == 1 else "found later"] += 1
                    await self._look_again(written)
                    return
                if tries == 1 and not (self._may_be_late(written) or self._is_changed(written)):
                    soak.problems.append(f"{self._system}: {written.key} was answered before the index had it")
                if time.monotonic() > until:
                    soak.writes["lost"] += 1
                    soak.problems.append(f"{self._system}: {written.key} was written, and the index never had it")
                    return
                await asyncio.sleep(_PAUSE)
            soak.writes["changed by churn"] += 1
        finally:
            del self._looking[written.key]

    async def _look_again(self, written: _Written) -> None:
        """Look once more some seconds later: an older read that ends after the write leaves its row alone."""
        await asyncio.sleep(_AGAIN_SECONDS)
        if await self._is_there(written) is False and not self._is_changed(written):
            self._soak.writes["lost again"] += 1
            self._soak.problems.append(f"{self._system}: {written.key} was in the index as written, and then no more")

    async def _is_there(self, written: _Written) -> bool | None:
        """Return whether the customer is found by what was written; None where the question was not answered."""
        answer = await self._asked(_FIND, {"phone": written.phone})
        if not answer or answer.get("customers") is None:
            return None
        mine = encode_id("Customer", self._system, written.key)
        return any(node["id"] == mine for node in answer["customers"]["nodes"])

    def _is_changed(self, written: _Written) -> bool:
        return self._soak.is_changed(self._system, written.key, written.changes)

    def _may_be_late(self, written: _Written) -> bool:
        return written.is_again or written.began < self._soak.faulty.get(self._system, 0.0) + _AFTER_A_FAULT

    async def _asked(
        self, query: str, variables: dict[str, Any], patience: float | None = None
    ) -> dict[str, Any] | None:
        """Return the data of an answer; None where there is none, such as where a worker was killed."""
        body = {"query": query, "variables": variables}
        try:
            async with asyncio.timeout(patience):
                answer = (await self._http.post(self._url, json=body)).json()
        except (httpx.HTTPError, ValueError, TimeoutError):
            self._soak.writes["requests failed" if patience is None else "hung up"] += 1
            return None
        codes = {each["extensions"]["code"] for each in answer.get("errors", [])}
        if codes & {"INTERNAL_SERVER_ERROR", "CATALOG_UNAVAILABLE", "BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}:
            self._soak.problems.append(f"a client that writes was answered {sorted(codes)}")
        return answer.get("data")


async def writes(soak: Soak, url: str, until: float) -> None:
    """Let a client write to each system."""
    async with httpx.AsyncClient(timeout=20) as http:
        writers = [
            Writer(soak, name, http, url, first=1_000_000 * (place + 1)) for place, name in enumerate(soak.box.vendors)
        ]
        await asyncio.gather(*(each.run(until) for each in writers))
