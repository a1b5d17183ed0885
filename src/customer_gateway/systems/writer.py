"""Write the customers of one system: read one whole, send calls, find one again whose creation was not answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents import exact
from customer_gateway.documents.changes import same, shows, value_at
from customer_gateway.documents.contact_data import dialling_region
from customer_gateway.documents.dates import read_moment
from customer_gateway.documents.naming import places_named
from customer_gateway.documents.record import is_object
from customer_gateway.documents.writing import Present
from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.system import SendResult
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.choices import Choice, ChoiceList
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Resource, Writes
    from customer_gateway.errors import UpstreamError
    from customer_gateway.system import CreateTrace
    from customer_gateway.systems.adapter import Api
    from customer_gateway.wire import Answer
    from customer_gateway.work.deadline import Deadline

_NOT_FOUND: Final = 404
SKEW: Final = timedelta(seconds=60)
"""How far a vendor's clock may be behind: its stamp of a new customer may be that much older than the call."""


@dataclass(frozen=True, slots=True)
class Lists:
    """How a vendor's lists are asked for by its writer.

    `choices` gives the rows of a list of which fields hold ids. `created` gives customers among which the one is that a
    body made after a moment; None where the body has nothing to look for. With `compares` it cannot ask by time: what
    was there before is asked for beforehand, and its rows need no more than the key.
    """

    created: Callable[[Document, datetime | None, Deadline], Awaitable[Sequence[Document] | None]]
    choices: Callable[[ChoiceList, Deadline], Awaitable[Sequence[object]]] | None = None
    compares: bool = False


