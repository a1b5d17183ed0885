from __future__ import annotations

from typing import Any

import pytest
from execution.sameness import Case, assert_same
from graphql import build_schema

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("type Query { a: String b: String }")
ROOT = {"a": "A", "b": "B"}
BOTH, ONE = {"a": "A", "b": "B"}, {"a": "A"}


@pytest.mark.parametrize(
    "place",
    ["a b {0}", "a ...More {0}", "a ... on Query {0} {{ b }}", "a ... {0} {{ b }}"],
    ids=["field", "spread", "fragment", "untyped fragment"],
)
@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("", BOTH),
        ("@include(if: true)", BOTH),
        ("@include(if: false)", ONE),
        ("@skip(if: false)", BOTH),
        ("@skip(if: true)", ONE),
        ("@include(if: true) @skip(if: false)", BOTH),
        ("@include(if: true) @skip(if: true)", ONE),
        ("@include(if: false) @skip(if: false)", ONE),
        ("@include(if: $yes)", BOTH),
        ("@include(if: $no)", ONE),
        ("@skip(if: $yes)", ONE),
        ("@skip(if: $byDefault)", ONE),
    ],
)
async def test_a_condition_takes_or_leaves_what_it_stands_at(place: str, condition: str, expected: Any) -> None:
    document = (
        f"query ($yes: Boolean!, $no: Boolean!, $byDefault: Boolean = true) {{ {place.format(condition)} }} "
        "fragment More on Query { b }"
    )

    data = await assert_same(Case(SCHEMA, document, {"yes": True, "no": False}, root=lambda: ROOT, rules=()))

    assert data == expected


@pytest.mark.parametrize(
    ("declared", "value"), [("[Boolean]", [True]), ("[Boolean]", []), ("Size", {"x": 1}), ("Int", 1), ("Int", 0)]
)
async def test_a_condition_of_another_type_is_read_as_by_graphql_core(declared: str, value: Any) -> None:
    schema = build_schema("input Size { x: Int } type Query { a(size: Size): String }")
    document = f"query ($x: {declared}) {{ a @include(if: $x) }}"

    await assert_same(Case(schema, document, {"x": value}, root=lambda: ROOT, rules=()))


async def test_everything_left_out_leaves_an_empty_object() -> None:
    data = await assert_same(Case(SCHEMA, "{ a @skip(if: true) }", root=lambda: ROOT))

    assert data == {}
