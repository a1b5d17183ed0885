"""Coroutines that will not be awaited."""

from __future__ import annotations

from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable


def close_coroutines(values: Iterable[object]) -> None:
    """Close those of the values that are coroutines and have not begun: Python warns of each that is forgotten."""
    for value in values:
        if type(value) is CoroutineType:
            coroutine = cast("CoroutineType[Any, Any, Any]", value)
            if getcoroutinestate(coroutine) == CORO_CREATED:
                coroutine.close()
