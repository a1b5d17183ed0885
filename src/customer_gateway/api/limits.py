"""How much a document may ask, decided before anything expensive is done with it.

Parsing stops at a number of tokens, so that what follows is small: the depth and the number of fields are then
counted with each fragment looked at once, however often it is spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    OverlappingFieldsCanBeMergedRule,
    Token,
    TokenKind,
    parse,
    specified_rules,
    validate,
)

from customer_gateway.api.root_fields import root_fields
from customer_gateway.errors import QueryTooDeep, QueryTooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLSchema, SelectionSetNode, ValidationContext

INTROSPECTION_DEPTH: Final = 16
"""What the standard introspection query needs, whatever the limit for data; lists in it are limited by GraphQL."""

INTROSPECTION_LISTS: Final = 20
"""How many lists of the schema one operation may ask for; the standard introspection query asks for nine."""

_LISTS: Final = frozenset(
    {"args", "directives", "enumValues", "fields", "inputFields", "interfaces", "possibleTypes", "types"}
)

_APART: Final = "ask in several requests."
_ENTANGLED: Final = f"Too many fields of the document share a name; give them aliases, or {_APART}"

MOST_ERRORS: Final = 10
"""How many mistakes of a document are looked for; each costs as much as hundreds of right words."""


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """The most that one document and its answer may have; and how much is kept of all documents together.

    `characters` bounds what the lexer walks over, comments and blanks included. `fields` counts every field as often
    as fragments repeat it, which bounds the work of merging and executing them. `comparisons` bounds how often
    validation compares two fields of the same response name, which grows with their square. `mutation_fields` bounds
    the fields at the root of a mutation. `list_items` bounds a list in the variables. `answer_values` and
    `answer_bytes` bound the answer (see `execution.budget`).

    Kept are prepared documents, up to `kept_tokens` (see `weight_of`; about half a kilobyte each), their plans, up to
    `kept_fields` planned fields (about a kilobyte each; a document has a plan for each setting of its conditions), and
    `kept_refusals` refusals. What was used least lately goes first; an eighth of the whole is the most for one.
    """

    tokens: int = 2_000
    characters: int = 100_000
    depth: int = 15
    fields: int = 5_000
    mutation_fields: int = 1
    list_items: int = 1_000
    answer_values: int = 300_000
    answer_bytes: int = 50_000_000
    comparisons: int = 10_000
    kept_tokens: int = 100_000
    kept_fields: int = 50_000
    kept_refusals: int = 100


class DocumentRefused(Exception):
    """The document is past a limit or is no GraphQL; `code` is of the closed list."""

    def __init__(self, error: GraphQLError, code: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.code = code


class DocumentInvalid(Exception):
    """The document breaks rules of the specification or of the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Extent:
    """How deep a selection nests and how many fields it has, with all fragments spread.

    `lists` would be lists of the schema inside of `__schema` or `__type`, `introspection` are such lists.
    """

    depth: int = 0
    fields: int = 0
    lists: int = 0
    introspection: int = 0


NOTHING: Final = Extent()


def parse_within(source: str, limits: DocumentLimits) -> DocumentNode:
    """Return the parsed document. Raises DocumentRefused where it is no GraphQL or past a limit, RecursionError far
    past.
    """
    if len(source) > limits.characters:
        raise _too_large(f"The document has {len(source)} characters, the most is {limits.characters}; {_APART}")
    try:
        document = parse(source, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
    except GraphQLSyntaxError as error:
        raise _refusal_of(error, limits) from None
    _refuse_beyond(document, limits)
    return document


def refuse_invalid(
    schema: GraphQLSchema, document: DocumentNode, limits: DocumentLimits, *, suggestions: bool = True
) -> None:
    """Validate by all rules of the specification. Raises DocumentInvalid, or DocumentRefused past a limit."""

    class FieldsCanBeMergedWithin(OverlappingFieldsCanBeMergedRule):
        """The rule with a budget of ours; it spends two units per comparison."""

        def __init__(self, context: ValidationContext) -> None:
            super().__init__(context)
            self.rule_context.remaining_complexity_budget = 2 * limits.comparisons

    if errors := _unfit_numbers(document):
        raise DocumentInvalid(errors)
    rules = [FieldsCanBeMergedWithin if r is OverlappingFieldsCanBeMergedRule else r for r in specified_rules]
    errors = validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=not suggestions)
    if any(error.message == "Validation aborted." for error in errors):
        raise DocumentRefused(GraphQLError(_ENTANGLED), "QUERY_TOO_COMPLEX")
    if errors:
        raise DocumentInvalid(errors)


LONGEST_NUMBER: Final = 100
"""Characters of a number: Python refuses to read one of thousands, in words of its own."""


def _unfit_numbers(document: DocumentNode) -> list[GraphQLError]:
    """Return the errors of numbers that cannot be read, wherever in the document they stand."""
    errors: list[GraphQLError] = []
    token = document.loc.start_token if document.loc else None
    while token is not None and len(errors) < MOST_ERRORS:
        reason = _unfit(token) if token.kind in {TokenKind.INT, TokenKind.FLOAT} else None
        if reason is not None and document.loc is not None:
            errors.append(GraphQLError(reason, source=document.loc.source, positions=[token.start]))
        token = token.next
    return errors


