"""The fields at the root of an operation, through fragments and aliases, whatever its conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> Mapping[str, str]:
    """Return the names of the fields by their names in the answer: those that merge into one count once."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting: list[SelectionSetNode] = [operation.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                found[(selection.alias or selection.name).value] = selection.name.value
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = fragments.get(selection.name.value)
                waiting += [fragment.selection_set] if fragment else []
    return {alias: name for alias, name in found.items() if not name.startswith("__")}
