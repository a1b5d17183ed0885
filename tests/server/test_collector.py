from __future__ import annotations

import gc

import pytest

from customer_gateway.server import collector


@pytest.mark.usefixtures("process_as_before")
def test_what_is_there_is_walked_no_more_and_collections_are_rare() -> None:
    before = gc.get_freeze_count()

    collector.freeze()

    assert gc.get_freeze_count() > before
    assert gc.get_threshold()[0] == collector.YOUNG_OBJECTS


@pytest.mark.usefixtures("process_as_before")
def test_another_threshold_may_be_told() -> None:
    collector.freeze(10_000)

    assert gc.get_threshold()[0] == 10_000
