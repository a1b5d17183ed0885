"""The concrete types of the values of an interface or union."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, default_type_resolver

from .declaration import python_type
from .kinds import ERROR, KIND_OF, is_awaitable

if TYPE_CHECKING:
    from graphql import GraphQLAbstractType, GraphQLSchema

    from .output_position import FieldSite
    from .positions import Positions
    from .run import Run


class ConcreteTypes:
    """Tells types by the class of the value where the schema maps classes, else by asking the schema's resolvers."""

    __slots__ = ("_abstract_type", "_by_class", "_site")

    def __init__(self, schema: GraphQLSchema, abstract_type: GraphQLAbstractType, site: FieldSite) -> None:
        self._abstract_type = abstract_type
        self._site = site
        self._by_class = {
            cls: possible
            for possible in schema.get_possible_types(abstract_type)
            if (cls := python_type(possible)) is not None
        }

    def only(self, values: list[Any]) -> GraphQLObjectType | None:
        """Return the type of all values where their class alone tells it."""
        classes = set(map(type, values))
        return self._by_class.get(classes.pop()) if len(classes) == 1 else None

    def of_each(self, run: Run, values: list[Any], positions: Positions) -> list[Any]:
        """For each value its type, or the name of it, a future of such a name, or the error met."""
        by_class = self._by_class
        return [
            by_class.get(type(value)) or self._ask(run, value, positions, index) for index, value in enumerate(values)
        ]

    def _ask(self, run: Run, value: Any, positions: Positions, index: int) -> Any:
        resolve = self._abstract_type.resolve_type or default_type_resolver
        try:
            name = resolve(value, run.info(self._site, positions.field_path(index)), self._abstract_type)
            return run.begin(name) if is_awaitable(name) else name
        except Exception as error:
            return error

    def valid(
        self, run: Run, found: Any, value: Any, positions: Positions, index: int
    ) -> GraphQLObjectType | Exception:
        """Return the object type that `found` names, or the error that says why it is none."""
        if KIND_OF[type(found)] & ERROR:
            return found
        if type(found) is GraphQLObjectType and self._by_class.get(type(value)) is found:
            return found
        info = run.info(self._site, positions.field_path(index))
        try:
            return run.reference.ensure_valid_runtime_type(found, self._abstract_type, self._site.details, info, value)
        except Exception as error:
            return error
