"""Build the gateway of one worker process, as the environment and the configuration say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from uvicorn.config import STARTUP_FAILURE

from customer_gateway.app.gateway import build_app, load_settings, systems_of_anonymous
from customer_gateway.environment import CONFIG_VARIABLE, NUMBERS_VARIABLE, WORKERS_VARIABLE
from customer_gateway.errors import ConfigInvalid
from customer_gateway.server.worker_number import claimed_number
from customer_gateway.server.workers import follow_supervisor
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import LimiterRegistry, WorkerShare

if TYPE_CHECKING:
    from customer_gateway.http.request_log import GatewayApp


def application() -> GatewayApp:
    """Return the application of one worker process under a supervisor, with which it ends."""
    follow_supervisor()
    return worker()


def worker() -> GatewayApp:
    """Return the application of one worker process, configured by the environment that `serve` sets.

    Where that is broken by now, it ends the process with the code at which the supervisor ends, too.
    """
    from customer_gateway.logs import configure_logs

    configure_logs()
    try:
        return _worker()
    except ConfigInvalid as error:
        structlog.get_logger("customer_gateway.app").error("worker_cannot_start", reason=str(error))
        raise SystemExit(STARTUP_FAILURE) from None


def _worker() -> GatewayApp:
    from customer_gateway.http.graphiql.examples import examples

    path = os.environ.get(CONFIG_VARIABLE)
    numbers = os.environ.get(NUMBERS_VARIABLE)
    share = WorkerShare(int(os.environ.get(WORKERS_VARIABLE, "1")), claimed_number(Path(numbers)) if numbers else None)
    wiring = Wiring(limiters=LimiterRegistry(share=share))
    settings = load_settings(Path(path) if path else None)
    shown = examples(systems_of_anonymous(settings), finds=settings.database is not None and settings.catalog.enabled)
    return build_app(settings, wiring, examples=shown)
