"""What counts as one address. Imports nothing of the package."""

from __future__ import annotations

import ipaddress
from typing import Final

from twisted.internet.interfaces import IAddress

Place = bytes | None

_NETWORK_BYTES: Final = 8


def place_of(address: IAddress) -> Place:
    """What counts as one address: one of IPv4, 64 bits of IPv6; None for what has no address, such as a socket file."""
    try:
        found = ipaddress.ip_address(getattr(address, "host", ""))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return found.packed[:_NETWORK_BYTES]
    return (getattr(found, "ipv4_mapped", None) or found).packed
