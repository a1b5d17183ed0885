"""One thing that goes wrong at a vendor, as tests and people ask for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FaultKind = Literal[
    "latency",
    "status",
    "reset",
    "truncated",
    "hang",
    "slow_headers",
    "slow_drip",
    "deep_json",
    "nan",
    "bad_utf8",
    "wrong_content_type",
    "redirect",
    "huge_body",
    "gzip_bomb",
    "error_under_200",
    "empty_body",
    "empty_list",
    "lost_keys",
    "lost_rows",
    "unstable_pages",
    "wrong_total",
]
# The true answer of a vendor that sees its customers otherwise: `views`.
VIEW_KINDS: Final[frozenset[FaultKind]] = frozenset(
    {"empty_list", "lost_keys", "lost_rows", "unstable_pages", "wrong_total"}
)
# Whether the call is carried out all the same: before the latency, or after it.
Application = Literal["before", "after"]
KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    `latency` alone delays the true answer; with another kind it delays the fault. `status` (kind status) sends that
    status with the vendor's own error body, or with an HTML page when `html`. `path` limits it to calls whose path,
    relative to the base path, starts so, `method` to calls of that method; `calls` to the next so many of them.
    `retry_after` is sent as it is; `pause` is the time in seconds between two pieces of a drip.

    A call that meets a status, a reset or a hang is not carried out unless `applied` says so: `before` the latency,
    which makes the answer late or lost, or `after` it, even if the caller has gone by then.

    Lists and look-ups of customers by many keys are answered, in the vendor's own form, as if there were none
    (`empty_list`) or some were missing: of those that a look-up finds (`lost_keys`), or of every list, which counts
    them no more (`lost_rows`). `keys` names those, `share` is how many of them, from 0 to 1. Every second list begins
    with its last row (`unstable_pages`), so that its pages repeat a row and lose another; a list says that it has `off`
    customers more, or less (`wrong_total`). What is read by its own key is true, and so is what a write sees.
    """

    kind: FaultKind
    latency: float = 0.0
    status: int = 503
    retry_after: str | None = None
    html: bool = False
    path: str = ""
    calls: int | None = None
    pause: float = 0.5
    method: str = ""
    applied: Application | None = None
    keys: Sequence[str] = ()
    share: float = 0.0
    off: int = 0

    def __post_init__(self) -> None:
        for name, (fits, expected) in _FORMS.items():
            value = getattr(self, name)
            if not fits(value):
                raise ValueError(f"`{name}` of a fault is {expected}, not {json.dumps(value, ensure_ascii=False)}.")
        if self.kind in ("lost_keys", "lost_rows") and not self.keys and not self.share:
            raise ValueError(f"A fault of {self.kind} needs `keys` or a `share`.")
        if self.kind == "wrong_total" and not self.off:
            raise ValueError("A fault of wrong_total needs `off`, how many more or less.")


_KEYS: Final = tuple(field.name for field in fields(Fault))


def fault_of(asked: object) -> Fault:
    """Return the fault that decoded JSON asks for. Raises ValueError with what is wrong in it and what would do."""
    if not isinstance(asked, dict):
        raise ValueError('A fault is a JSON object, such as {"kind": "status", "status": 503}.')  # noqa: TRY004 - JSON that will not do, like any other
    named = cast("dict[str, Any]", asked)
    for name in named:
        if name not in _KEYS:
            raise ValueError(f"A fault has no `{name}`; what it may have is {', '.join(_KEYS)}.")
    if "kind" not in named:
        raise ValueError(f"A fault needs a `kind`: one of {', '.join(KINDS)}.")
    return Fault(**named)


_METHODS: Final = ("", "GET", "POST", "PUT", "PATCH", "DELETE")


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf


def _is_whole(value: object, least: int, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in cast("list[object]", value))


_FORMS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    "kind": (lambda value: value in KINDS, f"one of {', '.join(KINDS)}"),
    "latency": (_is_seconds, "a number of seconds, 0 or more"),
    "status": (lambda value: _is_whole(value, 200, 599), "a whole number from 200 to 599"),
    "retry_after": (
        lambda value: value is None or (isinstance(value, str) and value.isascii() and value.isprintable()),
        "a text that a header can hold",
    ),
    "html": (lambda value: isinstance(value, bool), "true or false"),
    "path": (lambda value: isinstance(value, str), "the beginning of a path"),
    "calls": (lambda value: value is None or _is_whole(value, 1, inf), "a whole number above 0"),
    "pause": (_is_seconds, "a number of seconds, 0 or more"),
    "method": (lambda value: value in _METHODS, f"one of {', '.join(_METHODS[1:])}, or empty"),
    "applied": (lambda value: value in (None, *get_args(Application)), '"before", "after" or null'),
    "keys": (_is_texts, "a list of keys, which are texts"),
    "share": (_is_share, "a number from 0 to 1"),
    "off": (lambda value: _is_whole(value, -(10**9), 10**9), "a whole number"),
}
