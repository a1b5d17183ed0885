"""The vendors of the tests: the registered ones and one on trial (`trial/`), and what the tests know of each."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from trial import fjord
from trial.fjord import sandbox as fjord_sandbox

from customer_gateway.sandbox import DEFINITIONS as REGISTERED_DEFINITIONS
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.registry import VENDORS as REGISTERED

if TYPE_CHECKING:
    from systems.facts import Facts

VENDORS: Final = (*REGISTERED, fjord.VENDOR)
DEFINITIONS: Final = (*REGISTERED_DEFINITIONS, fjord_sandbox.VENDOR)
SYSTEMS: Final = tuple(vendor.kind.slug for vendor in VENDORS)

FACTS: Final[dict[str, Facts]] = {slug: import_module(f"systems.{slug}.facts").FACTS for slug in SYSTEMS}
REGISTERED_FACTS: Final = {vendor.kind.slug: FACTS[vendor.kind.slug] for vendor in REGISTERED}
"""Those of the vendors that the gateway has by itself: for tests of its command line and of what is committed."""

WRITES: Final = {slug: facts.writes for slug, facts in FACTS.items() if facts.writes is not None}
"""What they know of writing, of the vendors that can be written."""

sandbox = partial(Sandbox, definitions=DEFINITIONS)
"""A sandbox of all of them."""
