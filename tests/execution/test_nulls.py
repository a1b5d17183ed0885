from __future__ import annotations

import asyncio
from typing import Any

import pytest
from execution.sameness import Case, assert_same, described
from graphql import build_schema

from customer_gateway.execution import compile_operation

pytestmark = pytest.mark.anyio

SCHEMA = build_schema(
    """
    type Box {
      sync: String, syncRequired: String!, async: String, asyncRequired: String!
      box: Box, boxRequired: Box!, boxes: [Box], boxesRequired: [Box!]!
    }
    type Query { box: Box, boxRequired: Box!, boxes: [Box!], text: String, textRequired: String! }
    """
)


class Box:
    """Every field answers as `outcome` says; boxes hold boxes."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome

    def answer(self) -> Any:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def sync(self, _info: Any) -> Any:
        return self.answer()

    async def later(self, _info: Any) -> Any:
        await asyncio.sleep(0)
        return self.answer()

    syncRequired = sync  # noqa: N815  the schema's name
    asyncRequired = later  # noqa: N815  the schema's name

    def __getattr__(self, name: str) -> Any:
        fields = {"async": self.later, "box": self, "boxRequired": self, "boxes": [self], "boxesRequired": [self]}
        if name not in fields:
            raise AttributeError(name)
        return fields[name]


OUTCOMES = [None, ValueError("the field failed")]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=["null", "error"])
@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("box { sync }", {"box": {"sync": None}}),
        ("box { async }", {"box": {"async": None}}),
        ("box { syncRequired }", {"box": None}),
        ("box { asyncRequired }", {"box": None}),
        ("box { box { boxRequired { syncRequired } } }", {"box": {"box": None}}),
        ("box { boxRequired { boxRequired { boxRequired { asyncRequired } } } }", {"box": None}),
        ("box { boxes { syncRequired } }", {"box": {"boxes": [None]}}),
        ("box { boxesRequired { asyncRequired } }", {"box": None}),
        ("boxes { boxes { boxRequired { syncRequired } } }", {"boxes": [{"boxes": [None]}]}),
        ("boxRequired { syncRequired }", None),
        ("boxRequired { boxRequired { asyncRequired } }", None),
        (
            "box { sync async box { sync async } boxRequired { sync async } }",
            {
                "box": {
                    "sync": None,
                    "async": None,
                    "box": {"sync": None, "async": None},
                    "boxRequired": {"sync": None, "async": None},
                }
            },
        ),
    ],
)
async def test_a_null_goes_up_to_the_nearest_position_that_may_be_null(
    selection: str, expected: Any, outcome: Any
) -> None:
    box = Box(outcome)

    data = await assert_same(
        Case(SCHEMA, f"{{ {selection} }}", root=lambda: {"box": box, "boxRequired": box, "boxes": [box]})
    )

    assert data == expected


async def test_one_error_is_reported_for_each_subtree_made_null() -> None:
    box = Box(ValueError("the field failed"))
    document = "{ box { sync syncRequired async asyncRequired } other: box { box { syncRequired } } }"

    result = await compile_operation(SCHEMA, document).execute(root={"box": box})

    assert result.data == {"box": None, "other": {"box": None}}
    paths = sorted(error.path or [] for error in result.errors or [])
    assert paths == [["box", "syncRequired"], ["other", "box", "syncRequired"]]


async def test_an_error_at_the_root_leaves_no_data_and_no_other_error() -> None:
    root = {"text": ValueError("beside"), "textRequired": ValueError("the root's")}

    result = await compile_operation(SCHEMA, "{ text textRequired }").execute(root=root)

    assert result.data is None
    assert [error.message for error in result.errors or []] == ["the root's"]
    assert result.executed


async def test_one_exception_for_many_positions_is_located_at_each() -> None:
    shared = ValueError("shared")
    schema = build_schema("type Item { a: String } type Query { items: [Item] }")
    root: dict[str, Any] = {"items": [{"a": shared}, {"a": "fine"}, {"a": shared}]}

    await assert_same(Case(schema, "{ items { a } }", root=lambda: root))
    result = await compile_operation(schema, "{ items { a } }").execute(root=root)

    assert [error.path for error in result.errors or []] == [["items", 0, "a"], ["items", 2, "a"]]


async def test_an_operation_can_disable_the_propagation_of_errors() -> None:
    document = "query @experimental_disableErrorPropagation { box { syncRequired box { asyncRequired } } }"

    data = await assert_same(Case(SCHEMA, document, root=lambda: {"box": Box(None)}, rules=()))

    assert data == {"box": {"syncRequired": None, "box": {"asyncRequired": None}}}


async def test_errors_are_described_with_all_that_a_client_sees() -> None:
    result = await compile_operation(SCHEMA, "{\n  text\n}").execute(root={"text": ValueError("no")})

    assert result.errors is not None
    assert described(result.errors[0]) == "('no', ['text'], [SourceLocation(line=2, column=3)], {})"
