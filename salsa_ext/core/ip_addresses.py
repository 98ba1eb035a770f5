"""Addresses on the network from which requests come."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address


def network(address: str) -> str:
    """Return an address, of IPv6 the /64 that one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
    return address
