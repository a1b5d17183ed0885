"""POST and GET /graphql, on bare ASGI: what is the same for every request is built once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

from customer_gateway.api.engine import Prepared, RefusedOperation
from customer_gateway.api.formatting import MASK, plain, stamped
from customer_gateway.api.reply import LATE
from customer_gateway.http.answer import Answer, Landed, headers_of
from customer_gateway.http.hangups import ClientGone, client_left
from customer_gateway.http.negotiation import Media, is_json, preferred
from customer_gateway.http.origin import check_origin
from customer_gateway.http.reading import (
    ParametersInvalid,
    PersistedQueryUnknown,
    RequestInvalid,
    is_websocket_offer,
    read_body,
    request_of_body,
    request_of_query,
    timeout_seconds,
    variables_key,
)
from customer_gateway.http.shared_execution import SharedExecution
from customer_gateway.work.shared_call import CallsInFlight

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.api.engine import Engine, Execution
    from customer_gateway.api.reply import Reply
    from customer_gateway.http.reading import GraphQLRequest
    from customer_gateway.http.settings import HttpSettings
    from customer_gateway.http.visit import Visit
    from customer_gateway.work.deadline import Deadline

    Headers = dict[bytes, bytes]

METHODS: Final = ("GET", "HEAD", "POST")

_REFUSED_STATUS: Final = {"parse": 400, "limits": 422, "validation": 422, "operation": 422}
_STREAM_NEEDED: Final = plain(
    "Subscriptions are not served; ask for the same by a query.", "OPERATION_RESOLUTION_FAILURE", retryable=False
)

_log = structlog.get_logger("customer_gateway.http")


class GraphQLEndpoint:
    """ASGI application of GraphQL's path. `page` is what a browser that asks for HTML gets, if anything."""

    def __init__(self, engine: Engine, settings: HttpSettings, page: ASGIApp | None) -> None:
        self._engine = engine
        self._settings = settings
        self._page = page
        self._in_flight: CallsInFlight[SharedExecution[Landed]] = CallsInFlight()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit: Visit = scope["visit"]
        page = self._page if scope["method"] != "POST" else None
        media = preferred(visit.headers.get(b"accept"), page=page is not None)
        if media is Media.HTML and page is not None:
            await page(scope, receive, visit.heard(send))
            return
        try:
            answer = await self._answer(scope, visit, receive, media)
        except ClientGone:
            return
        headers = headers_of(answer, media or Media.JSON, visit)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, visit: Visit, receive: Receive, media: Media | None) -> Answer:
        try:
            visit.media = _agreed(scope["method"], media)
            at = self._until(visit.headers)
            if scope["method"] == "POST":
                return await self._post(receive, at, visit)
            return await self._get(scope["query_string"], receive, at, visit)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001  the last net
            return _answer_to(error, visit, media)

    async def _post(self, receive: Receive, at: float, visit: Visit) -> Answer:
        _check_form(visit.headers)
        try:
            async with asyncio.timeout_at(at):
                body = await read_body(receive, visit.headers.get(b"content-length"), self._settings.body_bytes)
        except TimeoutError:
            message = "The body did not arrive in time; send the request again."
            raise RequestInvalid(408, message, headers=((b"connection", b"close"),)) from None
        credentials = _authenticate(visit.headers)
        return await self._wait(self._execution_of(body, credentials, at, visit), at, receive, visit)

    async def _get(self, query_string: bytes, receive: Receive, at: float, visit: Visit) -> Answer:
        headers = visit.headers
        if is_websocket_offer(headers):
            raise RequestInvalid(400, "There is no WebSocket here; ask by POST, a request at a time.")
        check_origin(headers)
        request = request_of_query(query_string, self._settings.url_bytes)
        prepared = self._engine.prepare(request.document, request.operation_name)
        if prepared.operation_type == "mutation":
            raise RequestInvalid(405, "A mutation is not served by GET; use POST.", headers=((b"allow", b"POST"),))
        credentials = _authenticate(headers)
        return await self._wait(self._begin(request, credentials, at, visit), at, receive, visit)

    def _execution_of(
        self, body: bytes, credentials: bytes | None, at: float, visit: Visit
    ) -> SharedExecution[Landed] | RefusedOperation:
        """Return what will answer a POST of that body. Raises RequestInvalid."""
        key: Hashable = (body, credentials)
        found = self._found(key, at)
        if found is not None:
            return found
        begun = self._begin(request_of_body(body), credentials, at, visit)
        if not isinstance(begun, RefusedOperation) and not begun.alone:
            self._in_flight.share(key, begun)
        return begun

    def _begin(
        self, request: GraphQLRequest, credentials: bytes | None, at: float, visit: Visit
    ) -> SharedExecution[Landed] | RefusedOperation:
        """Return the execution that will answer the request: an identical one in flight, else a new one."""
        prepared = self._engine.prepare(request.document, request.operation_name)
        if isinstance(prepared, RefusedOperation):
            return prepared
        if prepared.operation_type == "subscription":
            return RefusedOperation("operation", [_STREAM_NEEDED])
        work = _Work(self._engine, prepared, request.variables, visit.request_id)
        if prepared.operation_type == "mutation":
            execution = SharedExecution(at, work.run, alone=True)
            self._in_flight.share(execution, execution)  # none asks for that key; it keeps the task alive
            return execution
        key: Hashable = (prepared.compiled, variables_key(request.variables), credentials)
        execution = self._found(key, at)
        if execution is None:
            execution = SharedExecution(at, work.run, work.so_far)
            self._in_flight.share(key, execution)
        return execution

    def _found(self, key: Hashable, at: float) -> SharedExecution[Landed] | None:
        execution = self._in_flight.find(key)
        return execution if execution is not None and execution.takes(at) else None

    def _until(self, headers: Headers) -> float:
        """When the time of a request is over, on the loop's clock. Raises RequestInvalid."""
        seconds = timeout_seconds(headers.get(b"x-request-timeout"), self._settings.deadline_seconds)
        return asyncio.get_running_loop().time() + seconds

    async def _wait(
        self, found: SharedExecution[Landed] | RefusedOperation, at: float, receive: Receive, visit: Visit
    ) -> Answer:
        if isinstance(found, RefusedOperation):
            return _refusal(found, visit)
        leaving = partial(client_left, receive)
        try:
            landed = await found.reply(at, self._settings.grace_seconds, leaving)
        except TimeoutError:
            landed = await found.so_far() or Landed(LATE, None, None)
        if landed.operation_type is not None:
            visit.notes["operation"] = landed.operation_type
        if landed.whole is not None:
            return Answer(200, landed.whole)
        visit.told(landed.reply.errors)
        return Answer(self._status(landed.reply, visit.media), landed.reply.encode(visit.request_id))

    def _status(self, reply: Reply, media: Media) -> int:
        if reply.stage == "failed":
            return 500
        if media is Media.JSON:
            return 200
        return 422 if reply.stage == "variables" else self._settings.partial_status


