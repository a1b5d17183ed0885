"""The field of a subscription."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLError
from graphql.pyutils import Path

from .plan import FieldSite, located
from .variables import Arguments, arguments_of

if TYPE_CHECKING:
    from graphql import GraphQLObjectType

    from .collection import Collector


class SubscribedField(NamedTuple):
    """The field that gives the events of a subscription, with its arguments."""

    site: FieldSite
    arguments: Arguments


def subscribed_field(collector: Collector, root_type: GraphQLObjectType) -> SubscribedField:
    """Return the field that gives the events of a subscription, its first. Raises GraphQLError where there is none."""
    for response_name, details in collector.root(root_type).grouped_field_set.items():
        name = details[0].node.name.value
        nodes = [detail.node for detail in details]
        definition = collector.schema.get_field(root_type, name)
        if definition is None:
            raise GraphQLError(f"The subscription field '{name}' is not defined.", nodes)
        site = FieldSite(response_name, name, root_type, definition, details, nodes, 0)
        denial = collector.denial(root_type, name)
        if denial is not None:
            raise located(denial, site, Path(None, response_name, root_type.name))
        return SubscribedField(site, arguments_of(site, hide_suggestions=collector.hide_suggestions))
    raise GraphQLError("The subscription selects no field.", collector.operation)
