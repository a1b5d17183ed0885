from __future__ import annotations

from typing import Any

import pytest
from execution.sameness import Case, assert_same
from graphql import build_schema

from customer_gateway.execution import compile_operation

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


async def test_an_operation_keeps_a_plan_for_each_setting_of_its_conditions() -> None:
    compiled = compile_operation(SCHEMA, "query ($x: Boolean!) { a b @include(if: $x) }")

    answers = [(await compiled.execute({"x": x}, root=ROOT)).data for x in (True, False, True)]

    assert answers == [BOTH, ONE, BOTH]
    assert len(compiled._plans) == 2  # pyright: ignore[reportPrivateUsage]  the bound is what the test is of


async def test_the_plans_of_one_operation_are_bounded() -> None:
    names = [f"v{n}" for n in range(8)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"a{name}: a @include(if: ${name})" for name in names)
    compiled = compile_operation(SCHEMA, f"query ({declared}) {{ b {fields} }}")

    for setting in range(256):
        await compiled.execute({name: bool(setting >> bit & 1) for bit, name in enumerate(names)}, root=ROOT)

    assert len(compiled._plans) == 32  # pyright: ignore[reportPrivateUsage]  the bound is what the test is of


async def test_everything_left_out_leaves_an_empty_object() -> None:
    data = await assert_same(Case(SCHEMA, "{ a @skip(if: true) }", root=lambda: ROOT))

    assert data == {}
