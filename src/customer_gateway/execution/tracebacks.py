"""What an error holds of the frames that it went through."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def drop_tracebacks(errors: Iterable[BaseException], but: Iterable[BaseException] = ()) -> None:
    """Take from errors the frames that they went through: those hold the errors again, and all that was read.

    It would stay in memory until the garbage collector comes by. To be called when nobody asks any more where they
    were raised. Whatever belongs to the errors in `but` keeps its own.
    """
    kept = {id(each) for each in _all(but)}
    for error in _all(errors):
        if id(error) not in kept:
            error.__traceback__ = None


def _all(errors: Iterable[BaseException]) -> Iterator[BaseException]:
    """Yield the errors with their causes, contexts and members, each once."""
    waiting: list[BaseException | None] = list(errors)
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            yield error
            waiting += error.__cause__, error.__context__, *_within(error)


def _within(error: BaseException) -> Sequence[BaseException | None]:
    if isinstance(error, GraphQLError):
        return (error.original_error,)
    return cast("BaseExceptionGroup[BaseException]", error).exceptions if isinstance(error, BaseExceptionGroup) else ()
