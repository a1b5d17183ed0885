"""The gateway as `customer-gateway serve` runs it; its configuration file is named in the environment."""

from __future__ import annotations

from customer_gateway.app import worker

app = worker()
