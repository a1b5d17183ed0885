"""An executor for GraphQL operations that goes level by level: each field once for all objects of a level."""

from .cache import OperationCache
from .collection import Selection
from .declaration import Attribute, Batched, Partitioned
from .events import Events
from .operation import Bound, CompiledOperation, OperationRejected, compile_operation
from .result import ExecutionResult, IncrementalResults, payload

__all__ = [
    "Attribute",
    "Batched",
    "Bound",
    "CompiledOperation",
    "Events",
    "ExecutionResult",
    "IncrementalResults",
    "OperationCache",
    "OperationRejected",
    "Partitioned",
    "Selection",
    "compile_operation",
    "payload",
]
