"""graphql-core's executor with the budget of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import Executor, Undefined

from customer_gateway.execution.compile.plan import AROUND

from .budget import AnswerTooLarge, length_of

if TYPE_CHECKING:
    from graphql import GraphQLLeafType, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.pyutils import Path

    from .budget import Budget


class FieldPath(NamedTuple):
    """The path of a value, in the interface of `Positions`."""

    path: Path | None

    def field_path(self, index: int) -> Path | None:
        path = self.path
        while path is not None and isinstance(path.key, int):
            path = path.prev
        return path


def counting(budget: Budget) -> type[Executor[None]]:
    """Return the executor class for one execution: it counts values as it completes them, and begins no more past the
    budget.

    The result is then to be dropped: `budget.error` says why.
    """

    def spent(path: Path | None, values: int, characters: int) -> bool:
        try:
            budget.charge(values, characters, FieldPath(path))
        except AnswerTooLarge:
            return True
        return False

    class CountingExecutor(Executor[None]):
        def execute_field(
            self,
            parent_type: GraphQLObjectType,
            source: Any,
            field_details_list: FieldDetailsList,
            path: Path,
            position_context: None,
        ) -> Any:
            if spent(path.prev, 1, len(str(path.key)) + AROUND):
                return Undefined
            return super().execute_field(parent_type, source, field_details_list, path, position_context)

        @staticmethod
        def complete_leaf_value(return_type: GraphQLLeafType, result: Any) -> Any:
            completed = Executor.complete_leaf_value(return_type, result)
            return None if spent(None, 0, length_of(completed)) else completed

        def complete_list_item_value(
            self,
            item: Any,
            complete_results: list[Any],
            item_type: GraphQLOutputType,
            field_details_list: FieldDetailsList,
            info: GraphQLResolveInfo[Any],
            item_path: Path,
            position_context: None,
        ) -> bool:
            if spent(item_path, 1, 1):
                complete_results.append(None)
                return False
            return super().complete_list_item_value(
                item, complete_results, item_type, field_details_list, info, item_path, position_context
            )

    return CountingExecutor
