from __future__ import annotations

from pathlib import Path

from vendors import REGISTERED_FACTS

from customer_gateway.app import fields_markdown

FIELDS = Path(__file__).parent.parent / "docs" / "fields.md"


def test_the_committed_list_of_fields_is_what_the_code_says() -> None:
    assert FIELDS.read_text() == fields_markdown(), "run `make schema`"


def test_a_system_without_a_field_is_marked_so() -> None:
    row, *_ = [line for line in fields_markdown().splitlines() if line.startswith("| `language` |")]

    told = ["-" if "language" in facts.not_in_system else "●" for facts in REGISTERED_FACTS.values()]
    assert {"-", "●"} == set(told)
    assert row.startswith(f"| `language` | {' | '.join(told)} |")
