"""Read a customer as a writer needs it: whole, by its key, and exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.documents import exact
from customer_gateway.documents.contact_data import dialling_region
from customer_gateway.documents.record import is_object
from customer_gateway.documents.writing import Present
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.documents.writing import Choice, Resource, Writes
    from customer_gateway.systems.adapter import Api
    from customer_gateway.work.deadline import Deadline


class Writer:
    """The writable documents of one system."""

    def __init__(self, api: Api, writes: Writes) -> None:
        self._api = api
        self.writes = writes

    async def read(
        self, key: str, deadline: Deadline, choices: Mapping[str, Sequence[Choice]] | None = None
    ) -> Present | None:
        """Return a customer's document as it stands, with the parts that calls of their own answer; None for an
        unknown key.

        Raises `UpstreamError`; a document that cannot be sent back as it came is an `UpstreamBadResponse`.
        """
        document = await self._document(self.writes.resources[""], key, deadline)
        if document is None:
            return None
        parts = [name for name, resource in self.writes.resources.items() if name and resource.read]
        for name in parts:
            document = {**document, name: await self._document(self.writes.resources[name], key, deadline)}
        return self.present(document, choices)

    def present(self, document: dict[str, Any], choices: Mapping[str, Sequence[Choice]] | None = None) -> Present:
        """Return a document as it stands; an empty one is that of a customer to be made."""
        unregioned = Present(document, self._api.reading)
        stated = unregioned.at(self.writes.country).value if self.writes.country else None
        region = dialling_region(stated if isinstance(stated, str) else None, self._api.reading)
        return Present(document, self._api.reading, region, choices or {})

    async def _document(self, resource: Resource, key: str, deadline: Deadline) -> dict[str, Any] | None:
        template = resource.read
        path = template.replace("{key}", self.writes.path_of(key))
        call = Call("GET", path, template=template, idempotent=True, missing_is_none=True, decode=exact.decode)
        answer = (await self._api.client.call(call, deadline)).document
        found = None if answer is None else resource.unwrap(answer)
        if found is not None and not is_object(found):
            raise self._api.refused(f"GET {template} did not answer an entity")
        return found
