"""graphql-core's executor with the budget of an answer, and with fields that are denied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import Executor, Undefined, is_non_null_type

from customer_gateway.execution.compile.collection import TYPENAME
from customer_gateway.execution.compile.plan import AROUND

from .budget import AnswerTooLarge, length_of

if TYPE_CHECKING:
    from graphql import FieldNode, GraphQLLeafType, GraphQLObjectType, GraphQLOutputType, GraphQLResolveInfo
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.pyutils import Path

    from customer_gateway.execution.compile.collection import Denied

    from .budget import Budget


class FieldPath(NamedTuple):
    """The path of a value, in the interface of `Positions`."""

    path: Path | None

    def field_path(self, index: int) -> Path | None:
        path = self.path
        while path is not None and isinstance(path.key, int):
            path = path.prev
        return path


class _Denials:
    """The fields that one execution denies, and the selections whose error was reported."""

    def __init__(self, denied: Denied | None) -> None:
        self._denied = denied
        self._reported: set[tuple[GraphQLObjectType, int]] = set()

    def denial(self, parent_type: GraphQLObjectType, node: FieldNode) -> Exception | None:
        """Return the error that takes the place of a field, None where it may be read."""
        name = node.name.value
        return None if self._denied is None or name == TYPENAME else self._denied(parent_type, name)

    def is_first(self, parent_type: GraphQLObjectType, node: FieldNode) -> bool:
        """Return whether the field of this selection has not been reported yet."""
        seen = (parent_type, id(node)) in self._reported
        self._reported.add((parent_type, id(node)))
        return not seen


def counting(budget: Budget, denied: Denied | None = None) -> type[Executor[None]]:
    """Return the executor class for one execution: it counts values as it completes them, and begins no more past the
    budget.

    The result is then to be dropped: `budget.error` says why. A field that is `denied` is null, with one error a
    selection.
    """
    denials = _Denials(denied)

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
            node = field_details_list[0].node
            denial = denials.denial(parent_type, node)
            if denial is None:
                return super().execute_field(parent_type, source, field_details_list, path, position_context)
            field_type = self.schema.get_field(parent_type, node.name.value).type  # pyright: ignore[reportOptionalMemberAccess]  the document is valid
            if denials.is_first(parent_type, node) or is_non_null_type(field_type):
                self.handle_field_error(denial, field_type, field_details_list, path)
            return None

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
