"""Rows of columns: generated or not, they are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.execution.compile.rows import FEWEST_ROWS, MOST_NAME_CHARACTERS, MOST_NAMES, compilable
from customer_gateway.execution.run.objects import rows_of

NAMES = st.lists(st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,6}", fullmatch=True), unique=True, max_size=5).map(tuple)


@given(NAMES, st.integers(0, 2 * FEWEST_ROWS))
def test_a_row_has_every_name_in_order_and_its_cell_of_each_column(names: tuple[str, ...], count: int) -> None:
    columns = [[f"{name} {row}" for row in range(count)] for name in names]

    rows = rows_of(names, columns, count)

    assert [list(row.items()) for row in rows] == [[(name, f"{name} {row}") for name in names] for row in range(count)]


def test_python_s_own_words_are_names_like_others() -> None:
    names = ("class", "def", "None", "v0", "c1")

    assert rows_of(names, [[name] * FEWEST_ROWS for name in names], FEWEST_ROWS)[-1] == dict(
        zip(names, names, strict=True)
    )


def test_what_is_no_name_is_never_made_into_source() -> None:
    with pytest.raises(ValueError, match="GraphQL names"):
        rows_of(("a': 1, **print()} for",), [[1] * FEWEST_ROWS], FEWEST_ROWS)


@pytest.mark.parametrize("names", [(), ("a",) * (MOST_NAMES + 1), ("a" * (MOST_NAME_CHARACTERS + 1),)])
def test_selections_too_large_to_be_worth_it_are_not_compiled(names: tuple[str, ...]) -> None:
    assert not compilable(names)
