"""Check the name that a request calls the gateway by: a page of the web must not reach it as its own host.

Whoever owns a name may let it point at this machine (DNS rebinding). A browser then takes the gateway for that page's
own server, and hands the page every answer. The name still stands in the `Host` header, and tells.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_HOST: Final = re.compile(r"(?P<name>\[[^\[\]]+\]|[^:]*)(:[0-9]*)?")


class Hosts:
    """Hold the `names` that are expected, beside those that no page can have: addresses, and names of one word.

    Without `names` everything is expected of a gateway that other machines can reach: what stands in front of it knows
    the names. A connection to this very machine is where a page would come in.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(name.lower() for name in names)
        self.expect: Callable[[str | None, bytes | None], bool] = lru_cache(maxsize=256)(self._expects)
        """Return whether a request may be served that came to the server at this address, by this name, if any."""

    def _expects(self, address: str | None, host: bytes | None) -> bool:
        if host is None or not (self._names or (address and _is_this_machine(address))):
            return True
        found = _HOST.fullmatch(host.decode("latin-1").lower())
        if found is None:
            return False
        name = found["name"].removesuffix(".")
        own = "." not in name or name.endswith(".localhost") or _is_address(name.strip("[]"))
        return own or name in self._names


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    if not _is_address(host):
        return False
    address = ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)  # of a socket that takes both kinds
    return (mapped or address).is_loopback
