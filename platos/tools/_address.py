"""Which addresses are of the public Internet: those, and no others, may a tool be led to by what comes from outside.

After the registries of special-purpose addresses of IANA (RFC 6890), read strictly: what reaches a private network in
some network's setting (6to4, Teredo, NAT64, mapped addresses) counts as what it leads to, or is refused.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = ["is_public", "plain"]

_NOT_PUBLIC = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a carrier's NAT; a cloud's metadata too
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host, for its guests only
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
_GLOBAL_6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_NOT_PUBLIC_6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo, ORCHID, benchmarks and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
]


def is_public(address: str) -> bool:
    """Is it an address of the public Internet, in its numeric form? Anything else is not."""
    try:
        return _public_4(IPv4Address(address))
    except AddressValueError:
        pass
    try:
        return _public_6(IPv6Address(address))
    except AddressValueError:
        return False


def plain(address: str) -> str:
    """The address in its one form. Raises ValueError where it is none."""
    return str(IPv6Address(address) if ":" in address else IPv4Address(address))


def _public_4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC)


def _public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    inner = address.ipv4_mapped or (IPv4Address(address.packed[-4:]) if address in _NAT64 else None)
    if inner is not None:
        return _public_4(inner)
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)
