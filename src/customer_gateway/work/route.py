"""Declare what a batcher needs to know of the reads that it batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import re
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from customer_gateway.work.deadline import Deadline

V_co = TypeVar("V_co", covariant=True)


class BatchRoute(Protocol[V_co]):
    """Fetch nouns of one kind by keys; `system` and `noun` name them in errors.

    `fetch` gets at most `most` distinct keys, all of the form `key_form`, and leaves out those that are unknown. Values
    are cached for `cache_seconds`, at most `cache_keys` of them.
    """

    @property
    def fetch(self) -> Callable[[Sequence[str], Deadline], Awaitable[Mapping[str, V_co]]]: ...
    @property
    def most(self) -> int: ...
    @property
    def key_form(self) -> re.Pattern[str]: ...
    @property
    def cache_seconds(self) -> float: ...
    @property
    def cache_keys(self) -> int: ...
    @property
    def system(self) -> str: ...
    @property
    def noun(self) -> str: ...
