"""Operations with `@defer` by both executors, and what must be the same in the end.

Which part carries which field is not compared where parts of several objects may come together: what the client has
after the first part and what it has after the last are, and which fragments failed.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from execution.operations import Writer
from execution.sameness import assert_known, assert_same_errors, ordered, without_propagation
from graphql import GraphQLError, parse
from graphql.execution import experimental_execute_incrementally
from hypothesis import strategies as st

from customer_gateway.execution import ExecutionResult, compile_operation

if TYPE_CHECKING:
    from execution.sameness import Case
    from graphql import DocumentNode

DEFERRALS = (
    "",
    "",
    "",
    " @defer",
    ' @defer(label: "a")',
    ' @defer(label: "b")',
    " @defer(if: $include)",
    ' @defer(if: $skip, label: "c")',
    " @defer(if: false)",
    ' @include(if: $include) @defer(label: "d")',
)


class DeferringWriter(Writer):
    """Writes more fragments than its kind, many of them deferred; for the hard schema."""

    def entry(self, parent: Any, depth: int) -> str:
        if "herd" in getattr(parent, "fields", ()) and self.draw(st.integers(0, 11)) == 0:
            return f"herd {self.layers()}"
        if depth <= 0 or self.draw(st.integers(0, 2)):
            return super().entry(parent, depth)
        target = self.draw(st.sampled_from(self.targets(parent)))
        deferral = self.draw(st.sampled_from(DEFERRALS))
        if self.draw(st.booleans()):
            self.spread.append(target.name)
            return f"...{target.name}Parts{deferral}"
        return f"... on {target.name}{deferral} {self.selection(target, depth - 1)}"

    def layers(self) -> str:
        """Deferred fragments in deferred fragments, of each of many objects."""
        ash, thing = self.schema.type_map["Ash"], self.schema.type_map["Thing"]
        inner = f'... @defer(label: "inner") {self.selection(thing, 0)}'
        beside = f'... @defer(label: "beside") {self.selection(ash, 0)}'
        return f'{{ id ... @defer(label: "outer") {{ {self.entry(ash, 0)} things {{ id {inner} }} {beside} }} }}'


Fragment = tuple[str | None, tuple[str | int, ...]]


@dataclass
class Delivered:
    """What a client has in the end."""

    data: Any
    errors: list[GraphQLError]
    failed: list[tuple[Fragment, list[GraphQLError]]] = field(default_factory=list)


async def assert_same_delivered(case: Case) -> None:
    """Raises AssertionError where the executors differ. A single fragment without errors must come in equal parts."""
    mine, theirs = await by_us(case), await by_reference(case, parse(case.document))
    assert mine[0].data == theirs[0].data, f"first: {mine[0].data!r}, reference {theirs[0].data!r}"
    assert ordered(mine[0].data) == ordered(theirs[0].data), "the order of keys"
    if isinstance(mine[0], ExecutionResult) and not mine[0].executed:
        assert Counter(map(repr, mine[0].errors or [])) == Counter(map(repr, theirs[0].errors or []))
        return
    assert_same_errors(mine[0].data, mine[0].errors or [], theirs[0].errors or [])
    assert announced(mine[0]) == announced(theirs[0])
    ours, reference = delivered(mine), delivered(theirs)
    assert ours.data == reference.data, f"in the end: {ours.data!r}, reference {reference.data!r}"
    assert_same_errors(ours.data, ours.errors, reference.errors)
    assert Counter(fragment for fragment, _ in ours.failed) == Counter(fragment for fragment, _ in reference.failed)
    errors = [*ours.errors, *(error for _, errors in ours.failed for error in errors)]
    if errors:
        assert_known(errors, delivered(await by_reference(case, without_propagation(parse(case.document)))).errors)
    elif sum(announced(part).total() for part in theirs) == 1:
        assert [part.formatted for part in mine[1:]] == [part.formatted for part in theirs[1:]]


async def by_us(case: Case) -> list[Any]:
    compiled = compile_operation(case.schema, case.document, case.operation_name, case.rules)
    results = await compiled.execute_incrementally(case.variables, case.context(), case.root())
    if isinstance(results, ExecutionResult):
        return [results]
    return [results.initial, *[part async for part in results.subsequent]]


async def by_reference(case: Case, document: DocumentNode) -> list[Any]:
    results: Any = experimental_execute_incrementally(
        case.schema,
        document,
        case.root(),
        case.context(),
        dict(case.variables) if case.variables is not None else None,
        case.operation_name,
    )
    results = await results if isawaitable(results) else results
    if not hasattr(results, "initial_result"):
        return [results]
    return [results.initial_result, *[part async for part in results.subsequent_results]]


def announced(part: Any) -> Counter[Fragment]:
    """The fragments that are said to come."""
    return Counter((begun.label, tuple(begun.path)) for begun in getattr(part, "pending", None) or ())


def delivered(parts: list[Any]) -> Delivered:
    """All parts put together, as a client does it. Raises AssertionError where they cannot be."""
    end = Delivered(deepcopy(parts[0].data), list(parts[0].errors or []))
    pending: dict[str, Any] = {}
    for part in parts:
        for begun in getattr(part, "pending", None) or ():
            assert begun.id not in pending
            pending[begun.id] = begun
        for entry in getattr(part, "incremental", None) or ():
            _join(_at(end.data, [*pending[entry.id].path, *(entry.sub_path or ())]), entry.data)
            end.errors += entry.errors or ()
        for ended in getattr(part, "completed", None) or ():
            begun = pending.pop(ended.id)
            if ended.errors:
                end.failed.append(((begun.label, tuple(begun.path)), ended.errors))
        assert getattr(part, "has_next", False) == (part is not parts[-1])
    assert not pending, "what was announced is completed"
    return end


def _at(data: Any, path: list[str | int]) -> Any:
    for key in path:
        data = data[key]
    return data


def _join(there: Any, data: Any) -> None:
    for key, value in data.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _join(there[key], value)
        else:
            assert key not in there, f"{key} was delivered twice"
            there[key] = deepcopy(value)


__all__ = ["DeferringWriter", "assert_same_delivered"]
