"""The results of a subscription, one for each event of its source."""

from __future__ import annotations

from asyncio import Event, current_task, get_running_loop, shield
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from graphql import default_field_resolver
from graphql.execution.execute import assert_event_stream
from graphql.pyutils import Path

from customer_gateway.execution.compile.plan import located
from customer_gateway.execution.run.columns import is_awaitable

if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import AsyncIterable, Awaitable, Callable

    from customer_gateway.execution.compile.subscription import SubscribedField
    from customer_gateway.execution.run.result import ExecutionResult
    from customer_gateway.execution.run.run import Run


async def open_source(run: Run, field: SubscribedField) -> AsyncIterable[Any]:
    """Return the events of a subscription, each the root of one execution. Raises GraphQLError where there are none."""
    site = field.site
    path = Path(None, site.response_name, site.parent_type.name)
    try:
        arguments = field.arguments.values(run.variables)
        subscribe = site.definition.subscribe or default_field_resolver
        stream = subscribe(run.root, run.info(site, path), **arguments)
        return assert_event_stream(await stream if is_awaitable(stream) else stream)
    except Exception as error:
        raise located(error, site, path) from error
    finally:
        run.release()


class Events:
    """An asynchronous iterator of results. Closing it, also while an event is awaited, closes the source.

    One task reads the source from its first event to its end: timeouts, task groups and context variables of the
    source belong to the task that they began in. It reads no event before one is requested. A consumer that stops must
    close: the task would wait for ever.
    """

    __slots__ = ("_asked", "_asking", "_closing", "_context", "_end", "_execute", "_reader", "_reading", "_source")

    def __init__(self, source: AsyncIterable[Any], execute: Callable[[Any], Awaitable[ExecutionResult]]) -> None:
        self._source = aiter(source)
        self._execute = execute
        self._context = copy_context()
        self._asked = Event()
        self._asking: Future[ExecutionResult] | None = None
        self._reader: Task[None] | None = None
        self._reading = False
        self._closing = False
        self._end: BaseException = StopAsyncIteration()

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> ExecutionResult:
        """Return the result of the next event. Raises what the source raises, and closes it then."""
        if self._closing:
            raise StopAsyncIteration
        if self._asking is not None:
            raise RuntimeError("Somebody waits for the next event already")
        asking = self._asking = get_running_loop().create_future()
        try:
            if self._begun().done():  # a timeout of the source may end it between two requests
                asking.set_exception(self._end)
            self._asked.set()
            return await asking
        except BaseException:
            await self.aclose()
            raise
        finally:
            self._asking = None

    async def aclose(self) -> None:
        """End the subscription; an event that is awaited then raises StopAsyncIteration. Closing it again waits for the
        same end.
        """
        reader = self._begun()
        if not self._closing:
            self._closing = True
            if self._reading:
                self._reading = False
                reader.cancel()
        await shield(reader)

    def _begun(self) -> Task[None]:
        if self._reader is None:
            self._reader = get_running_loop().create_task(self._read(), context=self._context)
        return self._reader

    async def _read(self) -> None:
        """Read an event whenever one is requested; then close the source, and end what still waits."""
        self._reading = not self._closing
        try:
            while self._reading:
                await self._asked.wait()
                self._asked.clear()
                self._tell(await self._execute(await anext(self._source)))
        except BaseException as error:
            self._end = error
        self._reading = False
        try:
            await self._close()
        finally:
            if self._asking is not None and not self._asking.done():
                self._asking.set_exception(StopAsyncIteration() if self._closing else self._end)

    def _tell(self, result: ExecutionResult) -> None:
        if self._asking is not None and not self._asking.done():
            self._asking.set_result(result)

    async def _close(self) -> None:
        task = current_task()
        if self._closing and task is not None:
            task.uncancel()  # the reading was cancelled, not the closing
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
