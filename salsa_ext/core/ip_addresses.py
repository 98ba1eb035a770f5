"""Addresses on the network from which requests come."""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any


def network(address: str) -> str:
    """Return an address, of IPv6 the /64 that one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))
    return address


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Return whether an address or range lies in one of the ranges (CIDR)."""
    try:
        inner: Any = ip_network(address)
    except ValueError:
        return False
    mapped = getattr(inner.network_address, "ipv4_mapped", None)
    inner = ip_network(mapped) if mapped else inner
    ranges = [ip_network(each) for each in networks]
    return any(inner.version == each.version and inner.subnet_of(each) for each in ranges)