class _Work:
    """The execution of a request's operation, for all who ask the same."""

    def __init__(self, engine: Engine, prepared: Prepared, variables: dict[str, Any] | None, request_id: str) -> None:
        self._engine = engine
        self._prepared = prepared
        self._variables = variables
        self._request_id = request_id
        self._execution: Execution | None = None

    async def run(self, deadline: Deadline) -> Landed:
        self._execution = self._engine.begin(
            self._prepared, self._variables, deadline=deadline, request_id=self._request_id
        )
        return self._landed(await self._execution.run())

    async def so_far(self) -> Landed:
        """What has been read by now; nothing where the execution has not even begun."""
        return self._landed(LATE if self._execution is None else await self._execution.so_far())

    def _landed(self, reply: Reply) -> Landed:
        whole = None if reply.errors else reply.encode(self._request_id)
        return Landed(reply, whole, self._prepared.operation_type)


def _agreed(method: str, media: Media | None) -> Media:
    """The media type of the answer. Raises RequestInvalid (405, 406) where there is nothing to agree on."""
    if method not in METHODS:
        allow = ", ".join(METHODS)
        raise RequestInvalid(
            405, f"This method is not served here; use {allow}.", headers=((b"allow", allow.encode()),)
        )
    if media is None:
        raise RequestInvalid(
            406, f"Accept allows no answer that is served; name {Media.GRAPHQL.value} or {Media.JSON.value} in it."
        )
    return media


def _authenticate(headers: Headers) -> bytes | None:
    """Return what the caller is known by. Today all are anonymous, and share work where they sent the same."""
    return headers.get(b"authorization")


def _check_form(headers: Headers) -> None:
    """Raises RequestInvalid (415) where the body is not to be read."""
    if not is_json(headers.get(b"content-type")):
        raise RequestInvalid(
            415, "The body is not told to be JSON in UTF-8; send it as Content-Type: application/json."
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestInvalid(415, "The body is compressed; send it without Content-Encoding.")


def _answer_to(error: Exception, visit: Visit, media: Media | None) -> Answer:
    """What is told of a request that cannot be served. A mistake of ours is logged here, and masked for the client."""
    if isinstance(error, RequestInvalid):
        status = _status_of(error, media)
        visit.notes["refused"] = "request"
        return Answer(status, _errors_body([plain(error.message, error.code)], visit), error.headers)
    _log.exception("request failed")
    return Answer(500, _errors_body([plain(MASK, "INTERNAL_SERVER_ERROR")], visit))


def _status_of(error: RequestInvalid, media: Media | None) -> int:
    if media is not Media.JSON or not isinstance(error, ParametersInvalid):
        return error.status
    return (
        200 if isinstance(error, PersistedQueryUnknown) else 400
    )  # clients that look for it take 400 for a broken way


def _refusal(refused: RefusedOperation, visit: Visit) -> Answer:
    status = 200 if visit.media is Media.JSON else _REFUSED_STATUS[refused.stage]
    visit.notes["refused"] = refused.stage
    return Answer(status, _errors_body(refused.errors, visit))


def _errors_body(errors: list[dict[str, Any]], visit: Visit) -> bytes:
    visit.told(errors)
    return orjson.dumps({"errors": stamped(errors, visit.request_id)})
