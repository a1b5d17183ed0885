from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.execution import WeightedCache, operation_key

STEPS = st.lists(
    st.tuples(st.sampled_from(["get", "keep", "grow"]), st.integers(0, 9), st.integers(0, 30)), max_size=60
)


@given(STEPS)
def test_what_is_kept_never_weighs_more_than_the_bound(steps: list[tuple[str, int, int]]) -> None:
    cache: WeightedCache[int, str] = WeightedCache(100)
    weights: dict[int, int] = {}

    for step, key, weight in steps:
        if step == "keep" and cache.get(key) is None:
            cache.keep(key, f"thing {key}", weight)
            weights[key] = weight
        elif step == "grow":
            cache.grow(key, weight)
            weights[key] = weights.get(key, 0) + weight
        kept = [each for each in weights if cache.get(each) is not None]
        assert cache.weight == sum(weights[each] for each in kept) <= 100
        assert len(cache) == len(kept)
        weights = {each: weights[each] for each in kept}


def test_what_was_used_least_lately_goes_first() -> None:
    cache: WeightedCache[str, str] = WeightedCache(16)
    for key in "abcdefgh":
        cache.keep(key, key.upper(), 2)

    cache.get("a")
    cache.keep("i", "I", 1)
    cache.grow("d", 0)

    assert [key for key in "abcdefghi" if cache.get(key)] == list("acdefghi")


def test_what_is_too_heavy_by_itself_pushes_nothing_out() -> None:
    cache: WeightedCache[str, str] = WeightedCache(16)
    cache.keep("small", "kept", 1)
    cache.keep("growing", "kept at first", 1)

    cache.keep("large", "not kept", 3)
    cache.grow("growing", 2)
    cache.grow("growing", 1)

    assert [cache.get(key) for key in ("small", "large", "growing")] == ["kept", None, None]
    assert cache.weight == 1


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache: WeightedCache[str, str] = WeightedCache(0)

    cache.keep("a", "A", 1)

    assert cache.get("a") is None


def test_the_key_tells_the_name_from_the_document() -> None:
    keys = [operation_key("b\nc", "a"), operation_key("c", "a\nb"), operation_key("c"), operation_key("c", "")]

    assert len(set(keys)) == 4
    assert operation_key("c", "a\nb") == keys[1]
    assert operation_key("\ud800") == operation_key("\ud800")
