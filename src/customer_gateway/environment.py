"""The gateway's own variables of the environment: settings by their place, and what `serve` hands to workers.

Only names are looked at here: a value may be a secret.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PREFIX: Final = "CUSTOMER_GATEWAY_"
BETWEEN: Final = "__"
"""Between the tables and the key of a setting."""
CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
"""Names the configuration file, to worker processes, too."""
WORKERS_VARIABLE: Final = f"{PREFIX}WORKERS"
"""How many processes `serve` starts: each of them reads it, and keeps to its part of the vendors' budgets."""
PORT_VARIABLE: Final = f"{PREFIX}LISTEN_PORT"
"""Where `serve` listens; the image's health check asks there. Not …_PORT, which is Kubernetes's (below)."""
NUMBERS_VARIABLE: Final = f"{PREFIX}WORKER_NUMBERS"
"""Names the file in which worker processes claim their numbers: the first ones take what a split leaves over."""

_PLACES: Final = re.compile(rf"{PREFIX}(?:SERVER|AUTH|DATABASE|CATALOG|SYSTEMS)(?:{BETWEEN}.*)?")
# Kubernetes sets these in every pod beside a Service with the name customer-gateway.
_OF_A_SERVICE: Final = re.compile(
    rf"{PREFIX}(?:SERVICE_(?:HOST|PORT)(?:_.*)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_.*)?)?)"
)


def variable(place: Sequence[str]) -> str:
    """Return the name of the variable that sets the key at `place`, such as systems, billbee, api_key."""
    return PREFIX + BETWEEN.join(place).upper()


def is_set(name: str) -> bool:
    """Return whether there is such a variable, in capitals or not."""
    return any(each.upper() == name for each in os.environ)


def where(file: Path | None, place: Sequence[str]) -> str:
    """Return what sets the key at `place`, as an operator finds it: the variable, or the file, table and key."""
    if is_set(variable(place)):
        return f"environment: {variable(place)}"
    *tables, key = place
    return f"{file or 'environment'}: " + (f"[{'.'.join(tables)}] {key}" if tables else f"[{key}]")


def set_below(place: Sequence[str]) -> list[str]:
    """Return the variables that set keys of the table at `place`."""
    return sorted(each for each in os.environ if each.upper().startswith(variable(place) + BETWEEN))


def unknown() -> list[str]:
    """Return the variables that begin as the gateway's do and say nothing to it."""
    known = {CONFIG_VARIABLE, PORT_VARIABLE, WORKERS_VARIABLE, NUMBERS_VARIABLE}
    ours = [each for each in os.environ if each.upper().startswith(PREFIX) and each.upper() not in known]
    return sorted(
        each for each in ours if not (_PLACES.fullmatch(each.upper()) or _OF_A_SERVICE.fullmatch(each.upper()))
    )
