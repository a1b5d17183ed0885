from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from customer_gateway.server import collector

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def _collection_as_before() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - used by name
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("_collection_as_before")
def test_what_is_there_is_walked_no_more_and_collections_are_rare() -> None:
    before = gc.get_freeze_count()

    collector.settle()

    assert gc.get_freeze_count() > before
    assert gc.get_threshold()[0] == collector.YOUNG_OBJECTS


@pytest.mark.usefixtures("_collection_as_before")
def test_another_threshold_may_be_told() -> None:
    collector.settle(10_000)

    assert gc.get_threshold()[0] == 10_000
