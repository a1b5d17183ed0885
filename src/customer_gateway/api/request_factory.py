"""Make the context of each operation: what it selects, by model names, and what its caller may read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from customer_gateway.api.writing import Writing
from customer_gateway.model.required_scopes import redacted_fields
from customer_gateway.system import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from customer_gateway.api.engine import RequestScope
    from customer_gateway.api.writing import WritesCustomers
    from customer_gateway.federation.request import Federation, RequestContext


def request_factory(
    federation: Federation, names: Mapping[str, Mapping[str, str]], operations: WritesCustomers | None = None
) -> Callable[[RequestScope], RequestContext]:
    """Return what makes the context of an operation; `names` are the model names of GraphQL's, by type."""

    # A thousand different selections, each no larger than the schema; operations that read the same fields share one.
    @lru_cache(maxsize=1_000)
    def selection_of(selected: frozenset[tuple[str, frozenset[str]]], redacted: frozenset[str]) -> Selection:
        return Selection(
            {
                type_name: frozenset(names[type_name].get(field, field) or field for field in fields)
                for type_name, fields in selected
                if type_name in names
            },
            redacted,
        )

    def request(scope: RequestScope) -> RequestContext:
        redacted = redacted_fields(scope.rights)

        def selection_below(name: str, levels: int) -> Selection:
            return selection_of(frozenset(scope.fields_below(name, levels).items()), redacted)

        writing = None if operations is None else Writing(operations, scope.asker)
        return federation.request(
            selection_of(frozenset(scope.fields.items()), redacted),
            scope.deadline,
            scope.extensions,
            scope.rights,
            scope.records_read,
            writing,
            selection_below,
        )

    return request
