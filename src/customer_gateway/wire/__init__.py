"""Make HTTP calls, without knowledge of any vendor: httpx and the transport below it are used here alone."""

from customer_gateway.wire.auth import Auth, BasicWithHeaders, BearerToken, HeaderAuth, StaticHeaders, bearer
from customer_gateway.wire.call import Answer, Call, CallRecord
from customer_gateway.wire.certificates import read_authorities
from customer_gateway.wire.client import Client
from customer_gateway.wire.decode import DecodeQueue
from customer_gateway.wire.document_source import DocumentSource
from customer_gateway.wire.health import Health
from customer_gateway.wire.limits.sliding_window import Window, per_client, per_endpoint
from customer_gateway.wire.limits.worker_share import WorkerShare
from customer_gateway.wire.policy import BreakerPolicy, Limits, Retry
from customer_gateway.wire.response_reader import SessionLost, no_objection
from customer_gateway.wire.session import SessionLogin
from customer_gateway.wire.shared_limits.registry import LimiterRegistry, name_of
from customer_gateway.wire.shared_limits.store import BudgetStore
from customer_gateway.wire.target import Environment, Policies, RateLimits, Target

__all__ = [
    "Answer",
    "Auth",
    "BasicWithHeaders",
    "BearerToken",
    "BreakerPolicy",
    "BudgetStore",
    "Call",
    "CallRecord",
    "Client",
    "DecodeQueue",
    "DocumentSource",
    "Environment",
    "HeaderAuth",
    "Health",
    "LimiterRegistry",
    "Limits",
    "Policies",
    "RateLimits",
    "Retry",
    "SessionLogin",
    "SessionLost",
    "StaticHeaders",
    "Target",
    "Window",
    "WorkerShare",
    "bearer",
    "name_of",
    "no_objection",
    "per_client",
    "per_endpoint",
    "read_authorities",
]
