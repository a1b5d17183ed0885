"""Answer POST and GET /graphql, on bare ASGI: what is the same for every request is built once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.api.engine import Prepared, RefusedOperation
from customer_gateway.api.error_formatting import request_error
from customer_gateway.api.reply import LATE
from customer_gateway.api.writing import Asker
from customer_gateway.http.callers.authenticator import client_address, logged_name
from customer_gateway.http.graphiql.key_cookie import CSRF_HEADER, with_credential
from customer_gateway.http.hangups import ClientGone, client_left
from customer_gateway.http.idempotency import REPLAYED, check_serves, key_of, refused_status
from customer_gateway.http.negotiation import Media, preferred
from customer_gateway.http.origin import check_origin
from customer_gateway.http.request import (
    RequestInvalid,
    check_content,
    ends_at,
    is_websocket_offer,
    read_body,
    request_of_body,
    request_of_query,
    variables_key,
)
from customer_gateway.http.response import HttpResponse, SharedReply, refusal_of, response_to
from customer_gateway.http.shared_execution import SharedExecution
from customer_gateway.work.shared_call import JoinableCalls

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.api.engine import Engine, Execution
    from customer_gateway.api.reply import Reply
    from customer_gateway.http.callers.audit import ReadAudit
    from customer_gateway.http.callers.authenticator import Authenticator
    from customer_gateway.http.request import GraphQLRequest
    from customer_gateway.http.request_log import RequestLog
    from customer_gateway.http.settings import HttpSettings
    from customer_gateway.model.callers import Caller, Rights
    from customer_gateway.work.deadline import Deadline

    Headers = dict[bytes, bytes]

METHODS: Final = ("GET", "HEAD", "POST")

_FIXED_HEADERS: Final = {
    media: [(b"content-type", media.content_type), (b"vary", b"Accept, Authorization"), (b"cache-control", b"no-store")]
    for media in Media
}

_STREAM_NEEDED: Final = request_error(
    "Subscriptions are not served; ask for the same by a query.", "OPERATION_RESOLUTION_FAILURE", retryable=False
)


class GraphQLEndpoint:
    """Serve GraphQL's path as an ASGI application. `page` is what a browser that asks for HTML gets, if anything.

    One path answers a request (ADR 0020): read, check, authenticate, join or execute, write.
    """

    def __init__(
        self,
        engine: Engine,
        settings: HttpSettings,
        authenticator: Authenticator,
        page: ASGIApp | None,
        audit: ReadAudit | None = None,
    ) -> None:
        self._audit = audit
        self._engine = engine
        self._authenticator = authenticator
        self._settings = settings
        self._origins = frozenset(origin.encode("ascii") for origin in settings.origins)
        self._page = page
        self._in_flight: JoinableCalls[SharedExecution[SharedReply]] = JoinableCalls()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        log: RequestLog = scope["request_log"]
        page = self._page if scope["method"] != "POST" else None
        media = preferred(log.headers.get(b"accept"), page=page is not None)
        if media is Media.HTML and page is not None:
            await page(scope, receive, log.wrap_send(send))
            return
        try:
            response = await self._respond(scope, log, receive, media)
        except ClientGone:
            return
        length = (b"content-length", str(len(response.body)).encode())
        fixed, own = _FIXED_HEADERS[media or Media.JSON], log.record_status(response.status)
        headers = [*fixed, length, *response.headers, *own]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _respond(self, scope: Scope, log: RequestLog, receive: Receive, media: Media | None) -> HttpResponse:
        try:
            log.media = _agreed(scope["method"], media)
            at = ends_at(log.headers, self._settings.deadline_seconds)
            if scope["method"] == "POST":
                return await self._post(scope, receive, at, log)
            return await self._get(scope, receive, at, log)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is raised is answered and logged
            return response_to(error, log, media)

    async def _post(self, scope: Scope, receive: Receive, at: float, log: RequestLog) -> HttpResponse:
        check_content(log.headers)
        try:
            async with asyncio.timeout_at(at):
                body = await read_body(receive, log.headers.get(b"content-length"), self._settings.body_bytes)
        except TimeoutError:
            message = "The body did not arrive in time; send the request again."
            raise RequestInvalid(408, message, headers=((b"connection", b"close"),)) from None
        caller = await self._caller_of(scope, at, log)
        return await self._wait(self._execution_of(body, caller, at, log), caller, at, receive, log)

    async def _get(self, scope: Scope, receive: Receive, at: float, log: RequestLog) -> HttpResponse:
        headers = log.headers
        if is_websocket_offer(headers):
            raise RequestInvalid(400, "There is no WebSocket here; ask by POST, a request at a time.")
        check_origin(headers, self._origins)
        request = request_of_query(scope["query_string"], self._settings.url_bytes)
        caller = await self._caller_of(scope, at, log)
        prepared = self._prepare(request, caller)
        if prepared.operation_type == "mutation":
            raise RequestInvalid(405, "A mutation is not served by GET; use POST.", headers=((b"allow", b"POST"),))
        return await self._wait(self._begin(request, caller, at, log), caller, at, receive, log)

    async def _caller_of(self, scope: Scope, at: float, log: RequestLog) -> Caller:
        """Return who asks, which stands before anything is joined. Raises Unauthenticated, or CredentialUnchecked."""
        headers: Mapping[bytes, bytes] = log.headers
        if CSRF_HEADER in headers and self._page is not None and scope["method"] == "POST":
            headers = with_credential(headers)
        caller = await self._authenticator.caller_until(at, headers, client_address(scope))
        log.notes["caller"] = logged_name(caller)
        return caller

    def _prepare(self, request: GraphQLRequest, caller: Caller) -> Prepared | RefusedOperation:
        suggestions = "schema:read" in caller.rights.scopes
        return self._engine.prepare(request.document, request.operation_name, suggestions=suggestions)

    def _execution_of(
        self, body: bytes, caller: Caller, at: float, log: RequestLog
    ) -> SharedExecution[SharedReply] | RefusedOperation:
        """Return what will answer a POST of that body. Raises RequestInvalid."""
        key: Hashable = (body, caller.rights)
        found = self._found(key, at)
        if found is not None:
            return found
        begun = self._begin(request_of_body(body), caller, at, log)
        if not isinstance(begun, RefusedOperation) and not begun.personal:
            self._in_flight.let_join(key, begun)
        return begun

    def _begin(
        self, request: GraphQLRequest, caller: Caller, at: float, log: RequestLog
    ) -> SharedExecution[SharedReply] | RefusedOperation:
        """Return the execution that will answer the request: an identical one in flight, else a new one."""
        prepared = self._prepare(request, caller)
        if isinstance(prepared, RefusedOperation):
            return prepared
        if prepared.operation_type == "subscription":
            return RefusedOperation("operation", [_STREAM_NEEDED])
        asker = Asker(f"{caller.kind}:{caller.name}")
        operation = _Operation(self._engine, prepared, request.variables, caller.rights, log.request_id, asker)
        if prepared.operation_type == "mutation":
            asker.idempotency_key = key_of(log.headers.get(b"idempotency-key"))
            if asker.idempotency_key is not None:
                check_serves(prepared.root_fields)
            execution = SharedExecution(at, operation.run, alone=True)
            self._in_flight.let_join(execution, execution)  # none asks for that key; it keeps the task alive
            return execution
        who = asker.actor if prepared.is_personal else None
        key: Hashable = (prepared.compiled, variables_key(request.variables), caller.rights, who)
        execution = self._found(key, at)
        if execution is None:
            execution = SharedExecution(at, operation.run, operation.so_far, personal=prepared.is_personal)
            self._in_flight.let_join(key, execution)
        return execution

    def _found(self, key: Hashable, at: float) -> SharedExecution[SharedReply] | None:
        execution = self._in_flight.find(key)
        return execution if execution is not None and execution.takes(at) else None

    async def _wait(
        self,
        found: SharedExecution[SharedReply] | RefusedOperation,
        caller: Caller,
        at: float,
        receive: Receive,
        log: RequestLog,
    ) -> HttpResponse:
        if isinstance(found, RefusedOperation):
            return refusal_of(found, log)
        leaving = partial(client_left, receive)
        try:
            shared = await found.reply(at, self._settings.grace_seconds, leaving)
        except TimeoutError:
            shared = await found.so_far() or SharedReply(LATE, None, None)
        if shared.operation_type is not None:
            log.notes["operation"] = shared.operation_type
        if self._audit is not None and shared.reply.read is not None:
            self._audit.note(log.request_id, caller, shared.reply.read)
        headers = (REPLAYED,) if shared.reply.replayed else ()
        if shared.whole is not None:
            return HttpResponse(200, shared.whole, headers)
        log.record_errors(shared.reply.errors)
        if (refused := refused_status(shared.reply.errors)) is not None:
            return HttpResponse(refused, replace(shared.reply, data=None).encode(log.request_id))
        return HttpResponse(self._status(shared.reply, log.media), shared.reply.encode(log.request_id), headers)

    def _status(self, reply: Reply, media: Media) -> int:
        if reply.stage == "failed":
            return 500
        if media is Media.JSON:
            return 200
        return 422 if reply.stage == "variables" else self._settings.partial_status


class _Operation:
    """Execute a request's operation, for all requests that are identical, of callers with the same rights."""

    def __init__(
        self,
        engine: Engine,
        prepared: Prepared,
        variables: dict[str, Any] | None,
        rights: Rights,
        request_id: str,
        asker: Asker,
    ) -> None:
        self._engine = engine
        self._prepared = prepared
        self._variables = variables
        self._rights = rights
        self._request_id = request_id
        self._asker = asker
        self._execution: Execution | None = None

    async def run(self, deadline: Deadline) -> SharedReply:
        self._execution = self._engine.begin(
            self._prepared,
            self._variables,
            rights=self._rights,
            deadline=deadline,
            request_id=self._request_id,
            asker=self._asker,
        )
        return self._shared(await self._execution.run())

    async def so_far(self) -> SharedReply:
        """Return what has been read by now; nothing where the execution has not even begun."""
        return self._shared(LATE if self._execution is None else await self._execution.so_far())

    def _shared(self, reply: Reply) -> SharedReply:
        whole = None if reply.errors else reply.encode(self._request_id)
        return SharedReply(reply, whole, self._prepared.operation_type)


def _agreed(method: str, media: Media | None) -> Media:
    """Return the media type of the answer. Raises RequestInvalid (405, 406) where none is served."""
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
