"""The sandbox's vendors: every folder beside this file is one, and says in `VENDOR` what it is made of."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from customer_gateway.sandbox.vendor import VendorDefinition


def _definitions() -> tuple[VendorDefinition, ...]:
    folders = [module.name for module in iter_modules([str(Path(__file__).parent)]) if module.ispkg]
    definitions: list[VendorDefinition] = [import_module(f"{__package__}.{name}").VENDOR for name in folders]
    return tuple(sorted(definitions, key=lambda each: each.port))


DEFINITIONS: Final = _definitions()
