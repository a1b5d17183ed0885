"""A small schema behind the real door, with upstream reads that a test can hold, fail and count."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError, build_schema
from httpx import ASGITransport, AsyncClient, Response
from named_callers import ANYONE

from customer_gateway.api.engine import Engine, RequestScope
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.errors import BadUserInput, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.execution import Batched
from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLObjectType, GraphQLSchema

    from customer_gateway.api.engine import ExecutorName

SDL = """
type Query { hello(name: String = "world"): String!  read: String  down: String  broken: String  brittle: String!
             page(first: Int!): String  people(first: Int): [Person!]!  noted: String  again: Query }
type Person { id: ID!  name: String  secret: String }
type Mutation { rename(to: String!): String }
type Subscription { tick: Int }
"""

GRAPHQL = "application/graphql-response+json"


@dataclass
class World:
    """What lies behind the door. Reads wait until `gate` is set, and no longer than the request's deadline."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    reads: list[str] = field(default_factory=list[str])
    renamed: list[str] = field(default_factory=list[str])
    scopes: list[RequestScope] = field(default_factory=list[RequestScope])

    def context(self, scope: RequestScope) -> RequestScope:
        self.scopes.append(scope)
        return scope

    def engine(self, executor: ExecutorName = "breadth", limits: DocumentLimits | None = None) -> Engine:
        return Engine(self.schema(), executor, self.context, limits or DocumentLimits())

    def client(self, settings: HttpSettings | None = None, executor: ExecutorName = "breadth") -> Client:
        app = build_http(self.engine(executor), settings or HttpSettings(), ANYONE)
        return Client(transport=ASGITransport(app), base_url="http://gateway.test")

    def schema(self) -> GraphQLSchema:
        schema = build_schema(SDL)
        query, mutation = schema.query_type, schema.mutation_type
        assert query is not None
        assert mutation is not None
        query.fields["people"].extensions["execution"] = Batched(_people)
        cast("GraphQLObjectType", schema.type_map["Person"]).fields["secret"].extensions["execution"] = Batched(
            _secrets
        )
        resolvers: dict[str, Callable[..., Any]] = {
            "hello": _hello,
            "read": self._read,
            "down": _down,
            "broken": _broken,
            "brittle": _broken,
            "page": _page,
            "people": _first_people,
            "noted": _noted,
            "again": _again,
        }
        for name, resolve in resolvers.items():
            query.fields[name].resolve = resolve
        mutation.fields["rename"].resolve = self._rename
        return schema

    async def _read(self, _source: object, info: Any) -> str:
        self.reads.append(info.context.request_id)
        try:
            async with info.context.deadline.enforce():
                await self.gate.wait()
        except TimeoutError:
            raise UpstreamTimeout("pland", "no answer before the deadline") from None
        return f"read {len(self.reads)}"

    async def _rename(self, _source: object, _info: object, to: str) -> str:
        await self.gate.wait()
        self.renamed.append(to)
        return to


class Client(AsyncClient):
    """Speaks GraphQL to the door, in the media type of this decade."""

    async def ask(self, query: str, headers: dict[str, str] | None = None, **parameters: Any) -> Response:
        body = {"query": query, **parameters}
        return await self.post("/graphql", json=body, headers={"accept": GRAPHQL, **(headers or {})})


def _hello(_source: object, _info: object, name: str | None = None) -> str:
    return f"hello {name}"


async def _down(_source: object, _info: object) -> str:
    raise UpstreamUnavailable("billbee", "connection refused", retry_after_ms=1500)


def _broken(_source: object, _info: object) -> str:
    raise ValueError("the password is hunter2")


def _page(_source: object, _info: object, first: int) -> str:
    if first < 1:
        raise BadUserInput("first must be 1 to 100")
    if first > 100:
        raise GraphQLError("first is far too much", extensions={"code": "BAD_USER_INPUT"})
    return "a page"


def _people(parents: Sequence[object], _context: object, first: int | None = None) -> list[list[dict[str, str]]]:
    return [[{"id": str(n), "name": f"person {n}"} for n in range(first or 2)] for _ in parents]


def _secrets(_parents: Sequence[object], _context: object) -> list[object]:
    raise LookupError("all of them at once")


def _first_people(source: object, info: Any, first: int | None = None) -> list[dict[str, str]]:
    return _people([source], info.context, first)[0]


def _again(_source: object, _info: object) -> dict[str, object]:
    return {}


def _noted(_source: object, info: Any) -> str:
    info.context.extensions["incomplete"] = [{"path": ["noted"], "system": "next"}]
    return "in part"


async def never() -> None:
    """The leaving of one who stays."""
    await asyncio.Event().wait()