def _unfit(number: Token) -> str | None:
    text = number.value or ""
    if len(text) > LONGEST_NUMBER:
        return f"A number has more than {LONGEST_NUMBER} characters; write it shorter, or as a string."
    if number.kind is TokenKind.FLOAT and not isfinite(float(text)):
        return "A number is too large for a Float; write a smaller one, or a string."
    return None


SCALARS: Final = frozenset({str, int, float, bool, type(None)})
"""The classes of JSON's values in which no list can stand: variables of these alone need not be searched for one."""


def long_list(variables: Mapping[str, object], limits: DocumentLimits) -> GraphQLError | None:
    """Return the error of a list in the variables that is too long to be coerced; it names the variable."""
    for name, value in variables.items():
        waiting: list[Any] = [value]
        while waiting:
            each = waiting.pop()
            if isinstance(each, list) and len(cast("list[Any]", each)) > limits.list_items:
                count = len(cast("list[Any]", each))
                message = f"Variable '${name}' has a list of {count} items, the most is {limits.list_items}; {_APART}"
                return GraphQLError(message)
            if isinstance(each, (list, dict)):
                waiting += cast("list[Any]", each) if isinstance(each, list) else cast("dict[str, Any]", each).values()
    return None


CHARACTERS_PER_TOKEN: Final = 100
"""As many characters of a document are kept at the cost of one token."""


def weight_of(document: DocumentNode, source: str) -> int:
    """Return what it costs to keep the document, in tokens: long names and comments cost too."""
    return document.token_count + len(source) // CHARACTERS_PER_TOKEN + 1


def too_deep() -> DocumentRefused:
    """Return the refusal of a document that nests deeper than can even be counted."""
    return DocumentRefused(GraphQLError(f"The document nests too deep to be read; {_APART}"), QueryTooDeep.code)


def _refusal_of(error: GraphQLSyntaxError, limits: DocumentLimits) -> DocumentRefused:
    # The parser's words alone distinguish its limits from mistakes.
    if "nested too deeply" in error.message:
        return too_deep()
    if "Parsing aborted" in error.message:
        return _too_large(f"The document has more than {limits.tokens} tokens or comments; {_APART}")
    return DocumentRefused(error, "GRAPHQL_PARSE_FAILED")


def _refuse_beyond(document: DocumentNode, limits: DocumentLimits) -> None:
    survey = _Survey(document)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            extent = survey.of(definition.selection_set)
            if extent.depth > limits.depth:
                message = f"The operation nests {extent.depth} levels deep, the most is {limits.depth}; {_APART}"
                raise DocumentRefused(GraphQLError(message, definition), QueryTooDeep.code)
            if extent.fields > limits.fields:
                message = f"The operation has more than {limits.fields} fields with its fragments; {_APART}"
                raise DocumentRefused(GraphQLError(message, definition), "QUERY_TOO_COMPLEX")
            if extent.introspection > INTROSPECTION_LISTS:
                message = (
                    f"The operation asks for {extent.introspection} lists of the schema (types, fields, args …), "
                    f"the most is {INTROSPECTION_LISTS}; {_APART}"
                )
                raise DocumentRefused(GraphQLError(message, definition), "QUERY_TOO_COMPLEX")
            _refuse_mutations_beyond(document, definition, limits)


def _refuse_mutations_beyond(
    document: DocumentNode, operation: OperationDefinitionNode, limits: DocumentLimits
) -> None:
    """Each field of a mutation takes as long as the vendor does, one after another, in the time of one request."""
    if operation.operation is not OperationType.MUTATION:
        return
    count = len(root_fields(document, operation))
    if count > limits.mutation_fields:
        message = f"The mutation has {count} fields at its root, the most is {limits.mutation_fields}; {_APART}"
        raise DocumentRefused(GraphQLError(message, operation), "QUERY_TOO_COMPLEX")


def _too_large(message: str) -> DocumentRefused:
    return DocumentRefused(GraphQLError(message), QueryTooLarge.code)


class _Survey:
    """The extents of one document's selections, each fragment measured once.

    A fragment that spreads itself counts as nothing where it does so: validation names the cycle.
    """

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, Extent] = {}

    def of(self, selections: SelectionSetNode) -> Extent:
        depth = fields = lists = introspection = 0
        for selection in selections.selections:
            extent = self._of_selection(selection)
            depth = max(depth, extent.depth)
            fields += extent.fields
            lists += extent.lists
            introspection += extent.introspection
        return Extent(depth, fields, lists, introspection)

    def _of_selection(self, selection: object) -> Extent:
        if isinstance(selection, FragmentSpreadNode):
            return self._of_fragment(selection.name.value)
        below = getattr(selection, "selection_set", None)
        extent = NOTHING if below is None else self.of(below)
        if not isinstance(selection, FieldNode):
            return extent
        name = selection.name.value
        if name in {"__schema", "__type"}:
            depth = 1 if extent.depth < INTROSPECTION_DEPTH else extent.depth + 1
            return Extent(depth, extent.fields + 1, 0, extent.introspection + extent.lists)
        return Extent(extent.depth + 1, extent.fields + 1, extent.lists + (name in _LISTS), extent.introspection)

    def _of_fragment(self, name: str) -> Extent:
        if name not in self._measured:
            self._measured[name] = NOTHING
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._measured[name] = self.of(fragment.selection_set)
        return self._measured[name]