class Writer:
    """Writes the documents of one system's customers (`system.CustomerWriter`)."""

    def __init__(self, api: Api, writes: Writes, lists: Lists) -> None:
        self._api = api
        self._lists = lists
        self.writes = writes

    async def read(
        self, key: str, deadline: Deadline, choices: Mapping[str, Sequence[Choice]] | None = None
    ) -> Present | None:
        """Return a customer's document as it stands, with the parts that calls of their own answer; None for an
        unknown key.

        Raises `UpstreamError`; a document that cannot be sent back as it came is an `UpstreamBadResponse`.
        """
        document = await self._customer(key, deadline)
        if document is None:
            return None
        answers: dict[str, Any] = {}
        for name in self.writes.parts:
            resource = self.writes.resources[name]
            answer = await self._answer(resource, key, deadline)
            document, answers[name] = {**document, name: self._entity(resource, answer)}, answer.document
        return replace(self.present(document, choices), answers=answers)

    def present(self, document: Document, choices: Mapping[str, Sequence[Choice]] | None = None) -> Present:
        """Return a document as it stands; an empty one is that of a customer to be made."""
        unregioned = Present(document, self._api.context)
        stated = unregioned.at(self.writes.country).value if self.writes.country else None
        region = dialling_region(stated if isinstance(stated, str) else None, self._api.context)
        return Present(document, self._api.context, region, choices or {})

    async def choices(self, places: Iterable[str], deadline: Deadline) -> Mapping[str, Sequence[Choice]]:
        """Return what those of the places may be that hold an id of a list; other places are left out.

        So are those whose list this installation does not have: the vendor alone judges what is written there.
        """
        listed = {place: self.writes.lists[place] for place in places if place in self.writes.lists}
        found = {place: await self._entries(each, deadline) for place, each in listed.items()}
        return {place: entries for place, entries in found.items() if entries is not None}

    async def send(
        self,
        method: str,
        path: str,
        template: str,
        body: bytes,
        deadline: Deadline,
        last_check: Callable[[], str | None] | None = None,
    ) -> SendResult:
        """Send a call that writes, once; a refusal is an `UpstreamBadResponse` with the vendor's `explanation`.

        `last_check` is asked when its turn has come: it says why the call must not be sent any more, None if it may.
        """
        sent = None if method == "DELETE" else body
        call = Call(method, path, body=sent, template=template, explain=True, last_check=last_check)
        answer = (await self._api.client.call(call, deadline)).document
        customer = self.writes.resources[""]
        if (method, template) != customer.create:
            return SendResult()
        made = customer.unwrap(answer)
        key = self.writes.key_of(made) if is_object(made) else None
        if key is None:
            raise self._api.refused(f"{method} {template} did not answer the customer that it made")
        return SendResult(key)

    def named_places(self, failure: UpstreamError) -> Sequence[str]:
        """Return the places of the document that a vendor's refusal names."""
        return places_named(self.writes, self.writes.named(failure.explanation))

    async def search_before(self, body: Document, deadline: Deadline) -> Sequence[str]:
        """Return the keys that a search finds before a customer is made, where only a comparison tells; else none."""
        return self._keys(await self._lists.created(body, None, deadline) or ()) if self._lists.compares else ()

    async def find_created(self, trace: CreateTrace, deadline: Deadline) -> Sequence[str] | None:
        """Return the keys of customers that the creation may have made; None where the vendor has no way to tell.

        What the search tells of it (`Writes.traces`) is what was sent, and it is no older than the call; read by its
        key, it shows all that was sent, as one of the same name that somebody else has made may not. Raises
        `UpstreamError` where one of them cannot be read: it may be the one.
        """
        since = trace.since - SKEW
        rows = await self._lists.created(trace.body, since, deadline)
        if rows is None:
            return None
        if self._lists.compares:
            new = [key for key in self._keys(rows) if key not in trace.before]
        else:
            new = self._keys(row for row in rows if self._is_since(row, since) and self._is_alike(row, trace.body))
        return [key for key in new if await self._is_shown(key, trace.body, deadline)]

    def _keys(self, rows: Iterable[Document]) -> list[str]:
        return [key for row in rows if (key := self.writes.key_of(row)) is not None]

    def _is_since(self, row: Document, since: datetime) -> bool:
        created = read_moment(value_at(row, self.writes.created), self.writes.created, self._api.context)
        return created is not None and created >= since

    def _is_alike(self, row: Document, body: Document) -> bool:
        return all(same(row.get(name), body[name]) for name in self.writes.traces if body.get(name) is not None)

    async def _is_shown(self, key: str, body: Document, deadline: Deadline) -> bool:
        """Return whether a customer's document has what a creation sent; parts with calls of their own are left out."""
        document = await self._customer(key, deadline) or {}
        apart = {*self.writes.server_made, *(part.inline for part in self.writes.resources.values())}
        members = [name for name in self.writes.record.by_vendor_name if name in body and name not in apart]
        return all(shows(value_at(document, name), body[name]) for name in members)

    async def _entries(self, each: ChoiceList, deadline: Deadline) -> Sequence[Choice] | None:
        if not each.path or self._lists.choices is None:
            return each.closed
        try:
            return each.entries(await self._lists.choices(each, deadline))
        except UpstreamBadResponse as failure:
            if failure.status != _NOT_FOUND:
                raise
            return None

    async def _customer(self, key: str, deadline: Deadline) -> dict[str, Any] | None:
        """Return a customer's document; None for an unknown key. That of another customer is refused: sent back, it
        would overwrite this one.
        """
        customer = self.writes.resources[""]
        document = self._entity(customer, await self._answer(customer, key, deadline))
        found = None if document is None else self.writes.key_of(document)
        if found is not None and _comparable(found) != _comparable(key):
            raise self._api.refused(f"GET {customer.read} did not answer the entity that was asked for")
        return document

    async def _answer(self, resource: Resource, key: str, deadline: Deadline) -> Answer:
        template = resource.read
        path = template.replace("{key}", self.writes.path_of(key))
        call = Call(
            "GET", path, resource.query, template=template, idempotent=True, missing_is_none=True, decode=exact.decode
        )
        return await self._api.client.call(call, deadline)

    def _entity(self, resource: Resource, answer: Answer) -> dict[str, Any] | None:
        """Return the document of an answer; None where a 404 says that there is none, or a list that holds none.

        Any other answer without an entity proves nothing, and is refused.
        """
        if answer.status == _NOT_FOUND:
            return None
        found = resource.unwrap(answer.document)
        if is_object(found) or (found is None and resource.may_lack):
            return found
        raise self._api.refused(f"GET {resource.read} did not answer an entity")


def _comparable(key: str) -> Sequence[str]:
    """Return the parts of a key as vendors take them for the same: without blanks, case and leading zeros."""
    return [part.strip().lstrip("0").casefold() for part in key.split("/")]
