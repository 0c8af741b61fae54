"""How the addresses of a network are divided: equal blocks, private ones first, then public ones."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

# "VPC CIDR blocks" and "Subnet CIDR blocks", Amazon VPC User Guide
LARGEST_BLOCK, SMALLEST_BLOCK = 16, 28
PRIVATE_RANGES = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


@dataclass(frozen=True, kw_only=True)
class AddressPlan:
    """One private and one public block for each zone, in the order of the zones."""

    private: tuple[str, ...]
    public: tuple[str, ...]


def divide(cidr: str, zones: int) -> AddressPlan:
    """The blocks of a network over ``zones`` zones.

    Adding a zone moves blocks only when their number passes a power of two. Raises ValueError for a block that AWS does
    not take, that is not private, or that is too small for the zones.
    """
    try:
        whole = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"cidr must be an IPv4 block such as 10.0.0.0/16, got {cidr!r}: {error}") from error
    if not LARGEST_BLOCK <= whole.prefixlen <= SMALLEST_BLOCK:
        raise ValueError(f"cidr must be /{LARGEST_BLOCK} to /{SMALLEST_BLOCK}, got {cidr}")
    if not any(whole.subnet_of(private) for private in PRIVATE_RANGES):
        raise ValueError(f"cidr must lie in {', '.join(map(str, PRIVATE_RANGES))}, got {cidr}")
    if zones < 1:
        raise ValueError(f"a network has 1 zone or more, got {zones}")
    bits = (2 * zones - 1).bit_length()
    if whole.prefixlen + bits > SMALLEST_BLOCK:
        raise ValueError(
            f"cidr {cidr} is too small for {zones} private and {zones} public subnets of at least /{SMALLEST_BLOCK}: "
            f"give /{SMALLEST_BLOCK - bits} or larger"
        )
    blocks = [str(block) for block in whole.subnets(prefixlen_diff=bits)]
    return AddressPlan(private=tuple(blocks[:zones]), public=tuple(blocks[zones : 2 * zones]))
