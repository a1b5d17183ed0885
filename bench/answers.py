"""Whether answers are right: asked one by one before and after a load, and weighed by their bytes during it.

A generator that reads every answer would be the limit, so during a load only bytes are counted; whether they are the
right ones is seen where nothing is timed.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from math import ceil, sqrt
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Method: TypeAlias = Literal["POST", "GET"]
Order: TypeAlias = Literal["turn", "random"]

ACCEPT = "application/graphql-response+json, application/json;q=0.9"
AT_LEAST = 200
"""So many answers are looked at, however few questions there are."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE_SECONDS = 60


class Answer(NamedTuple):
    """`size` in bytes, the head included; `document` None where it is no JSON under status 200."""

    size: int
    document: Any


NO_ANSWER = Answer(0, None)


@dataclass(frozen=True, slots=True)
class Questions:
    """A file of requests, one a line, and the document that each must be answered with; sent with `key`, if any."""

    path: Path
    answers: Sequence[Any]
    key: str = ""

    @property
    def lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines()


class CheckedAnswers(NamedTuple):
    """How many answers were checked, and how many of them are wrong."""

    wrong: int
    answers: int

    def __str__(self) -> str:
        return f"answers wrong: {self.wrong:,} of {self.answers:,}"

    @classmethod
    def together(cls, parts: Iterable[CheckedAnswers]) -> CheckedAnswers:
        wrong, answers = zip(*parts, strict=True)
        return cls(sum(wrong), sum(answers))


class Sizes(NamedTuple):
    """The bytes of the right answers to all questions, heads included."""

    each: tuple[int, ...]

    def check_bytes(self, requests: int, received: int, order: Order) -> CheckedAnswers:
        """Of so many requests with so many bytes in all, the fewest that must have been answered wrongly.

        What the order of the questions explains is no fault.
        """
        if not self.each:
            return CheckedAnswers(requests, requests)
        mean = fmean(self.each)
        furthest = max(abs(size - mean) for size in self.each)
        # In turn, all but half a turn at most cancels out; at random, six standard deviations never happen.
        slack = furthest * len(self.each) / 2 if order == "turn" else 6 * pstdev(self.each) * sqrt(requests)
        astray = abs(received - requests * mean) - slack
        return CheckedAnswers(min(requests, ceil(max(astray, 0) / mean)), requests)


def asked(url: str, lines: Sequence[bytes], connections: int, method: Method = "POST", key: str = "") -> list[Answer]:
    """The answers to all lines, in their order, over so many connections at once."""
    return asyncio.run(_asked([request(url, line, method, key) for line in lines], url, connections))


def checked(url: str, questions: Questions, connections: int, method: Method = "POST") -> tuple[CheckedAnswers, Sizes]:
    """Ask all questions, again and again if there are few."""
    times = ceil(AT_LEAST / len(questions.answers))
    expected = [*questions.answers] * times
    answers = asked(url, questions.lines * times, connections, method, questions.key)
    right = [answer.size for answer, document in zip(answers, expected, strict=True) if answer.document == document]
    return CheckedAnswers(len(answers) - len(right), len(answers)), Sizes(tuple(right))


def request(url: str, line: bytes, method: Method = "POST", key: str = "") -> bytes:
    """A line as every generator sends it: the body of a POST, or the target of a GET."""
    parts = urlsplit(url)
    target, body = (parts.path, line) if method == "POST" else (line.decode(), b"")
    head = f"{method} {target} HTTP/1.1\r\nhost: {parts.netloc}\r\ncontent-type: application/json\r\naccept: {ACCEPT}"
    credential = f"\r\nauthorization: Bearer {key}" if key else ""
    return f"{head}{credential}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def _asked(requests: Sequence[bytes], url: str, connections: int) -> list[Answer]:
    answers = [NO_ANSWER] * len(requests)
    waiting, parts = iter(enumerate(requests)), urlsplit(url)

    async def connection() -> None:
        streams = None
        for place, each in waiting:
            try:
                streams = streams or await asyncio.open_connection(parts.hostname, parts.port)
                answers[place] = await _exchanged(*streams, each)
            except (OSError, asyncio.IncompleteReadError):
                streams = None  # this one stays without an answer; a new connection asks the next
        if streams is not None:
            streams[1].close()

    await asyncio.gather(*(connection() for _ in range(min(connections, len(requests)))))
    return answers


async def _exchanged(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> Answer:
    writer.write(sent)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if length is None:
            raise RuntimeError("an answer without its length cannot be weighed")
        body = await reader.readexactly(int(length[1]))
    return Answer(len(head) + len(body), _document(head, body))


def _document(head: bytes, body: bytes) -> Any:
    if not head.startswith(b"HTTP/1.1 200 "):
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
