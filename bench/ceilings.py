"""What stub and generator can do themselves, so that a reader sees that neither is the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from bench.answers import Questions, asked
from bench.contest import BARE, GATEWAY, OFFSETS
from bench.load import Entrant
from bench.pland_rows import PAGE
from bench.report import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from bench.load import Figures
    from bench.processes import Stub
    from bench.rounds import Rounds

_COLUMNS = ("", "a second", "contestant CPU", "stub CPU", "generator CPU")
_THREE = ("customers", "users", "contacts")
_FULL = 0.9
"""A core that is busier than this may be the limit."""


def stub_alone(rounds: Rounds, stub: Stub, directory: Path) -> dict[str, Figures]:
    """The three calls of a page, asked of the stub by the generator itself, each kind alone."""
    entrants = [
        Entrant(name, stub, stub.url, questions, method="GET") for name, questions in _calls(stub, directory).items()
    ]
    return rounds.figures(entrants, stub)


def ceilings(
    alone: Mapping[str, Figures], different: Mapping[str, Figures], same: Mapping[str, Figures], *, one_core: bool
) -> Section:
    """`one_core`: stub and generator share one."""
    pages = 1 / sum(1 / max(alone[name].rate, 1e-9) for name in _THREE)
    bare, gateway = same[BARE], different[GATEWAY]
    rows = [
        *(_stub_row(name, alone[name]) for name in _THREE),
        ("stub: pages of these three calls, estimated", f"{pages:,.0f}", "", "", ""),
        _row("generator: bare endpoint, identical queries", bare),
        ("generator: pages that its CPU there allows, estimated", f"{_allowed(bare):,.0f}", "", "", ""),
        _row("for comparison: gateway, different pages", gateway),
        _row("for comparison: gateway, identical queries", same[GATEWAY]),
    ]
    remarks = [
        "CPU in parts of one core.",
        f"The stub's three calls allow {pages / max(gateway.rate, 1e-9):.1f} times the gateway's different pages.",
        _limit_text("different pages of the gateway", gateway, one_core=one_core),
        _limit_text("the bare endpoint", bare, one_core=one_core),
    ]
    return Section("Ceilings of stub and generator", _COLUMNS, rows, remarks)


def _row(text: str, figures: Figures) -> tuple[str, ...]:
    busy = figures.busy
    return (
        text,
        f"{figures.rate:,.0f}",
        *(f"{share:.0%}" for share in (busy.contestant, busy.upstream, busy.generator)),
    )


def _stub_row(name: str, figures: Figures) -> tuple[str, ...]:
    text, rate, busy, _, generator = _row(f"stub asked directly: {name} of a page", figures)
    return text, rate, "", busy, generator


def _allowed(figures: Figures) -> float:
    return figures.rate / max(figures.busy.generator, 1e-9)


def _limit_text(what: str, figures: Figures, *, one_core: bool) -> str:
    busy = figures.busy
    others = busy.upstream + busy.generator if one_core else max(busy.upstream, busy.generator)
    if busy.contestant >= _FULL:
        limit = "the contestant is the limit"
    elif others >= _FULL:
        limit = "they may be the limit, and the figure is too low"
    else:
        limit = f"they are not the limit, but the contestant had or used only {busy.contestant:.0%} of its core"
    where = "their one core" if one_core else "the busier of their cores"
    return f"At {what} stub and generator keep {where} {others:.0%} busy: {limit}."


def _calls(stub: Stub, directory: Path) -> dict[str, Questions]:
    customers = _asked(stub, directory, "customers", [{"limit": PAGE, "offset": offset} for offset in OFFSETS])
    users: list[dict[str, Any]] = []
    contacts: list[dict[str, Any]] = []
    for rows in customers.answers:
        statuses = [row["status"] for row in rows]
        ids = {status[name] for status in statuses for name in ("createdBy", "lastModifiedBy")}
        users.append({"ids": sorted(ids), "limit": len(ids)})
        contacts.append({"customerId": [row["_id"] for row in rows], "limit": 1000})
    return {
        "customers": customers,
        "users": _asked(stub, directory, "users", users),
        "contacts": _asked(stub, directory, "contacts", contacts),
    }


def _asked(stub: Stub, directory: Path, name: str, queries: Iterable[dict[str, Any]]) -> Questions:
    """What the stub answers now is what it must answer under load."""
    targets = [f"/v2/{name}/?{urlencode(query, doseq=True)}".encode() for query in queries]
    path = directory / f"stub-{name}"
    path.write_bytes(b"".join(target + b"\n" for target in targets))
    return Questions(path, [answer.document for answer in asked(stub.url, targets, 4, "GET")])
