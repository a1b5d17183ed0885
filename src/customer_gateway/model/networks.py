"""Read the networks from which alone a key is taken."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

_MAPPED_BITS: Final = 96
"""The bits of `::ffff:0:0/96`, below which IPv4 stands in IPv6 (RFC 4291, section 2.5.5.2)."""


def network_of(text: str) -> IPv4Network | IPv6Network:
    """Return the network that a text writes; one of mapped IPv4 (`::ffff:192.0.2.0/120`) as IPv4, as peers are.

    Raises ValueError where it writes none.
    """
    network = ip_network(text)
    if isinstance(network, IPv4Network) or network.prefixlen < _MAPPED_BITS:
        return network
    first = network.network_address.ipv4_mapped
    return network if first is None else IPv4Network((first, network.prefixlen - _MAPPED_BITS))
