"""Records: what vendors send is read where it can be, null with a notice where it cannot, and never an error."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from customer_gateway.documents.record import DocumentContext, Record, content_version, enumerated
from customer_gateway.documents.values import UNREADABLE

# What a decoded JSON document can hold: integers of 64 bits, finite doubles.
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | st.from_regex(r"-*[0-9]{1,25}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}Z?)?", fullmatch=True)
    | st.sampled_from(["1e999999999", "-1e-999999", "--5", "9" * 5_000, "0001-01-01T00:00:00", "9999-12-31T23:59:59Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def context(zone: str = "Europe/Berlin") -> DocumentContext:
    return DocumentContext.of("pland", "https://pland.test/v2/", zone, "DE")


def record(value: Any, zone: str = "Europe/Berlin") -> Record:
    return Record({"field": value}, context(zone))


def notices(of: Record) -> set[str]:
    """The reasons noticed of the one field."""
    assert {field for field, _ in of.context.drift.notices} <= {"field"}
    return {reason for _, reason in of.context.drift.notices}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Elbufer GmbH", "Elbufer GmbH"),
        (" as sent ", " as sent "),
        (1042, "1042"),
        (0, "0"),
        (12.5, "12.5"),
        ("", None),
        (" \t\n", None),
        (None, None),
    ],
)
def test_a_text_is_as_sent_and_a_blank_one_is_none(value: object, expected: str | None) -> None:
    part = record(value)

    assert part.text("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize(("value", "expected"), [(1050.0, "1050"), (8123456.0, "8123456"), (-0.0, "0"), (["a"], "a")])
def test_a_text_is_read_from_integers_that_came_as_floats_and_from_a_list_of_one(value: object, expected: str) -> None:
    part = record(value)

    assert part.text("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize("value", [True, False, ["a", "b"], {}, {"a": 1}, [{}]])
def test_what_is_no_text_is_none_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.text("field") is None
    assert notices(part) == {"not a text"}


@pytest.mark.parametrize("value", [1e22, 2.0**53, -(2.0**60)])
def test_a_number_of_which_digits_were_lost_is_neither_a_text_nor_an_integer(value: float) -> None:
    part = record(value)

    assert (part.text("field"), part.integer("field"), part.decimal("field")) == (None, None, None)
    assert notices(part) == {"a number of which digits were lost", "not an integer"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (-7, -7),
        ("7", 7),
        (" 7 ", 7),
        ("-7", -7),
        ("007", 7),
        (7.0, 7),
        ("7.0", 7),
        ([7], 7),
        (" ", None),
        ([], None),
        (2**53 + 1, 2**53 + 1),
        (None, None),
        ("", None),
    ],
)
def test_an_integer_is_read_from_numbers_and_texts(value: object, expected: int | None) -> None:
    part = record(value)

    assert part.integer("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize("value", [True, 7.5, "7.1", "7,0", "--7", "- 7", "٣", "²", "x", [7, 8], {}, "9" * 5_000])
def test_what_is_no_integer_is_none_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.integer("field") is None
    assert notices(part) == {"not an integer"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12.5, Decimal("12.5")),
        (0.1, Decimal("0.1")),
        (7, Decimal(7)),
        ("12.50", Decimal("12.50")),
        (" -3 ", Decimal(-3)),
        ("1e3", Decimal(1000)),
        (5e-324, Decimal("5e-324")),
        (None, None),
        ("", None),
    ],
)
def test_a_decimal_is_read_digit_by_digit(value: object, expected: Decimal | None) -> None:
    part = record(value)

    assert part.decimal("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize("value", ["12,50", "NaN", "Infinity", "x", True, [1, 2], {}, "1e999999999", "1e-401"])
def test_what_is_no_decimal_is_none_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.decimal("field") is None
    assert notices(part) == {"not a number"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("true", True),
        ("True", True),
        ("1", True),
        (1, True),
        (False, False),
        ("false", False),
        ("False", False),
        ("0", False),
        (0, False),
        (-1, True),
        (1.0, True),
        ("1.0", True),
        ("TRUE", True),
        ("Y", True),
        ("yes", True),
        (0.0, False),
        ("N", False),
        ("no", False),
        ([True], True),
        (None, None),
        ("", None),
        (" ", None),
        ([], None),
    ],
)
def test_a_flag_is_read_where_its_spelling_is_clear(value: object, expected: bool | None) -> None:
    part = record(value)

    assert part.flag("field") is expected
    assert notices(part) == set()


@pytest.mark.parametrize("value", ["ja", "on", 2, -2, 0.5, [True, False], {}])
def test_what_is_no_flag_is_none_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.flag("field") is None
    assert notices(part) == {"not a boolean"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 11, tzinfo=UTC)),
        ("2026-07-31 12:00:00.5", datetime(2026, 7, 31, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-07-31", datetime(2026, 7, 30, 22, tzinfo=UTC)),
        (1774220400000, datetime(2026, 3, 22, 23, tzinfo=UTC)),
        ("1774220400000", datetime(2026, 3, 22, 23, tzinfo=UTC)),
        (1774220400000.0, datetime(2026, 3, 22, 23, tzinfo=UTC)),
        ("20250630", datetime(2025, 6, 29, 22, tzinfo=UTC)),
        (20250630, datetime(2025, 6, 29, 22, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T00:00:00", datetime(9999, 12, 30, 23, tzinfo=UTC)),
        (20250630.0, datetime(2025, 6, 29, 22, tzinfo=UTC)),
        (" 0001-01-01", None),
        ("00010101", None),
        (None, None),
        ("", None),
        (" ", None),
        ([], None),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00Z", None),
    ],
)
def test_a_moment_is_in_utc_and_zoneless_ones_are_of_the_systems_zone(value: object, expected: datetime | None) -> None:
    part = record(value)

    assert part.moment("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize("value", [1774220400, "1774220400", 1774220400.0])
def test_a_vendors_numbers_of_time_may_be_seconds(value: object) -> None:
    how = DocumentContext.of("acme", "http://acme.test", "Europe/Berlin", "DE", unix_seconds=True)
    seconds, milliseconds = Record({"field": value}, how), Record({"field": 1774220400000}, how)

    assert seconds.moment("field") == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert seconds.day("field") == date(2026, 3, 23)
    assert how.drift.notices == set()
    assert milliseconds.moment("field") is None
    assert how.drift.notices == {("field", "not a point in time")}


@pytest.mark.parametrize(
    "value",
    [
        *("0000-00-00", "yesterday", "31.01.2026", True, 2**63, "9" * 5_000, 1e300, {}, ["2026-01-31", "2026-02-01"]),
        *(
            0,
            "0",
            -1000.0,
            1774220400,
            "1774220400",
            "1900-01-01T00:00:00",
            "1979-12-31",
            "2102-01-01",
            "20251301",
            "2025-W27",
            "2025W271",
        ),
    ],
)
def test_what_is_no_moment_is_none_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.moment("field") is None
    assert notices(part) == {"not a point in time"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2026-01-31T23:30:00Z", date(2026, 2, 1)),
        ("2026-01-31T23:30:00", date(2026, 1, 31)),
        (1774220400000, date(2026, 3, 23)),
        ("20250630", date(2025, 6, 30)),
        (20250630, date(2025, 6, 30)),
        ("0001-01-01", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31", date(9999, 12, 31)),
        ("9999-12-31T00:00:00", date(9999, 12, 31)),
        ("9999-12-31T23:59:59Z", date(9999, 12, 31)),
        (None, None),
        ("", None),
    ],
)
def test_a_day_is_the_one_in_the_systems_zone(value: object, expected: date | None) -> None:
    part = record(value)

    assert part.day("field") == expected
    assert notices(part) == set()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("2026-13-01", "not a date"),
        ("0000-00-00", "not a date"),
        ("1900-01-01", "not a date"),
        ("x", "not a point in time"),
    ],
)
def test_what_is_no_day_is_none_with_a_notice(value: object, reason: str) -> None:
    part = record(value)

    assert part.day("field") is None
    assert notices(part) == {reason}


@pytest.mark.parametrize(
    ("value", "expected", "reasons"),
    [
        (["a", "", None, 5, " "], ["a", "5"], set[str]()),
        ("alone", ["alone"], set[str]()),
        (None, list[str](), set[str]()),
        (list[str](), list[str](), set[str]()),
        (["a", dict[str, str](), True], ["a"], {"not a text"}),
    ],
)
def test_texts_are_the_non_blank_strings_of_a_list(value: object, expected: list[str], reasons: set[str]) -> None:
    part = record(value)

    assert part.texts("field") == expected
    assert notices(part) == reasons


def test_a_part_is_a_nested_object_and_an_empty_one_where_there_is_none() -> None:
    assert record({"city": "Hamburg"}).part("field").text("city") == "Hamburg"
    assert record(None).part("field").document == {}
    assert record({}).part("absent").document == {}


@pytest.mark.parametrize("value", ["text", 1, [{}, {}], False])
def test_a_part_of_another_form_is_empty_with_a_notice(value: object) -> None:
    part = record(value)

    assert part.part("field").document == {}
    assert notices(part) == {"not an object"}


def test_parts_are_the_objects_of_a_list_in_order() -> None:
    part = record([{"id": 1}, {"id": 2}])

    assert [each.integer("id") for each in part.parts("field")] == [1, 2]
    assert record(None).parts("field") == []
    assert notices(part) == set()


def test_parts_of_another_form_are_left_out_with_a_notice() -> None:
    mixed, alone = record([{"id": 1}, "x", None]), record({"id": 1})

    assert [each.document for each in mixed.parts("field")] == [{"id": 1}]
    assert notices(mixed) == {"not an object"}
    assert [each.document for each in alone.parts("field")] == [{"id": 1}]
    assert notices(alone) == set()


def test_a_list_of_one_is_its_only_object_where_one_is_documented() -> None:
    listed, none = record([{"city": "Hamburg"}]), record(list[object]())

    assert listed.part("field").text("city") == "Hamburg"
    assert none.part("field").document == {}
    assert notices(listed) == notices(none) == set()


def test_a_key_of_another_form_is_none_with_a_notice_and_a_number_in_any_spelling_is_its_digits() -> None:
    form = re.compile("[0-9]{1,5}")

    sent = (15, 15.0, "15", " 15 ", "15.0")
    assert {record(value).foreign_key("field", form) for value in sent} == {"15"}
    assert record("").foreign_key("field", form) is None
    odd = record("Kalle")
    assert odd.foreign_key("field", form) is None
    assert notices(odd) == {"not a key of its form"}


@pytest.mark.parametrize("value", ["Kalle", 1.5, {}, True])
def test_a_value_that_cannot_be_read_is_told_from_one_that_is_not_there(value: object) -> None:
    odd = Record({"field": value}, context())

    assert odd.context.value_or_unreadable(lambda: odd.integer("field")) is UNREADABLE
    assert odd.context.value_or_unreadable(lambda: odd.integer("field")) is UNREADABLE, "noticed before"
    assert odd.context.value_or_unreadable(lambda: odd.integer("absent")) is None


@pytest.mark.parametrize(
    ("value", "expected", "reasons"),
    [
        (1, "company", set[str]()),
        (None, None, set[str]()),
        ("", None, set[str]()),
        (9, None, {"not a known value"}),
        ([1], None, {"not a known value"}),
    ],
)
def test_an_enumerated_value_is_read_by_its_table(value: object, expected: str | None, reasons: set[str]) -> None:
    part = record(value)

    assert enumerated({1: "company"}, value, "field", part.context) == expected
    assert notices(part) == reasons


@given(value=JSON_VALUES, zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]))
def test_no_value_of_json_read_as_anything_is_an_error(value: object, zone: str) -> None:
    part = record(value, zone)

    for read in (part.text, part.integer, part.decimal, part.flag, part.moment, part.day, part.texts):
        read("field")
    part.part("field")
    part.parts("field")


def test_drift_is_told_once_and_never_with_the_value() -> None:
    part = record("geheim@kunde.example")

    with capture_logs() as lines:
        for _ in range(3):
            part.integer("field")
            part.moment("field")

    assert [line["reason"] for line in lines] == ["not an integer", "not a point in time"]
    assert "geheim" not in repr(lines)


def test_a_record_knows_the_system_it_is_of() -> None:
    assert record(None).system == "pland"


def test_two_contexts_keep_notebooks_of_their_own() -> None:
    first, second = record("x"), record("x")

    first.integer("field")

    assert notices(second) == set()
    assert first.context.base_url == "https://pland.test/v2"


def test_the_content_version_changes_with_any_value_and_not_with_the_order_of_keys() -> None:
    version = content_version({"a": 1, "b": {"c": [1, 2], "d": None}})

    assert content_version({"b": {"d": None, "c": [1, 2]}, "a": 1}) == version
    assert content_version({"a": 1, "b": {"c": [2, 1], "d": None}}) != version
    assert content_version({"a": 1, "b": {"c": [1, 2]}}) != version
    assert content_version({"a": "1", "b": {"c": [1, 2], "d": None}}) != version


def deep(innermost: Any) -> dict[str, Any]:
    value = innermost
    for _ in range(500):
        value = {"in": [value]}
    return {"a": 1, "b": value}


def test_a_document_of_as_many_levels_as_are_decoded_has_a_content_version_too() -> None:
    version = content_version(deep({"c": 1, "d": [2]}))

    assert content_version(dict(reversed(deep({"d": [2], "c": 1}).items()))) == version
    for other in ({"c": 1, "d": 2}, {"c": [1], "d": [2]}, {"c": 1, "d": [2, None]}, {"c": 1, "e": [2]}, [1, [2]], 0):
        assert content_version(deep(other)) != version


def test_the_content_version_is_short_text() -> None:
    assert len(content_version({})) == 24
