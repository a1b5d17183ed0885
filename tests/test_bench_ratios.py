from __future__ import annotations

import pytest

from bench.ratios import Pair, left_out
from bench.rounds import order_rounds
from bench.trees import pins


def test_every_second_round_goes_backwards() -> None:
    assert order_rounds(["before", "now"], 3) == [["before", "now"], ["now", "before"], ["before", "now"]]


@pytest.mark.parametrize(("rounds", "left"), [(7, 0), (8, 0), (9, 1), (11, 1), (15, 3)])
def test_the_median_lies_between_the_ratios_that_are_not_left_out_19_times_in_20(rounds: int, left: int) -> None:
    # As tables of the sign test have it.
    assert left_out(rounds) == left


def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_the_medians() -> None:
    pair = Pair("requests/s", "more", [100, 200, 400, 100, 200, 400, 100], [100, 200, 400, 110, 220, 440, 110])

    assert pair.row == ("requests/s", "200", "200", "1.100", "1.000 to 1.100", "yes")


@pytest.mark.parametrize(
    ("better", "now", "conclusion"),
    [
        ("more", [98] * 7, "yes"),
        ("more", [95] * 7, "no"),
        ("more", [95] + [98] * 6, "unsure"),
        ("more", [120] * 7, "yes"),
        ("less", [103] * 7, "yes"),
        ("less", [105] * 7, "no"),
        ("less", [105] + [100] * 6, "unsure"),
        ("less", [80] * 7, "yes"),
    ],
)
def test_a_conclusion_is_given_only_where_the_rounds_agree(better: str, now: list[float], conclusion: str) -> None:
    pair = Pair("", "more" if better == "more" else "less", [100] * 7, now)

    assert pair.conclusion == conclusion


def test_one_stray_round_of_nine_changes_no_verdict() -> None:
    assert Pair("", "more", [100] * 9, [50] + [100] * 8).conclusion == "yes"


def test_wrong_answers_void_a_figure() -> None:
    pair = Pair("requests/s", "more", [100] * 7, [100] * 7, ["now: 3 requests failed"])

    assert (pair.row[0], pair.row[-1]) == ("requests/s; now: 3 requests failed", "void")


def test_a_lock_pins_versions_whatever_their_hashes() -> None:
    lock = (
        "# made by uv\nanyio==4.16.0 \\\n    --hash=sha256:b8\n    # via httpx\ntzdata==2026.1 ; os_name == 'nt' \\\n"
    )

    assert pins(lock) == {"anyio==4.16.0", "tzdata==2026.1 ; os_name == 'nt'"}
