"""Which keys of its lists an installation of AutoDNS takes: those that it refuses are left out from then on."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.systems.autodns.keys import INFERRED, lost_without
from customer_gateway.systems.explained import texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.documents.record import DocumentContext
    from customer_gateway.systems.autodns.keys import Keys
    from customer_gateway.wire import Answer, Call, Client
    from customer_gateway.work.deadline import Deadline

_CUSTOMERS: Final = "/customer/_search"
_NONE: Final[Keys] = frozenset()
_NEEDED: Final[Keys] = frozenset({"customer"})  # without it an invoice is nobody's
_REFUSED: Final = {400, 422}
_QUOTED: Final = re.compile(r"""["'`\[](\w+)["'`\]]""")
_AFTER_KEY: Final = re.compile(r"\bkeys?\b\W{1,5}(\w+)", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")


class AcceptedKeys:
    """Makes the calls of lists, without the keys that were refused before.

    A refusal that names some of `keys[]` is answered by the same call without these, one that names none by the call
    without all that are inferred. What was left out when a call went well is remembered for the process.
    """

    def __init__(self, client: Client, context: DocumentContext) -> None:
        self._client = client
        self._context = context
        self._refused: dict[str, Keys] = {}
        self.withheld: frozenset[str] = frozenset()
        """Unified fields of a customer whose keys are all refused."""

    @property
    def lacks_keys_of_customers(self) -> bool:
        """Whether the list of customers was found to refuse any key."""
        return bool(self._refused.get(_CUSTOMERS))

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """Return the answer of a list whose query is nothing but `keys[]`."""
        remembered = refused = self._refused.get(call.path, _NONE)
        while True:
            asked = [(name, key) for name, key in call.query if key not in refused]
            try:
                answer = await self._client.call(replace(call, query=asked, explain=True), deadline)
            except UpstreamBadResponse as failure:
                blamed = _blamed(failure, frozenset(key for _, key in asked) - _NEEDED)
                if not blamed:
                    raise
                refused |= blamed
            else:
                if refused != remembered:
                    self._remember(call.path, refused)
                return answer

    def _remember(self, path: str, refused: Keys) -> None:
        self._refused[path] = self._refused.get(path, _NONE) | refused
        for key in sorted(refused):
            self._context.drift.notice(key, f"a key that {path} refuses: it is not asked for any more")
        self.withheld = lost_without(self._refused.get(_CUSTOMERS, _NONE))


def _blamed(failure: UpstreamBadResponse, asked: Keys) -> Keys:
    """Return the keys that a refusal names, else the inferred ones; none where it is about something else."""
    named = _named(failure.explanation, asked)
    return named or (asked & INFERRED if failure.status in _REFUSED else _NONE)


def _named(explanation: object, asked: Keys) -> Keys:
    """Return keys that stand alone or in quotes, else inferred ones anywhere, else one after the word "key".

    In this order, because many keys are words that a sentence may have for itself: name, type, title.
    """
    texts = texts_in(explanation, under={"text", "value"})
    alone = {text.rpartition(".")[2] for text in texts}
    return (
        asked & (alone | _found(_QUOTED, texts))
        or asked & INFERRED & _found(_WORD, texts)
        or asked & _found(_AFTER_KEY, texts)
    )


def _found(form: re.Pattern[str], texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in form.findall(text)}
