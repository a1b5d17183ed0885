"""When a pass, or a look-up, is not believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from customer_gateway.catalog.sample import is_of_another_tenant, take
from customer_gateway.catalog.suspicion import Suspicion, is_accepted, is_suspect_batch, suspicion_of
from customer_gateway.model.catalog import RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.passes import PassRow

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def sample(keys: range, name: str = "Name {}") -> dict[str, str]:
    """The sample of customers with these keys, whose names are made of them."""
    found: dict[str, str] = {}
    changes = [RecordChange(RecordRef("pland", str(key)), {"name": name.format(key)}) for key in keys]
    for first in range(0, len(changes), 50):
        take(found, changes[first : first + 50])
    return found


def test_a_sample_has_the_same_customers_whatever_the_order_of_the_pages() -> None:
    assert sample(range(1_000)) == sample(range(999, -1, -1))
    assert len(sample(range(1_000))) == 64


@pytest.mark.parametrize(
    ("before", "now", "is_another"),
    [
        (sample(range(300)), sample(range(300)), False),
        (sample(range(300)), sample(range(20, 330)), False),
        (sample(range(300)), sample(range(3_000)), False),  # ten times as many are there
        (sample(range(300)), sample(range(1_000, 1_300)), True),
        (sample(range(300)), sample(range(300), "Somebody {}"), True),  # keys count up from one at both
        (sample(range(300)), {}, False),  # an empty list
        (sample(range(3)), sample(range(1, 4)), False),
        (sample(range(3)), sample(range(7, 10)), True),
        (sample(range(1)), {}, False),
        ({}, sample(range(300)), False),
    ],
)
def test_another_tenant_is_told_by_keys_and_names(
    before: dict[str, str], now: dict[str, str], is_another: bool
) -> None:
    assert is_of_another_tenant(before, now) is is_another


def test_a_sample_tells_nobody_a_name() -> None:
    assert not [each for each in sample(range(5), "Müller") if "ller" in each]
    assert all(len(each) == 8 for each in sample(range(5), "Müller").values())


@pytest.mark.parametrize(
    ("missing", "known", "is_believed"), [(4, 10, True), (5, 250, True), (5, 249, False), (20, 1_000, True)]
)
def test_five_and_more_than_two_in_a_hundred_are_too_many(missing: int, known: int, is_believed: bool) -> None:
    same = sample(range(known))

    assert (suspicion_of(missing, known, same, same) is None) is is_believed


def test_the_first_pass_is_believed() -> None:
    assert suspicion_of(300, 300, None, {}) is None


@pytest.mark.parametrize(("asked", "absent", "is_suspect"), [(4, 4, False), (5, 2, False), (5, 3, True), (10, 5, True)])
def test_half_of_five_or_more_is_too_much_of_a_look_up(asked: int, absent: int, is_suspect: bool) -> None:
    assert is_suspect_batch(asked, absent) is is_suspect


@pytest.mark.parametrize(
    ("found", "accepted_at", "is_taken"),
    [
        (Suspicion(10, is_another=False, reason=""), LATER, True),
        (Suspicion(14, is_another=False, reason=""), LATER, True),
        (Suspicion(15, is_another=False, reason=""), LATER, False),
        (Suspicion(10, is_another=True, reason=""), LATER, False),
        (Suspicion(10, is_another=False, reason=""), None, False),
        (Suspicion(10, is_another=False, reason=""), NOW, False),
    ],
)
def test_what_was_told_is_accepted_and_no_more(found: Suspicion, accepted_at: datetime | None, is_taken: bool) -> None:
    told = Suspicion(10, is_another=False, reason="").as_details(NOW)

    assert is_accepted(found, PassRow("pland", accepted_at=accepted_at), told, NOW) is is_taken
