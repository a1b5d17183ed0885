from __future__ import annotations

import pytest

from customer_gateway.sandbox.store import Kind, Store

BOATS = Kind("boats", "id", ("name",))


def rename_and_sink(store: Store) -> None:
    with store.transaction():
        store[BOATS].put({"id": 1, "name": "Clara"})
        store[BOATS].delete(2)
        raise ValueError("sunk")


def test_what_is_written_together_is_there_whole_or_not_at_all() -> None:
    store = Store()
    with store.transaction():
        store[BOATS].put({"id": 1, "name": "Anna"})
        store[BOATS].put({"id": 2, "name": "Berta"})

    with pytest.raises(ValueError, match="sunk"):
        rename_and_sink(store)

    assert [boat["name"] for boat in store[BOATS]] == ["Anna", "Berta"]
    assert [boat["id"] for boat in store[BOATS].where("name", ["Anna", "Clara"])] == [1]


def test_a_store_that_shows_another_one_writes_nothing_to_its_own() -> None:
    mine, other = Store(), Store()
    boats = mine[BOATS]
    boats.put({"id": 1, "name": "Anna"})
    mine.show(other)
    boats.put({"id": 2, "name": "Berta"})

    shown = boats.keys()
    mine.show(None)

    assert (shown, boats.keys(), other[BOATS].keys()) == (["2"], ["1"], ["2"])
