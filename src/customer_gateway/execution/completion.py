"""What turns the values of a type into response values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLNonNull, is_abstract_type, is_leaf_type, is_list_type

from .leaves import LeafCompletion
from .lists import ListCompletion
from .objects import AbstractCompletion, ObjectCompletion
from .output_position import OutputPosition

if TYPE_CHECKING:
    from graphql import GraphQLOutputType

    from .columns import ValueCompletion
    from .output_position import FieldSite
    from .plan import Planner


def completion_of(planner: Planner, site: FieldSite, output_type: GraphQLOutputType) -> ValueCompletion:
    non_null = isinstance(output_type, GraphQLNonNull)
    nullable: Any = output_type.of_type if isinstance(output_type, GraphQLNonNull) else output_type
    place = OutputPosition(site, non_null, non_null and planner.error_propagation)
    if is_list_type(nullable):
        return ListCompletion(place, completion_of(planner, site, nullable.of_type))
    if is_leaf_type(nullable):
        return LeafCompletion(place, nullable)
    if is_abstract_type(nullable):
        return AbstractCompletion(place, planner, nullable)
    return ObjectCompletion(place, planner, nullable)
