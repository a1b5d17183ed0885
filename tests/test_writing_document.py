from __future__ import annotations

from pathlib import Path

from customer_gateway.app import writing_markdown
from customer_gateway.model.changes import PATCH_FIELDS
from customer_gateway.systems.registry import VENDORS

WRITING = Path(__file__).parent.parent / "docs" / "writing.md"


def test_the_committed_tables_of_what_can_be_written_are_what_the_code_says() -> None:
    text = WRITING.read_text()

    assert text == writing_markdown(text), "run `make schema`"


def test_every_field_of_a_patch_is_a_row_with_a_cell_for_each_vendor() -> None:
    rows = [line for line in writing_markdown("").splitlines() if line.startswith("| `") and "`~`" not in line]

    assert len(rows) >= len(PATCH_FIELDS)
    assert rows[0].startswith("| `number` |")
    assert rows[0].count("|") == len(VENDORS) + 2


def test_what_stands_before_the_tables_stays() -> None:
    assert writing_markdown("# Mine\n").startswith("# Mine\n")
