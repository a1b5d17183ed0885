"""The doctor: is each configured system reachable, does it take the credentials, is its clock ours, and what to do.

The like of the issuer of users' tokens, the database and the Redis that keeps budgets, where they are configured.

Reads only, one page of one customer per system; the one-time key of NEXT is never spent, no database is made.
"""

from __future__ import annotations

from customer_gateway.cli.doctor.checkup import examine
from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.cli.doctor.report import table, to_mend

__all__ = ["Checkup", "Finding", "examine", "table", "to_mend"]
