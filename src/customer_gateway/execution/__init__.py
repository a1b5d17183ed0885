"""An executor for GraphQL operations that goes level by level: each field once for all objects of a level."""

from .compile.caches import OperationKey, PlanCache, WeightedCache, operation_key
from .compile.declaration import Attribute, Batched, Partitioned
from .incremental.events import Events
from .operation import Bound, CompiledOperation, OperationRejected, compile_operation
from .run.budget import AnswerLimits, Budget
from .run.columns import attempted
from .run.encoding import JsonText, encoded
from .run.field_errors import drop_tracebacks
from .run.observer import ExecutedLevel
from .run.reference import counting
from .run.result import ExecutionResult, IncrementalResults, payload

__all__ = [
    "AnswerLimits",
    "Attribute",
    "Batched",
    "Bound",
    "Budget",
    "CompiledOperation",
    "Events",
    "ExecutedLevel",
    "ExecutionResult",
    "IncrementalResults",
    "JsonText",
    "OperationKey",
    "OperationRejected",
    "Partitioned",
    "PlanCache",
    "WeightedCache",
    "attempted",
    "compile_operation",
    "counting",
    "drop_tracebacks",
    "encoded",
    "operation_key",
    "payload",
]
