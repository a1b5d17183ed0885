"""What is peculiar to the table of a Lemonsoft in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configured import table_of
from vendors import FACTS, VENDORS

from customer_gateway.app import load_settings

if TYPE_CHECKING:
    from pathlib import Path

ALL = "".join(map(table_of, FACTS))


def parallel(folder: Path, text: str) -> dict[str, int]:
    """How many calls are made at a time, by kind."""
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return {kind: system.limits.parallel for kind, system in load_settings(file, VENDORS).systems.values()}


def test_lemonsoft_is_asked_less_at_a_time_whatever_else_its_table_of_limits_says(tmp_path: Path) -> None:
    plain = parallel(tmp_path, ALL)
    limited = parallel(tmp_path, ALL + "[systems.lemonsoft.limits]\nanswer_bytes = 5000\n")
    chosen = parallel(tmp_path, ALL + "[systems.lemonsoft.limits]\nparallel = 3\n")

    assert {kind for kind, calls in plain.items() if calls != 32} == {"lemonsoft"}
    assert [each["lemonsoft"] for each in (plain, limited, chosen)] == [8, 8, 3]
