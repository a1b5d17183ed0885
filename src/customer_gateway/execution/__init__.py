"""An executor for GraphQL operations that goes level by level: each field once for all objects of a level."""

from .budget import AnswerLimits, Budget
from .cache import OperationKey, WeightedCache, operation_key
from .columns import attempted
from .declaration import Attribute, Batched, Partitioned
from .encoding import JsonText, encoded
from .events import Events
from .operation import Bound, CompiledOperation, OperationRejected, compile_operation
from .plan_cache import PlanCache
from .reference import counting
from .result import ExecutionResult, IncrementalResults, payload
from .tracebacks import drop_tracebacks

__all__ = [
    "AnswerLimits",
    "Attribute",
    "Batched",
    "Bound",
    "Budget",
    "CompiledOperation",
    "Events",
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
