"""The budget of an answer: how much one execution may complete, and how much in one iteration of the loop."""

from __future__ import annotations

from asyncio import get_running_loop, sleep
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

from graphql import GraphQLError

from customer_gateway.execution.compile.plan import AROUND

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from graphql import GraphQLObjectType
    from graphql.pyutils import Path

    class Located(Protocol):
        def field_path(self, index: int) -> Path | None: ...

    class PlannedSelection(Protocol):
        @property
        def object_type(self) -> GraphQLObjectType: ...

        @property
        def repeats(self) -> bool:
            """Return whether an attribute is selected several times, under aliases."""
            ...


ITERATION_VALUES: Final = 10_000
"""As much work is done in one iteration of the event loop, in values; what goes beyond waits for the next one."""

ITERATION_SECONDS: Final = 0.02
"""What is done in steps waits for the next iteration after so long, too: resolvers may cost more than values."""

STEP: Final = 1_000
"""A step of work that does not fit into an iteration, in values."""

ITERATIONS_AFTER_DEADLINE: Final = 4
"""As many full iterations are used after the deadline: an answer whose last reads were late is still put together."""

UNCOUNTED_TEXT: Final = 5_000
"""Characters that a text has room for in an answer of so few values that its texts are not counted."""

FEW_SELECTIONS: Final = 4
"""In so many selections of one object type, texts are not counted."""

MOST_PARTS: Final = 100_000
"""More parts are not looked at of one value that a scalar gave: it may hold itself."""

CODE: Final = "QUERY_TOO_COMPLEX"
LESS: Final = "ask for fewer rows or fewer fields here, or in several requests."


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """The most that one answer may hold: values (fields of objects and items of lists), and bytes of its JSON.

    Bytes are counted as the characters of names and texts: what each takes in UTF-8 is not looked at. Texts are counted
    where they may multiply (see `Budget.counts_texts`).
    """

    values: int = 300_000
    bytes: int = 50_000_000


class AnswerTooLarge(BaseException):
    """Ends an execution that is past its budget. No `Exception`: it is the error of no single field."""


class Budget:
    """What is left for one execution and its branches.

    `expired` returns whether the time for the answer is over; it is asked once a full iteration, so what is put
    together in fewer is not ended for it.
    """

    __slots__ = (
        "_begun",
        "_expired",
        "_iteration_began",
        "_late",
        "_limits",
        "_resetting",
        "_selections",
        "_uncounted",
        "characters",
        "error",
        "values",
    )

    def __init__(self, limits: AnswerLimits | None = None, expired: Callable[[], bool] | None = None) -> None:
        self._limits = limits or AnswerLimits()
        self._expired = expired
        self.values = self._limits.values
        self.characters = self._limits.bytes
        self._uncounted = self.values - self.characters // UNCOUNTED_TEXT
        self._selections: dict[GraphQLObjectType, set[PlannedSelection]] = {}
        self.error: GraphQLError | None = None
        """Why the execution was ended, None where it was not."""
        self._begun = 0
        self._late = 0
        self._resetting = False
        self._iteration_began: float | None = None

    def charge(self, values: int, characters: int, positions: Located) -> None:
        """Take what is about to be completed. Raises AnswerTooLarge where so much is not left."""
        self.values -= values
        self.characters -= characters
        if self.values < 0 or self.characters < 0 or self.error is not None:
            most = f"{self._limits.values} values" if self.values < 0 else f"{self._limits.bytes} bytes"
            self._end(f"The answer has more than {most}", positions)

    def counts_texts(self, selection: PlannedSelection) -> bool:
        """Return whether the texts of a selection are to be counted, which costs as much as reading them.

        They are not in an answer that is small so far, where an object type is selected a few times and each of its
        attributes once: such texts are in memory already, and what is written is but a few times what was read.
        """
        selections = self._selections.setdefault(selection.object_type, set())
        selections.add(selection)
        return len(selections) > FEW_SELECTIONS or selection.repeats or self.values < self._uncounted

    def begin(self, work: int) -> bool:
        """Return whether so much work may be done at once, without waiting for the next iteration of the loop."""
        begun = self._begun + work
        if begun > ITERATION_VALUES:
            return False
        self._begun = begun
        return True

    async def wait(self, work: int, positions: Located) -> None:
        """Wait until so much work may be done. Raises AnswerTooLarge when the time for the answer is over."""
        while not self._fits(min(work, ITERATION_VALUES)):
            if not self._resetting:
                self._resetting = True
                get_running_loop().call_soon(self._reset)
            await sleep(0)
        if self._late > ITERATIONS_AFTER_DEADLINE or self.error is not None:
            self._end("The answer cannot be put together before the deadline", positions)

    def _fits(self, work: int) -> bool:
        now = monotonic()
        if self._iteration_began is None:
            self._iteration_began = now
        return now - self._iteration_began < ITERATION_SECONDS and self.begin(work)

    def _reset(self) -> None:
        self._resetting = False
        self._begun = 0
        self._iteration_began = None
        if self._expired is not None and self._expired():
            self._late += 1

    def _end(self, what: str, positions: Located) -> NoReturn:
        if self.error is None:
            path = positions.field_path(0)
            message = f"{what}; {LESS}"
            self.error = GraphQLError(message, path=path.as_list() if path else [], extensions={"code": CODE})
        raise AnswerTooLarge


def length_of(value: Any) -> int:
    """Return the characters of a value that a scalar gave, at least; without recursion, which deep values would
    exhaust.
    """
    if isinstance(value, (str, bytes)):
        return len(value)
    length = parts = 0
    waiting = [value]
    while waiting and parts < MOST_PARTS:
        parts += 1
        each = waiting.pop()
        if isinstance(each, (str, bytes)):
            length += len(each)
        elif isinstance(each, Mapping):
            length += len(each) * AROUND
            waiting += *each, *each.values()
        elif isinstance(each, (list, tuple)):
            length += len(each)
            waiting += each
    return length


def length_of_texts(texts: list[Any]) -> int:
    """Return the characters of a column of texts, some of which may be null."""
    return sum(map(len, filter(None, texts)))
