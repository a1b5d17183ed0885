"""Where the events of a subscription come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, default_field_resolver
from graphql.execution.execute import assert_event_stream
from graphql.pyutils import Path

from .kinds import is_awaitable
from .output_position import FieldSite, located
from .variables import arguments_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from graphql import GraphQLObjectType

    from .collection import Collector
    from .run import Run


class Source:
    """The field of a subscription, bound to what opens its stream of events."""

    def __init__(self, site: FieldSite, *, hide_suggestions: bool) -> None:
        self._site = site
        self._arguments = arguments_of(site, hide_suggestions=hide_suggestions)
        self._subscribe = site.definition.subscribe or default_field_resolver

    async def open(self, run: Run) -> AsyncIterable[Any]:
        """Return the events, each the root of one execution. Raises GraphQLError where there is no stream of them."""
        site = self._site
        path = Path(None, site.response_name, site.parent_type.name)
        try:
            arguments = self._arguments.values(run.variables)
            stream = self._subscribe(run.root, run.info(site, path), **arguments)
            return assert_event_stream(await stream if is_awaitable(stream) else stream)
        except Exception as error:
            raise located(error, site, path) from error


def source_of(collector: Collector, root_type: GraphQLObjectType) -> Source:
    """Return the source of the operation's first field. Raises GraphQLError where there is none."""
    for response_name, details in collector.root(root_type).grouped_field_set.items():
        name = details[0].node.name.value
        nodes = [detail.node for detail in details]
        definition = collector.schema.get_field(root_type, name)
        if definition is None:
            raise GraphQLError(f"The subscription field '{name}' is not defined.", nodes)
        site = FieldSite(response_name, name, root_type, definition, details, nodes, 0)
        return Source(site, hide_suggestions=collector.hide_suggestions)
    raise GraphQLError("The subscription selects no field.", collector.operation)
