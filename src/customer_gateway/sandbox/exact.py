"""JSON that keeps its spelling: numbers as they were written, objects that name a key twice."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, Self

import orjson

_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1


class SpelledFloat(float):
    """A number that is written again as it was spelled: `1.10`, `1e2`, `12.0`."""

    spelling: str

    def __new__(cls, spelling: str) -> Self:
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


class SpelledInt(int):
    """A whole number beyond 64 bits, or -0."""

    spelling: str

    def __new__(cls, spelling: str) -> Self:
        number = super().__new__(cls, spelling)
        number.spelling = spelling
        return number


class RepeatedKeys(dict[str, Any]):
    """An object that names a key twice: the last one counts, all of them are written again."""

    def __init__(self, members: list[tuple[str, Any]]) -> None:
        super().__init__(members)
        self.members = members


def decoded(text: bytes | str) -> Any:
    """Return the value of JSON text. Raises ValueError for anything that is not JSON in UTF-8."""
    try:
        return json.loads(
            text if isinstance(text, str) else text.decode(),
            parse_float=SpelledFloat,
            parse_int=_whole,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("The text is nested too deep.") from None


def encoded(value: Any) -> bytes:
    """Return the JSON text of a value, with numbers as they are spelled. Raises TypeError for what has none."""
    return orjson.dumps(value, _fragment, orjson.OPT_PASSTHROUGH_SUBCLASS)


def is_plain(value: Any) -> bool:
    """Return whether a value holds nothing whose spelling a common decoder would lose."""
    try:
        orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError:
        return False
    return True


def _whole(spelling: str) -> int:
    number = int(spelling)
    return number if _LEAST <= number <= _MOST and spelling != "-0" else SpelledInt(spelling)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON.")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    return made if len(made) == len(members) else RepeatedKeys(members)


def _fragment(value: SpelledFloat | SpelledInt | RepeatedKeys) -> orjson.Fragment:
    if isinstance(value, RepeatedKeys):
        members = [encoded(name) + b":" + encoded(member) for name, member in value.members]
        return orjson.Fragment(b"{" + b",".join(members) + b"}")
    return orjson.Fragment(value.spelling)
