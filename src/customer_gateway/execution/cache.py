"""A bounded cache of compiled operations."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from .operation import compile_operation, document_hash

if TYPE_CHECKING:
    from collections.abc import Collection

    from graphql import ASTValidationRule, GraphQLSchema

    from .operation import CompiledOperation


class OperationCache:
    """The operations of one schema, by the hash of their document and their name; the least lately used goes first."""

    def __init__(
        self,
        schema: GraphQLSchema,
        maxsize: int,
        validate_rules: Collection[type[ASTValidationRule]] | None = None,
        *,
        max_tokens: int | None = None,
        hide_suggestions: bool = False,
    ) -> None:
        self._schema = schema
        self._maxsize = maxsize
        self._validate_rules = validate_rules
        self._max_tokens = max_tokens
        self._hide_suggestions = hide_suggestions
        self._operations: OrderedDict[tuple[str, str | None], CompiledOperation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._operations)

    def get(self, document_text: str, operation_name: str | None = None) -> CompiledOperation:
        """The operation, compiled now if it is new. Raises OperationRejected; refusals are not kept."""
        key = (document_hash(document_text), operation_name)
        known = self._operations.get(key)
        if known is None:
            known = self._operations[key] = compile_operation(
                self._schema,
                document_text,
                operation_name,
                self._validate_rules,
                max_tokens=self._max_tokens,
                hide_suggestions=self._hide_suggestions,
            )
            if len(self._operations) > self._maxsize:
                self._operations.popitem(last=False)
        self._operations.move_to_end(key)
        return known
