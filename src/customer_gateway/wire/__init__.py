"""HTTP, and nothing of any vendor: the only home of httpx and of the transport below it."""

from customer_gateway.wire.auth import Auth, BasicWithHeaders, BearerToken, HeaderAuth, StaticHeaders, bearer
from customer_gateway.wire.budget_store import BudgetStore
from customer_gateway.wire.call import Answer, Call
from customer_gateway.wire.client import Client
from customer_gateway.wire.health import Health
from customer_gateway.wire.intake import Intake
from customer_gateway.wire.judge import LostSession
from customer_gateway.wire.policy import BreakerPolicy, Limits, Retry, Window, per_client, per_template
from customer_gateway.wire.session import SessionLogin
from customer_gateway.wire.share import Share
from customer_gateway.wire.shared_turns import SharedTurns, name_of

__all__ = [
    "Answer",
    "Auth",
    "BasicWithHeaders",
    "BearerToken",
    "BreakerPolicy",
    "BudgetStore",
    "Call",
    "Client",
    "HeaderAuth",
    "Health",
    "Intake",
    "Limits",
    "LostSession",
    "Retry",
    "SessionLogin",
    "Share",
    "SharedTurns",
    "StaticHeaders",
    "Window",
    "bearer",
    "name_of",
    "per_client",
    "per_template",
]
