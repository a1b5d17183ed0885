"""Both executors on one operation, and what must be the same.

graphql-core is the reference. The data must be equal. The errors must be equal outside of subtrees that an error made
null; inside such a subtree graphql-core reports whichever sibling failed first, so there at least one error is wanted,
and every one must be among those of a run that reports all (the operation with error propagation disabled).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    NameNode,
    OperationDefinitionNode,
    execute,
    parse,
    subscribe,
)

from customer_gateway.execution import Attribute, Batched, ExecutionResult, Partitioned, compile_operation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from graphql import ASTValidationRule, GraphQLSchema

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One operation with what it is executed with; root and context are made anew for each executor.

    `earlier` are roots with which this executor has executed it before: what is kept of one execution may not show in
    the next.
    """

    schema: GraphQLSchema
    document: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    root: Callable[[], Any] = lambda: None
    context: Callable[[], Any] = lambda: None
    rules: Collection[type[ASTValidationRule]] | None = None
    earlier: Collection[Callable[[], Any]] = ()


async def assert_same(case: Case) -> Any:
    """Raises AssertionError where the executors differ; else gives the data."""
    compiled = compile_operation(case.schema, case.document, case.operation_name, case.rules)
    for root in case.earlier:
        await compiled.execute(case.variables, case.context(), root())
    ours = await compiled.execute(case.variables, case.context(), case.root())
    reference = await by_reference(case, compiled.document)
    await assert_same_result(case, ours, reference)
    return ours.data


async def assert_same_result(case: Case, ours: ExecutionResult, reference: Any) -> None:
    assert ours.data == reference.data, f"data: {ours.data!r}, reference {reference.data!r}"
    assert ordered(ours.data) == ordered(reference.data), "the order of keys"
    mine, theirs = ours.errors or [], reference.errors or []
    if not ours.executed:
        assert Counter(map(described, mine)) == Counter(map(described, theirs))
        return
    assert_same_errors(ours.data, mine, theirs)
    if mine != [] and any(nulled_above(ours.data, error) is not None for error in mine + theirs):
        everything = await by_reference(case, without_propagation(parse(case.document)))
        assert_known(mine, everything.errors or [])


async def assert_same_events(case: Case) -> int:
    """As `assert_same` for each event of a subscription; gives how many there were."""
    compiled = compile_operation(case.schema, case.document, case.operation_name, case.rules)
    ours = await compiled.subscribe(case.variables, case.context(), case.root())
    theirs: Any = subscribe(
        case.schema, parse(case.document), case.root(), case.context(), variable_values=dict(case.variables or {})
    )
    reference = await theirs if isawaitable(theirs) else theirs
    if isinstance(ours, ExecutionResult):
        assert Counter(map(described, ours.errors or [])) == Counter(map(described, reference.errors))
        return 0
    events = [[result async for result in results] for results in (ours, reference)]
    assert len(events[0]) == len(events[1])
    for mine, other in zip(*events, strict=True):
        assert ordered(mine.data) == ordered(other.data)
        assert_same_errors(mine.data, mine.errors or [], other.errors or [])
    return len(events[0])


async def by_reference(case: Case, document: DocumentNode) -> Any:
    result = execute(
        case.schema,
        document,
        case.root(),
        case.context(),
        dict(case.variables) if case.variables is not None else None,
        case.operation_name,
    )
    return await result if isawaitable(result) else result


def described(error: GraphQLError) -> str:
    """All that a client sees of an error."""
    return repr((error.message, error.path, error.locations, error.extensions))


def assert_same_errors(data: Any, mine: list[GraphQLError], theirs: list[GraphQLError]) -> None:
    outside = [[error for error in errors if nulled_above(data, error) is None] for errors in (mine, theirs)]
    assert Counter(map(described, outside[0])) == Counter(map(described, outside[1]))
    inside = [{nulled_above(data, error) for error in errors} - {None} for errors in (mine, theirs)]
    assert inside[0] == inside[1], f"nulled subtrees with errors: {inside}"


def assert_known(mine: list[GraphQLError], everything: list[GraphQLError]) -> None:
    known = set(map(described, everything))
    strange = [described(error) for error in mine if described(error) not in known]
    assert not strange, f"errors that no execution gives: {strange}"


def nulled_above(data: Any, error: GraphQLError) -> Key | None:
    """The position above the error's own that is null in the data."""
    path = error.path or []
    value = data
    for depth, key in enumerate(path):
        if value is None:
            return tuple(path[:depth])
        assert _has(value, key), f"an error at {path}, where the response has nothing: {error.message}"
        value = value[key]
    return None


def _has(value: Any, key: str | int) -> bool:
    return key in value if isinstance(value, dict) else isinstance(value, list) and key in range(len(value))


def ordered(data: Any) -> Any:
    """The data with objects as lists of pairs, so that the order of keys counts."""
    if isinstance(data, dict):
        return [(key, ordered(value)) for key, value in data.items()]
    return [ordered(item) for item in data] if isinstance(data, list) else data


def without_propagation(document: DocumentNode) -> DocumentNode:
    directive = ConstDirectiveNode(name=NameNode(value="experimental_disableErrorPropagation"), arguments=())
    return DocumentNode(
        definitions=tuple(
            replace(node, directives=(*(node.directives or ()), directive))
            if isinstance(node, OperationDefinitionNode)
            else node
            for node in document.definitions
        )
    )


def with_reference_resolvers(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with per-object resolvers beside its declarations, from the same functions."""
    for object_type in schema.type_map.values():
        if isinstance(object_type, GraphQLObjectType):
            for field in object_type.fields.values():
                declaration = field.extensions.get("execution")
                if isinstance(declaration, Attribute):
                    field.resolve = _of_attribute(declaration.name)
                elif isinstance(declaration, Batched):
                    field.resolve = _of_batch(declaration)
    return schema


def _of_attribute(name: str) -> Callable[..., Any]:
    return lambda source, _info, **_arguments: getattr(source, name)


def _of_batch(batched: Batched) -> Callable[..., Any]:
    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        values: Any = batched.resolve([source], info.context, **arguments)
        if isinstance(values, Partitioned):
            return _first_later(next(awaited for indices, awaited in values.groups if 0 in indices))
        return _first_later(values) if isawaitable(values) else next(iter(values))

    return resolve


async def _first_later(values: Any) -> Any:
    return next(iter(await values))


__all__ = [
    "Case",
    "assert_known",
    "assert_same",
    "assert_same_errors",
    "assert_same_events",
    "described",
    "ordered",
    "with_reference_resolvers",
    "without_propagation",
]
