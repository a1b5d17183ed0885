from __future__ import annotations

import asyncio

import pytest
from graphql import build_schema

from customer_gateway.execution import PlanCache, compile_operation

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("type Query { a: String b: String me: Query }")
ROOT = {"a": "A", "b": "B", "me": {"a": "A", "b": "B"}}
PLAN = 4
"""What a plan weighs besides its fields."""


async def test_an_operation_has_a_plan_for_each_setting_of_its_conditions() -> None:
    plans = PlanCache()
    compiled = compile_operation(SCHEMA, "query ($x: Boolean!) { a b @include(if: $x) }", plans=plans)

    answers = [(await compiled.execute({"x": x}, root=ROOT)).data for x in (True, False, True)]

    assert answers == [{"a": "A", "b": "B"}, {"a": "A"}, {"a": "A", "b": "B"}]
    assert (len(plans), plans.weight) == (2, 2 * PLAN + 3)


async def test_all_settings_of_all_operations_share_one_bound() -> None:
    plans = PlanCache(100)
    names = [f"v{n}" for n in range(6)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"a{name}: a @include(if: ${name})" for name in names)
    operations = [
        compile_operation(SCHEMA, f"query ({declared}) {{ b{number}: b {fields} }}", plans=plans) for number in range(5)
    ]

    for setting in range(64):
        for compiled in operations:
            await compiled.execute({name: bool(setting >> bit & 1) for bit, name in enumerate(names)}, root=ROOT)
            assert plans.weight <= 100

    assert len(plans) >= 100 // (PLAN + 7)


async def test_what_is_planned_when_it_is_reached_counts_too() -> None:
    plans = PlanCache(100)
    compiled = compile_operation(SCHEMA, "{ a me { a b me { a } } }", plans=plans)

    compiled.fields_by_type()
    before = plans.weight
    await compiled.execute(root=ROOT)

    assert (before, plans.weight) == (PLAN + 2, PLAN + 2 + 3)


async def test_a_plan_that_grows_too_large_is_executed_and_not_kept() -> None:
    plans = PlanCache(80)
    small = compile_operation(SCHEMA, "{ a }", plans=plans)
    large = compile_operation(SCHEMA, "{ a b me { a b c: a d: a e: a } }", plans=plans)
    await small.execute(root=ROOT)

    answers = [(await large.execute(root=ROOT)).data for _ in range(2)]

    assert answers == [{**ROOT, "me": {"a": "A", "b": "B", "c": "A", "d": "A", "e": "A"}}] * 2
    assert (len(plans), plans.weight) == (1, PLAN + 1)


async def test_an_operation_that_cannot_be_planned_leaves_nothing_behind() -> None:
    plans = PlanCache()

    await compile_operation(SCHEMA, "mutation { a }", None, (), plans=plans).execute()

    assert (len(plans), plans.weight) == (0, 0)


async def test_what_a_plan_that_is_kept_no_longer_grows_by_is_not_the_weight_of_its_successor() -> None:
    plans = PlanCache(100)
    opened, entered = asyncio.Event(), asyncio.Event()

    async def later(_root: object, _info: object) -> dict[str, str]:
        entered.set()
        await opened.wait()
        return {"a": "A"}

    schema = build_schema("type Query { a: String me: Query }")
    schema.type_map["Query"].fields["me"].resolve = later  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  it is an object type
    compiled = compile_operation(schema, "{ me { a b: a c: a } }", plans=plans)
    under_way = asyncio.create_task(compiled.execute())
    await asyncio.wait_for(entered.wait(), 1)
    for number in range(25):
        await compile_operation(SCHEMA, f"{{ a b{number}: b }}", plans=plans).execute(root=ROOT)
    compiled.fields_by_type()
    opened.set()
    await under_way

    successor, others = PLAN + 1, (len(plans) - 1) * (PLAN + 2)
    assert plans.weight == successor + others
