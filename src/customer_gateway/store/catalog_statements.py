"""The statements that find rows of the index, for SQLite (FTS5) and for PostgreSQL (tsvector), in one shape.

A statement reads one *segment*: rows of one rank that have a value to sort by, or that have none. Rows without one
come last in both directions, so a page is a walk through segments, and each is ordered by its columns alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.model.catalog import RecordState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.model.catalog import ColumnCheck, Conditions, Order, Position, Term

_COLUMNS: Final = "id, system, key, customer, shown, COALESCE(whole_at, seen_at) AS whole_at, later, state"
_COMPARED: Final = {"EQUAL": ("\n", "\n"), "BEGINS": ("\n", ""), "CONTAINS": ("", "")}
_PIECE: Final = 3
_MOMENTS: Final = {"AFTER": ">", "BEFORE": "<"}


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one rank, in one direction; `start` is the row before them, if it stands in this segment."""

    conditions: Conditions
    order: Order
    is_descending: bool
    is_valued: bool
    is_backward: bool
    start: Position | None = None


@dataclass(slots=True)
class Statement:
    """SQL and its parameters; a value is added and named at once."""

    parameters: dict[str, Any] = field(default_factory=dict[str, Any])

    def bind(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"


class Dialect:
    """What the databases spell differently; the texts of tokens have letters, digits and `_` alone."""

    position: str
    has_narrow_index: bool
    list_of_ids: str
    """An aggregate function that makes one JSON text of ids."""
    ids_of_list: str
    """A query for the ids of such a text, `:ids`."""
    unindexed: str
    """What before a column keeps the plan from taking its index."""
    merges_arms: bool
    """Whether the arms of a UNION ALL that indexes give in order are merged as they are read."""

    def matching_query(self, conditions: Conditions, systems: Sequence[str] | None, statement: Statement) -> str | None:
        """Return a query for the ids of the rows that fit the clauses; None where there are none."""
        raise NotImplementedError

    def containing_query(self, conditions: Conditions, statement: Statement) -> str | None:
        """Return a query for the ids of rows that may contain what is looked for; None where no index has them."""
        raise NotImplementedError


class Sqlite(Dialect):
    position = "instr"
    has_narrow_index = True
    list_of_ids = "json_group_array(id)"
    ids_of_list = "SELECT value AS id FROM json_each(:ids)"
    unindexed = "+"
    merges_arms = True

    def matching_query(self, conditions: Conditions, systems: Sequence[str] | None, statement: Statement) -> str | None:
        expression = self._expression(conditions, systems)
        if expression is None:
            return None
        return f"SELECT rowid AS id FROM catalog_tokens WHERE catalog_tokens MATCH {statement.bind(expression)}"  # noqa: S608 - our own names, values are bound

    def containing_query(self, conditions: Conditions, statement: Statement) -> str | None:
        expressions = [found for each in conditions.checks if (found := _pieces_expression(each)) is not None]
        if not expressions:
            return None
        both = " AND ".join(f"({each})" for each in expressions)
        return f"SELECT rowid AS id FROM catalog_pieces WHERE catalog_pieces MATCH {statement.bind(both)}"  # noqa: S608 - our own names, values are bound

    def _expression(self, conditions: Conditions, systems: Sequence[str] | None) -> str | None:
        clauses = [" OR ".join(map(self._term, clause)) for clause in conditions.clauses]
        if systems is not None:
            clauses.append(" OR ".join(f'"s{name}"' for name in systems))
        if not clauses:
            return None
        text = " AND ".join(f"({clause})" for clause in clauses)
        return " NOT ".join([f"({text})", *map(self._term, conditions.without)])

    def _term(self, term: Term) -> str:
        return f'"{term.text}"{" *" if term.is_prefix else ""}'


class Postgresql(Dialect):
    position = "strpos"
    has_narrow_index = False
    list_of_ids = "CAST(json_agg(id) AS text)"
    ids_of_list = "SELECT CAST(value AS bigint) AS id FROM json_array_elements_text(CAST(:ids AS json))"
    unindexed = ""  # it knows how many rows a value has, and chooses rightly
    merges_arms = False

    def matching_query(self, conditions: Conditions, systems: Sequence[str] | None, statement: Statement) -> str | None:
        clauses = ["|".join(map(self._term, clause)) for clause in conditions.clauses]
        if systems is not None:
            clauses.append("|".join(f"'s{name}'" for name in systems))
        if not clauses:
            return None
        parts = [*(f"({clause})" for clause in clauses), *(f"!{self._term(each)}" for each in conditions.without)]
        query = statement.bind("&".join(parts))
        return f"SELECT id FROM catalog_records WHERE token_vector @@ CAST({query} AS tsquery)"  # noqa: S608 - our own names, values are bound

    def containing_query(self, conditions: Conditions, statement: Statement) -> str | None:
        del conditions, statement
        return None

    def _term(self, term: Term) -> str:
        return f"'{term.text}'{':*' if term.is_prefix else ''}"


DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": Sqlite(), "postgresql": Postgresql()}
"""By the names that SQLAlchemy has for them."""


def _pieces_expression(check: ColumnCheck) -> str | None:
    """Return the expression of FTS5 for texts of three characters that stand in what contains a value."""
    if check.operator != "CONTAINS" or any(len(str(each)) < _PIECE for each in check.values):
        return None
    each_of = (f"({' AND '.join(map(_quoted, _pieces(str(each))))})" for each in check.values)
    return f"{check.column}_text : ({' OR '.join(each_of)})"


def _pieces(text: str) -> Sequence[str]:
    return list(dict.fromkeys(text[start : start + _PIECE] for start in range(len(text) - _PIECE + 1)))


def _quoted(piece: str) -> str:
    return f'"{piece.replace(chr(34), chr(34) * 2)}"'


def moment_conditions(conditions: Conditions, statement: Statement, order: Order | None, unindexed: str) -> list[str]:
    """Return the conditions of SQL for moments. Rows that are walked in an `order` are read by its index alone."""
    return [
        f"{unindexed if order is not None and order.value != each.column else ''}{each.column}"
        f" {_MOMENTS[each.operator]} {statement.bind(each.values[0])}"
        for each in conditions.checks
        if each.operator in _MOMENTS
    ]


def text_conditions(dialect: Dialect, conditions: Conditions, statement: Statement) -> list[str]:
    """Return the conditions of SQL for texts."""
    return [_text_condition(dialect, each, statement) for each in conditions.checks if each.operator in _COMPARED]


def state_conditions(conditions: Conditions) -> list[str]:
    """Return the condition for rows that are not GONE, where no other is: those have no tokens and no values."""
    return [] if conditions.clauses or conditions.checks else [f"state <> {int(RecordState.GONE)}"]


def _text_condition(dialect: Dialect, check: ColumnCheck, statement: Statement) -> str:
    before, after = _COMPARED[check.operator]
    found = [
        f"{dialect.position}({check.column}_text, {statement.bind(f'{before}{value}{after}')}) > 0"
        for value in check.values
    ]
    return f"({' OR '.join(found)})"


def moments_query(conditions: Conditions, systems: Sequence[str], statement: Statement) -> str | None:
    """Return a query for the ids of rows by a moment that is compared; None where none is."""
    compared = [each for each in conditions.checks if each.operator in _MOMENTS]
    if not compared:
        return None
    same = [each for each in compared if each.column == compared[0].column]
    every = [f"{each.column} {_MOMENTS[each.operator]} {statement.bind(each.values[0])}" for each in same]
    return " UNION ALL ".join(
        f"SELECT id FROM catalog_records WHERE system = {statement.bind(system)} AND {' AND '.join(every)}"  # noqa: S608 - our own names, values are bound
        for system in systems
    )


def clause_conditions(dialect: Dialect, conditions: Conditions, statement: Statement) -> list[str]:
    """Return the conditions of SQL for the clauses, for rows that are read one after the other."""

    def has(term: Term) -> str:
        token = f" {term.text}" if term.is_prefix else f" {term.text} "
        return f"{dialect.position}(tokens, {statement.bind(token)}) > 0"

    clauses = [f"({' OR '.join(map(has, clause))})" for clause in conditions.clauses]
    return [*clauses, *(f"NOT {has(term)}" for term in conditions.without)]


def fetch_query(segment: Segment, conditions: Sequence[str], limit: int, statement: Statement) -> str:
    """Return the query that reads the rows that fit and orders them: for few of them."""
    column = segment.order.value
    every = [*conditions, _sort_key_condition(segment), *_after_conditions(segment, statement)]
    return (
        f"SELECT {_COLUMNS}, {column} AS sort FROM catalog_records "  # noqa: S608 - our own names, values are bound
        f"WHERE {' AND '.join(every)} {_order_by(segment)} LIMIT {limit}"
    )


def ordered_ids_query(
    segment: Segment, ids: str, conditions: Sequence[str], limit: int | None, statement: Statement
) -> str:
    """Return the query that orders the rows of some ids by SQLite's narrow index alone: their ids."""
    every = [*conditions, _sort_key_condition(segment), *_after_conditions(segment, statement)]
    return (
        f"SELECT catalog_records.id FROM {narrow_source(ids)} "  # noqa: S608 - our own names, values are bound
        f"WHERE {' AND '.join(every)} {_order_by(segment)} LIMIT {-1 if limit is None else limit}"
    )


def narrow_source(ids: str) -> str:
    """Return some ids joined with what SQLite's narrow index has of their rows."""
    return f"({ids}) AS found CROSS JOIN catalog_records INDEXED BY catalog_narrow ON catalog_records.id = found.id"


def walk_query(
    dialect: Dialect,
    segment: Segment,
    systems: Sequence[str],
    conditions: Sequence[str],
    limit: int,
    statement: Statement,
) -> str:
    """Return the query that walks each system's rows in order, merged, until enough of them fit: for many.

    A system's arm reads an index that begins with the system: rows of others cost nothing. Where arms are not merged as
    they are read, each is ordered and limited by itself: PostgreSQL would read and sort all rows that fit.
    """
    column = segment.order.value
    arms: list[str] = []
    for system in systems:
        every = [f"system = {statement.bind(system)}", *conditions, _sort_key_condition(segment)]
        every += _after_conditions_in(segment, system, statement)
        arm = f"SELECT {_COLUMNS}, {column} AS sort FROM catalog_records WHERE {' AND '.join(every)}"  # noqa: S608 - our own names, values are bound
        if not dialect.merges_arms:
            arm = f"SELECT * FROM ({arm} {_order_by(segment)} LIMIT {limit}) AS arm_{len(arms)}"  # noqa: S608 - as above
        arms.append(arm)
    return f"{' UNION ALL '.join(arms)} {_order_by(segment, 'sort')} LIMIT {limit}"


def _sort_key_condition(segment: Segment) -> str:
    return f"{segment.order.value} IS {'NOT ' if segment.is_valued else ''}NULL"


def _signs(segment: Segment) -> tuple[str, str]:
    """Return how the sort key and the tie-break are compared: the order's direction turns the first alone."""
    tie = "<" if segment.is_backward else ">"
    return (">" if segment.is_descending == segment.is_backward else "<"), tie


def _order_by(segment: Segment, column: str | None = None) -> str:
    sign, tie = _signs(segment)
    words = {">": "ASC", "<": "DESC"}
    sort = f"{column or segment.order.value} {words[sign]}, " if segment.is_valued else ""
    return f"ORDER BY {sort}system {words[tie]}, key {words[tie]}"


def _after_conditions(segment: Segment, statement: Statement) -> list[str]:
    if (start := segment.start) is None:
        return []
    sign, tie = _signs(segment)
    system, key = statement.bind(start.system), statement.bind(start.key)
    later = f"(system, key) {tie} ({system}, {key})"
    if not segment.is_valued:
        return [later]
    sort = statement.bind(start.sort)
    column = segment.order.value
    return [f"({column} {sign} {sort} OR ({column} = {sort} AND {later}))"]


def _after_conditions_in(segment: Segment, system: str, statement: Statement) -> list[str]:
    """Return what rows of one system follow the start: without OR where the system decides it."""
    if (start := segment.start) is None:
        return []
    sign, tie = _signs(segment)
    is_later = system > start.system if tie == ">" else system < start.system
    if not segment.is_valued:
        if system == start.system:
            return [f"key {tie} {statement.bind(start.key)}"]
        return [] if is_later else ["1 = 0"]
    sort, column = statement.bind(start.sort), segment.order.value
    if system == start.system:
        key = statement.bind(start.key)
        return [f"{column} {sign}= {sort}", f"({column} {sign} {sort} OR key {tie} {key})"]
    return [f"{column} {sign}{'=' if is_later else ''} {sort}"]
