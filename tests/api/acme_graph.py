"""The gateway's own schema over made-up systems, run by either executor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from federation.fake_system import ACME, federation

from customer_gateway.api.engine import Engine, Prepared, RequestScope
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.schema import build_schema, unified_names
from customer_gateway.federation.request import RequestContext
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.system import Selection
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from federation.fake_system import Acme

    from customer_gateway.api.engine import Execution, ExecutorName
    from customer_gateway.api.reply import Reply
    from customer_gateway.federation.customer import Links
    from customer_gateway.model.catalog import CustomerIndex

SCHEMA = build_schema([ACME])
NAMES = unified_names(SCHEMA)


class Graph:
    """One gateway; each `ask` is a request of its own."""

    def __init__(
        self,
        executor: ExecutorName,
        *systems: Acme,
        seconds: float = 5,
        links: Links | None = None,
        index: CustomerIndex | None = None,
    ) -> None:
        self._seconds = seconds
        self._federation = replace(federation(*systems, links=links), index=index)
        self._engine = Engine(SCHEMA, executor, self._request, DocumentLimits(), so_far=RequestContext.so_far)

    def begin(self, document: str, **variables: Any) -> Execution:
        """An execution that does not run yet; a document that is refused fails the test."""
        prepared = self._engine.prepare(document, None)
        assert isinstance(prepared, Prepared), prepared
        return self._engine.begin(
            prepared, variables, rights=EVERY_RIGHT, deadline=Deadline.after(self._seconds), request_id="r1"
        )

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer; a document that is refused fails the test."""
        return answer_of(await self.begin(document, **variables).run())

    async def data(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def errors(self, document: str, **variables: Any) -> list[tuple[list[str | int], str]]:
        """Path and code of each error, in the order of the paths."""
        answer = await self.ask(document, **variables)
        found = [(error["path"], error["extensions"]["code"]) for error in answer.get("errors", [])]
        return sorted(found, key=str)

    def _request(self, scope: RequestScope) -> RequestContext:
        selection = {
            kind: frozenset(NAMES[kind].get(name, name) for name in told) for kind, told in scope.fields.items()
        }
        return self._federation.request(Selection(selection), scope.deadline, scope.extensions)


def answer_of(reply: Reply) -> dict[str, Any]:
    """The body as a client reads it."""
    return orjson.loads(reply.encode("r1"))
